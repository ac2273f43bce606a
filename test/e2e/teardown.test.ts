// Deletions that nobody meant for Teleport: of a CRD, of a namespace, of too many at once. The end of the operator itself: release.test.ts.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.js';
import { crds, installCrds } from '../env/crds.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import { annotate, createRoles, logins, loginsOf, untilEvent, untilRolesStored } from './acts.js';
import { grantEverywhere } from './rights.js';
import { conditionOf, finalizer, kindOf, openScene, type Scene, serviceAccount, unique } from './scene.js';

const crdPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

describe.each(pairs())('the end, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('of', () => {
    let scene: Scene;
    let operator: RunningOperator | undefined;
    beforeAll(async () => {
      scene = await openScene(await start());
      const plurals = kinds.map(({ object }) => object.plural);
      await grantEverywhere(scene.admin, scene.namespace, serviceAccount, plurals);
    }, 90_000);
    afterEach(async () => {
      await operator?.stop();
      operator = undefined;
    });
    afterAll(async () => {
      await scene?.close();
    });

    const run = async (within: Scene, ...flags: string[]): Promise<RunningOperator> => {
      operator = await startOperator({ ...(await within.operator()), flags });
      await operator.untilReady();
      return operator;
    };
    it('a CRD releases a hundred objects', async () => {
      await run(scene);
      const names = Array.from({ length: 100 }, () => unique('role'));
      await Promise.all(names.map((name) => scene.create('TeleportRoleV8', name, logins('one'))));
      for (const name of names) await scene.untilReady('TeleportRoleV8', name, 60_000);
      const crd = `${crdPath}/${kindOf('TeleportRoleV8').object.plural}.resources.teleport.dev`;
      await scene.admin.remove(crd);
      await eventually(async () => expect(await scene.admin.find(crd)).toBeUndefined(), {
        timeoutMs: 60_000,
      });
      const stored = await Promise.all(names.map((name) => loginsOf(scene, name)));
      expect(stored.filter((found) => found === undefined)).toEqual([]);
    }, 180_000);

    it('a CRD releases its objects and leaves Teleport alone', async () => {
      await run(scene);
      const names = await createRoles(scene, 'TeleportRoleV6', 5);
      const crd = `${crdPath}/${kindOf('TeleportRoleV6').object.plural}.resources.teleport.dev`;
      await scene.admin.remove(crd);
      await eventually(async () => expect(await scene.admin.find(crd)).toBeUndefined(), {
        timeoutMs: 30_000,
      });
      await untilRolesStored(scene, names);
      // It comes back, and so do the objects: nothing has to be made anew in Teleport.
      await installCrds(
        scene.admin,
        crds().filter(({ metadata }) => metadata.name.startsWith('teleportrolesv6.')),
      );
      await operator?.stop();
      await run(scene);
      const [name = ''] = names;
      const before = await scene.stored('TeleportRoleV6', name);
      await scene.create('TeleportRoleV6', name, logins('one'));
      await scene.untilReady('TeleportRoleV6', name);
      expect((await scene.stored('TeleportRoleV6', name))?.Metadata.Revision).toBe(before?.Metadata.Revision);
    }, 90_000);

    it('a namespace releases its objects and leaves Teleport alone', async () => {
      const doomed = await openScene(scene);
      // The operator itself is elsewhere: in that namespace its rights would go as well.
      await run(scene, '-namespaces=all');
      const names = await createRoles(doomed, 'TeleportRoleV7', 5);
      await doomed.admin.remove(`/api/v1/namespaces/${doomed.namespace}`);
      if (scene.kube.kind === 'kube-apiserver') await emptyNamespace(doomed, 'TeleportRoleV7');
      for (const name of names) await doomed.untilGone('TeleportRoleV7', name, 30_000);
      await untilRolesStored(scene, names);
    }, 90_000);

    it('a namespace releases those whose deletion waited already: paused, without a licence', async () => {
      const doomed = await openScene(scene);
      const loginRule = unique('rule');
      // made while there was a licence
      await doomed.create(
        'TeleportLoginRule',
        loginRule,
        { priority: 1, traits_expression: 'external' },
        { finalizers: [finalizer] },
      );
      await run(scene, '-namespaces=all', '-deletion-brake=1');
      const names = await createRoles(doomed, 'TeleportRoleV7', 3);
      for (const name of names.slice(0, 2)) await doomed.remove('TeleportRoleV7', name);
      await doomed.remove('TeleportLoginRule', loginRule);
      const waits = async (kind: string, name: string) =>
        conditionOf(await doomed.find(kind, name), 'Ready')?.reason;
      await eventually(async () => {
        const reasons = await Promise.all(names.map((name) => waits('TeleportRoleV7', name)));
        expect(reasons.filter((reason) => reason === 'DeletionPaused')).toHaveLength(1);
        expect(await waits('TeleportLoginRule', loginRule)).toBe('KindDisabled');
      });
      await doomed.admin.remove(`/api/v1/namespaces/${doomed.namespace}`);
      if (scene.kube.kind === 'kube-apiserver') await emptyNamespace(doomed, 'TeleportRoleV7');
      for (const name of names) await doomed.untilGone('TeleportRoleV7', name, 30_000);
      await doomed.untilGone('TeleportLoginRule', loginRule, 30_000);
      // the one that the brake let through
      await eventually(async () => {
        const stored = await Promise.all(names.map((name) => loginsOf(scene, name)));
        expect(stored.filter((found) => found === undefined)).toHaveLength(1);
      });
    }, 120_000);

    it('a namespace waits under -dry-run, and says that Teleport would be left alone; then it goes', async () => {
      const doomed = await openScene(scene);
      const first = await run(scene, '-namespaces=all');
      const [name = ''] = await createRoles(doomed, 'TeleportRoleV7', 1);
      await first.stop();
      await run(scene, '-namespaces=all', '-dry-run');
      await doomed.admin.remove(`/api/v1/namespaces/${doomed.namespace}`);
      if (scene.kube.kind === 'kube-apiserver') await emptyNamespace(doomed, 'TeleportRoleV7');
      await eventually(async () => {
        const ready = conditionOf(await doomed.find('TeleportRoleV7', name), 'Ready');
        expect(ready?.reason).toBe('Observed');
        expect(ready?.message).toContain(
          'would stay in Teleport: the object goes because its namespace does',
        );
        expect(ready?.message).toContain('The deletion waits');
      });
      expect((await doomed.find('TeleportRoleV7', name))?.metadata.finalizers).toEqual([finalizer]);
      await operator?.stop();
      await run(scene, '-namespaces=all');
      await doomed.untilGone('TeleportRoleV7', name, 30_000);
      await untilRolesStored(scene, [name]);
    }, 90_000);

    it('a namespace deletes from Teleport where -delete-on-teardown says so', async () => {
      const doomed = await openScene(scene);
      await run(scene, '-namespaces=all', '-delete-on-teardown');
      const names = await createRoles(doomed, 'TeleportRoleV7', 2);
      await doomed.admin.remove(`/api/v1/namespaces/${doomed.namespace}`);
      if (scene.kube.kind === 'kube-apiserver') await emptyNamespace(doomed, 'TeleportRoleV7');
      for (const name of names) await doomed.untilGone('TeleportRoleV7', name, 30_000);
      await eventually(async () => {
        for (const name of names) expect(await loginsOf(scene, name)).toBeUndefined();
      });
    }, 90_000);

    it('too many at once is stopped by the brake, told, and confirmed one by one', async () => {
      await run(scene, '-deletion-brake=2');
      const names = await createRoles(scene, 'TeleportRoleV7', 4);
      for (const name of names) await scene.remove('TeleportRoleV7', name);
      const paused = await eventually(async () => {
        const left = await Promise.all(names.map((name) => scene.find('TeleportRoleV7', name)));
        const waiting = left.filter((object) => conditionOf(object, 'Ready')?.reason === 'DeletionPaused');
        expect(waiting).toHaveLength(2);
        expect(left.filter((object) => object === undefined)).toHaveLength(2);
        return waiting.map((object) => object?.metadata.name ?? '');
      });
      for (const name of paused) {
        expect(await loginsOf(scene, name)).toEqual(['one']);
        await untilEvent(scene, name, 'DeletionPaused');
      }
      expect(conditionOf(await scene.find('TeleportRoleV7', paused[0] ?? ''), 'Stalled')?.status).toBe(
        'True',
      );
      // Neither a restart nor time lets them go.
      await operator?.stop();
      const restarted = await run(scene, '-deletion-brake=2');
      await eventually(() =>
        restarted.logs().some((line) => line['reason'] === 'DeletionPaused' && line['object'] !== undefined),
      );
      const [confirmed = '', waits = ''] = paused;
      // Nor does an annotation that comes and goes.
      const says = (text: RegExp) =>
        eventually(async () => {
          const ready = conditionOf(await scene.find('TeleportRoleV7', waits), 'Ready');
          expect(ready).toMatchObject({ reason: 'DeletionPaused', message: expect.stringMatching(text) });
        });
      await scene.patch('TeleportRoleV7', waits, { metadata: annotate({ ignore: 'true' }) });
      await says(/teleport.dev\/ignore is on/);
      await scene.patch('TeleportRoleV7', waits, { metadata: annotate({ ignore: null }) });
      await says(/leave Teleport alone.$/);
      await scene.patch('TeleportRoleV7', confirmed, { metadata: annotate({ 'confirm-delete': 'true' }) });
      await scene.untilGone('TeleportRoleV7', confirmed, 5_000);
      expect(await loginsOf(scene, waits)).toEqual(['one']);
      await scene.patch('TeleportRoleV7', waits, { metadata: annotate({ keep: 'true' }) });
      await scene.untilGone('TeleportRoleV7', waits, 5_000);
      expect(await loginsOf(scene, waits)).toEqual(['one']);
    }, 60_000);
  });
});

/** Does what the namespace controller does, which no kube-apiserver has in it: deletes the namespace's objects. */
async function emptyNamespace(scene: Scene, kind: string): Promise<void> {
  for (const { metadata } of await scene.admin.list(scene.path(kind)))
    await scene.remove(kind, metadata.name);
}
