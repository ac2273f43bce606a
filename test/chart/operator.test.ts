// A release of the chart, at work on both sides: the operator joins with what the chart gives it, every example is kept,
// nothing is forbidden to it; what the Go operator left is taken over without a write; each permission is needed by exactly
// the kinds that it is for; removing release and CRDs leaves Teleport as it is.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.js';
import { type AnyKind, group } from '../../src/kinds/kind.js';
import { kubeRules } from '../../src/kinds/permissions.js';
import type { KubeObject } from '../../src/kube/object.js';
import { eventually } from '../env/eventually.js';
import { type Launcher, type Pair, pairs } from '../env/index.js';
import { applyExamples, type Example, forbidden, refusal, untilKept } from './examples.js';
import { helmBinary, withHelm } from './helm.js';
import { type Left, leasePath, leftByGo } from './left-by-go.js';
import { pathOf } from './manifests.js';
import { kindNamed, namespace, openRelease, type Release, ready, release, type Started } from './release.js';

describe.each(pairs({ enterprise: true }))(
  `a release, ${withHelm}, on $name`,
  ({ start, skipped }: Launcher<Pair>) => {
    describe.skipIf(skipped || helmBinary === undefined)('at work', () => {
      let scene: Release;
      let operator: Started;
      let objects: Example[] = [];
      let seeded: readonly Left[] = [];
      const here = () => objects.filter(({ kind }) => !refusal(kind, scene));

      beforeAll(async () => {
        scene = await openRelease(await start());
        seeded = await leftByGo(scene);
        operator = await scene.start();
        objects = await applyExamples(scene);
      }, 300_000);
      afterAll(async () => {
        await operator?.stop();
        await scene?.close();
      });

      it('keeps every example', async () => {
        await untilKept(scene, objects);
      }, 70_000);

      it('says of the others why Teleport refuses them', async () => {
        for (const { kind, object } of objects) {
          const refused = refusal(kind, scene);
          if (!refused) continue;
          await eventually(async () => {
            const condition = ready(await scene.find(kind, object.metadata.name));
            expect(condition?.status, object.metadata.name).toBe('False');
            expect(condition?.message).toMatch(refused.text);
          });
        }
      }, 60_000);

      it('is forbidden nothing, on either side', () => {
        expect(forbidden(operator)).toEqual([]);
      });

      it('takes over what the Go operator left, without a write to Teleport', async () => {
        for (const { kind, name, revision } of seeded) {
          await eventually(async () => expect(ready(await scene.find(kind, name))?.status).toBe('True'));
          const stored = await kind.calls.get.run(scene.teleport.admin, name);
          expect(kind.form.revision(stored), `${kind.object.kind} ${name}`).toBe(revision);
        }
        const lease = await scene.admin.get(leasePath);
        expect((lease.spec as { holderIdentity: string }).holderIdentity).not.toBe('go-operator_1');
      }, 60_000);

      /** Labels every object anew, so that each has something to write. */
      const touch = async (round: string): Promise<void> => {
        for (const { kind, object } of here())
          await scene.admin.patch(scene.path(kind, object.metadata.name), {
            metadata: { labels: { round } },
          });
      };
      const reached = async (round: string, { kind, object }: Example): Promise<boolean> =>
        (await scene.labels(kind, object.metadata.name))?.['round'] === round;
      /** Waits until the label of the round has come to Teleport for the objects, and for those only. */
      const settled = async (round: string, works: (kind: AnyKind) => boolean): Promise<void> => {
        await eventually(
          async () => {
            const late: string[] = [];
            for (const one of here().filter(({ kind }) => works(kind)))
              if (!(await reached(round, one))) late.push(`${one.object.kind} ${one.object.metadata.name}`);
            expect(late, round).toEqual([]);
          },
          { timeoutMs: 30_000, intervalMs: 200 },
        );
        for (const one of here().filter(({ kind }) => !works(kind)))
          expect(await reached(round, one), `${round}: ${one.object.kind}`).toBe(false);
      };

      const resources = [...new Set(kinds.map(({ resource }) => resource.kind))];
      it.each(resources)(
        'needs the rule on %s in Teleport for its own kinds only, which say so',
        async (resource) => {
          await scene.setRole([resource]);
          try {
            const mine = here().filter(({ kind }) => kind.resource.kind === resource);
            // a role's change reaches Auth's cache within a second
            await eventually(
              async () => {
                await touch(`without-${resource}-${performance.now().toFixed(0)}`);
                for (const { kind, object } of mine) {
                  const condition = ready(await scene.find(kind, object.metadata.name));
                  expect(condition, object.metadata.name).toMatchObject({
                    status: 'False',
                    reason: 'KindDisabled',
                  });
                  // connectors may be granted one by one or together, and Teleport names the latter
                  expect(condition?.message).toMatch(new RegExp(`${resource}|auth_connector`));
                }
              },
              { timeoutMs: 20_000, intervalMs: 1_000 },
            );
            const round = `settled-${resource}`;
            await touch(round);
            await settled(round, (kind) => kind.resource.kind !== resource);
          } finally {
            await scene.setRole();
          }
        },
        60_000,
      );

      it.each(['node_labels', 'app_labels', 'db_labels'] as const)(
        'needs %s in Teleport for the kinds that are shown by them only, which say so',
        async (labels) => {
          // the role is one of version 7, and only one of version 8 is asked for its labels about SAML service providers
          const hidden = ({ seenBy, resource }: AnyKind) =>
            seenBy === labels && resource.kind !== 'saml_idp_service_provider';
          expect(here().some(({ kind }) => hidden(kind))).toBe(true);
          await scene.setRole([], labels);
          try {
            await eventually(
              async () => {
                await touch(`without-${labels}-${performance.now().toFixed(0)}`);
                for (const { kind, object } of here().filter((one) => hidden(one.kind))) {
                  const condition = ready(await scene.find(kind, object.metadata.name));
                  expect(condition, object.metadata.name).toMatchObject({ status: 'False' });
                  expect(condition?.message).toContain(labels);
                }
              },
              { timeoutMs: 30_000, intervalMs: 2_000 },
            );
            const round = `shown-${labels}`;
            await touch(round);
            await eventually(
              async () => {
                for (const one of here().filter(({ kind }) => !hidden(kind)))
                  expect(await reached(round, one), one.object.metadata.name).toBe(true);
              },
              { timeoutMs: 30_000 },
            );
          } finally {
            await scene.setRole();
          }
        },
        90_000,
      );

      it('comes back by itself when all rules are there again', async () => {
        await eventually(
          async () => {
            await touch(`again-${performance.now().toFixed(0)}`);
            for (const { kind, object } of here())
              expect(ready(await scene.find(kind, object.metadata.name))?.status, object.metadata.name).toBe(
                'True',
              );
          },
          { timeoutMs: 60_000, intervalMs: 3_000 },
        );
      }, 90_000);

      const rolePath = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles/${release}`;
      const setRules = (rules: unknown) => scene.admin.patch(rolePath, { rules });

      it.each(kinds.map((kind) => [kind.object.plural, kind] as const))(
        'needs the rule on %s in Kubernetes for that kind only, and logs it',
        async (plural, without) => {
          await operator.stop();
          await setRules(kubeRules(kinds.filter((kind) => kind !== without)));
          try {
            operator = await scene.start();
            const round = `without-${plural}`;
            await touch(round);
            await settled(round, (kind) => kind !== without);
            expect(operator.log()).toContain(plural);
          } finally {
            await setRules(kubeRules(kinds));
          }
        },
        90_000,
      );

      it('needs leases for everything, and Events for nothing', async () => {
        await operator.stop();
        const rules = kubeRules(kinds);
        await setRules(rules.filter(({ resources }) => !resources.includes('events')));
        operator = await scene.start();
        await touch('without-events');
        await settled('without-events', () => true);
        await operator.stop();
        await setRules(rules.filter(({ resources }) => !resources.includes('leases')));
        operator = await scene.start();
        await touch('without-leases');
        await eventually(() => expect(operator.log()).toMatch(/lease/i));
        await settled('without-leases', () => false);
        await setRules(rules);
        await settled('without-leases', () => true);
      }, 120_000);

      it('needs Secrets for the objects that look values up in them, and for no other', async () => {
        const uses = new Set(
          here()
            .filter(({ object }) => JSON.stringify(object.spec).includes('secret://'))
            .map(({ kind }) => kind),
        );
        await operator.stop();
        const rules = kubeRules(kinds);
        await setRules(rules.filter(({ resources }) => !resources.includes('secrets')));
        operator = await scene.start();
        await touch('without-secrets');
        await settled('without-secrets', (kind) => !uses.has(kind));
        for (const { kind, object } of here().filter(({ kind }) => uses.has(kind)))
          expect(ready(await scene.find(kind, object.metadata.name))?.reason).toBe('SecretLookupFailed');
        await setRules(rules);
        await touch('with-secrets');
        await settled('with-secrets', () => true);
      }, 120_000);

      it('leaves Teleport as it is when a CRD is removed while it runs, and lets the objects go', async () => {
        const kind = kindNamed('TeleportAppV3');
        const mine = here().filter((one) => one.kind === kind);
        expect(mine.length).toBeGreaterThan(0);
        const before = await all(scene, mine);
        const crd = scene.objects.find(({ metadata }) => metadata.name === `${kind.object.plural}.${group}`);
        if (!crd) throw new Error('the release has no such CRD');
        await scene.admin.remove(pathTo(crd));
        await eventually(async () => expect(await scene.admin.find(pathTo(crd))).toBeUndefined(), {
          timeoutMs: 30_000,
        });
        expect(await all(scene, mine)).toEqual(before);
      }, 60_000);

      it('leaves Teleport as it is when the release and then the CRDs are removed', async () => {
        await operator.stop();
        const before = await all(scene, here());
        for (const object of scene.objects.filter(({ kind }) => kind !== 'CustomResourceDefinition')) {
          if (object.kind === 'Deployment' && scene.kube.kind === 'embedded') continue;
          await scene.admin.remove(pathTo(object));
        }
        for (const object of scene.objects.filter(({ kind }) => kind === 'CustomResourceDefinition'))
          await scene.admin.remove(pathTo(object));
        expect(await all(scene, here())).toEqual(before);
      }, 60_000);
    });
  },
);

/** Names and revisions in Teleport. */
async function all(scene: Release, objects: readonly Example[]): Promise<string[]> {
  return Promise.all(
    objects.map(async ({ kind, object }) => {
      const stored = await kind.calls.get.run(scene.teleport.admin, object.metadata.name);
      return `${object.metadata.name} ${kind.form.revision(stored)}`;
    }),
  );
}

function pathTo(object: KubeObject): string {
  return `${pathOf(object)}/${object.metadata.name}`;
}
