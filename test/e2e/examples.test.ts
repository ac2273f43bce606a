// docs/examples as a user would apply them: all at once, users before the roles they name. Every one becomes
// Ready and is in Teleport under the operator's label; on a real Teleport tctl's own words are compared, and what an
// open source one refuses is refused with its reason. A second pass over all of them writes nothing.
import { create } from '@bufbuild/protobuf';
import { beforeAll, describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import type { RealTeleport } from '../env/teleport-real.js';
import { atWork } from './at-work.js';
import { differences } from './differences.js';
import { applyExamples, exampleObjects, isOurs, refusedByReal, resourceId } from './example-objects.js';
import { kindOf, origin, type Scene } from './scene.js';

const ours = exampleObjects().filter(isOurs);
/** Kinds of objects with secrets: those can't be compared, so without a memory they are written once. */
const withSecrets: ReadonlySet<string> = new Set(
  ours.filter(({ spec }) => JSON.stringify(spec).includes('secret://')).map(({ kind }) => kind),
);
const all = ours.map((object) => [object.kind, object.metadata.name, object] as const);

describe('the examples', () => {
  it('have one of every kind at least', () => {
    const shown = new Set(ours.map(({ kind }) => kind));
    expect(kinds.map((kind) => kind.object.kind).filter((kind) => !shown.has(kind))).toEqual([]);
  });
});

describe.each(pairs({ enterprise: true }))('the examples, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('with the operator running', () => {
    let scene: Scene;
    let operator: RunningOperator;
    atWork(start, (...opened) => {
      [scene, operator] = opened;
    });
    beforeAll(async () => {
      await applyExamples(scene);
    }, 90_000);

    const refusal = (kind: string) => (scene.teleport.kind === 'teleport' ? refusedByReal[kind] : undefined);

    it.each(all)(
      '%s %s becomes Ready and is so in Teleport',
      async (kind, name, object) => {
        const refused = refusal(kind);
        if (refused) {
          const ready = await scene.until(kind, name, { type: 'Ready', status: 'False' }, 30_000);
          expect(ready.reason).toMatch(new RegExp(`^(${refused.reason})$`));
          expect(ready.message).toMatch(refused.text);
          return;
        }
        await scene.untilReady(kind, name, 30_000);
        const { form, resource } = kindOf(kind);
        const stored = await scene.stored(kind, name);
        if (!stored) throw new Error(`${kind} ${name} is Ready, and Teleport has no such resource`);
        expect(form.head(stored).labels).toMatchObject({
          ...object.metadata.labels,
          [origin]: 'kubernetes',
        });
        expect(form.names(stored).version).toBe(resource.version);
        if (scene.teleport.kind !== 'teleport') return;
        const teleport = scene.teleport as RealTeleport;
        const shown = JSON.parse(
          await teleport.tctl('get', resourceId(kind, name), '--format=json', '--with-secrets'),
        ) as { spec: object }[] | { spec: object };
        const [first] = [shown].flat();
        expect(differences(object.spec ?? {}, first?.spec ?? {})).toEqual([]);
      },
      40_000,
    );

    /** What a write would change: the revision in Teleport, the object's resourceVersion in Kubernetes. */
    const snapshot = async (): Promise<Record<string, string>> => {
      const entries = all
        .filter(([kind]) => !refusal(kind))
        .map(async ([kind, name]) => {
          const { form, schema } = kindOf(kind);
          const stored = (await scene.stored(kind, name)) ?? create(schema);
          const object = await scene.find(kind, name);
          return [
            `${kind}/${name}`,
            `${form.revision(stored)} ${object?.metadata.resourceVersion} ${JSON.stringify(object?.status)}`,
          ];
        });
      return Object.fromEntries(await Promise.all(entries)) as Record<string, string>;
    };

    it('are left alone by a second pass: nothing is written, on either side', async () => {
      const before = await snapshot();
      await restart();
      expect(await snapshot()).toEqual(before);
    }, 60_000);

    it('are known again without a memory: what a status has lost is no reason to write to Teleport', async () => {
      const revisions = (all: Record<string, string>) =>
        Object.fromEntries(
          Object.entries(all)
            .filter(([key]) => !withSecrets.has(key.split('/')[0] ?? ''))
            .map(([key, value]) => [key, value.split(' ')[0]]),
        );
      const before = await snapshot();
      await operator.stop();
      for (const [kind, name] of all) {
        await scene.admin.patch(`${scene.path(kind, name)}/status`, { status: { applied: null } });
      }
      await restart(withSecrets);
      expect(revisions(await snapshot())).toEqual(revisions(before));
    }, 90_000);

    /** A new operator, as soon as it has looked at all objects and found nothing to do. */
    const restart = async (except: ReadonlySet<string> = new Set()): Promise<void> => {
      await operator.stop();
      operator = await startOperator(await scene.operator());
      await operator.untilReady();
      await eventually(
        async () => {
          const metrics = await (await fetch(operator.metricsUrl)).text();
          const left = kinds
            .map(({ object }) => object.kind)
            .filter((kind) => !refusal(kind) && !except.has(kind))
            .filter((kind) => {
              const passes = new RegExp(
                `^teleport_operator_passes_total\\{kind="${kind}",outcome="unchanged"\\} (\\d+)$`,
                'm',
              ).exec(metrics);
              return Number(passes?.[1] ?? 0) < ours.filter((object) => object.kind === kind).length;
            });
          if (left.length > 0) throw new Error(`no second pass yet, or one that wrote: ${left.join(', ')}`);
        },
        { timeoutMs: 30_000 },
      );
    };
  });
});
