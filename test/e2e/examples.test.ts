// docs/examples as a user would apply them: all at once, users before the roles they name. Every one becomes
// Ready and is in Teleport under the operator's label; on a real Teleport tctl's own words are compared.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { kinds } from '../../src/kinds/index.js';
import { group } from '../../src/kinds/kind.js';
import type { KubeObject } from '../../src/kube/object.js';
import { pairs } from '../env/index.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import type { RealTeleport } from '../env/teleport-real.js';
import { differences } from './differences.js';
import { kindOf, openScene, origin, type Scene } from './scene.js';

const folder = fileURLToPath(new URL('../../docs/examples', import.meta.url));

function examples(): KubeObject[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ya?ml$/.test(name))
    .toSorted()
    .flatMap((name) => parseAllDocuments(readFileSync(`${folder}/${name}`, 'utf8')))
    .map((document) => document.toJS() as KubeObject)
    .filter((object) => object?.apiVersion?.startsWith(`${group}/`));
}

describe('the examples', () => {
  it('have one of every kind at least', () => {
    const shown = new Set(examples().map(({ kind }) => kind));
    expect(kinds.map((kind) => kind.object.kind).filter((kind) => !shown.has(kind))).toEqual([]);
  });
});

describe.each(pairs())('the examples, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('with the operator running', () => {
    let scene: Scene;
    let operator: RunningOperator;
    beforeAll(async () => {
      scene = await openScene(await start());
      operator = await startOperator(await scene.operator());
      await operator.untilReady();
      const users = (object: KubeObject) => (object.kind === 'TeleportUser' ? 0 : 1);
      for (const object of examples().toSorted((a, b) => users(a) - users(b))) {
        const { version, namespace: _, ...rest } = { version: object.apiVersion, ...object, namespace: '' };
        const metadata = { ...rest.metadata, namespace: scene.namespace };
        const base = scene.path(object.kind).replace(/\/v\d+\//, `/${version.split('/')[1]}/`);
        await scene.admin.create(base, { ...rest, metadata });
      }
    }, 90_000);
    afterAll(async () => {
      await operator?.stop();
      await scene?.close();
    });

    it.each(examples().map((object) => [object.kind, object.metadata.name, object] as const))(
      '%s %s becomes Ready and is so in Teleport',
      async (kind, name, object) => {
        await scene.untilReady(kind, name, 30_000);
        const stored = await scene.stored(kind, name);
        expect(stored?.Metadata.Labels).toMatchObject({ ...object.metadata.labels, [origin]: 'kubernetes' });
        expect(stored?.Version).toBe(kindOf(kind).resource.version);
        if (scene.teleport.kind !== 'teleport') return;
        const teleport = scene.teleport as RealTeleport;
        const shown = JSON.parse(
          await teleport.tctl('get', `${kindOf(kind).resource.kind}/${name}`, '--format=json'),
        ) as {
          spec: object;
        }[];
        expect(differences(object.spec ?? {}, shown[0]?.spec ?? {})).toEqual([]);
      },
    );
  });
});
