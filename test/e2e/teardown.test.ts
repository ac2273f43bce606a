// Deletions that nobody meant for Teleport: of a CRD, of a namespace, of too many at once; and the release.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.js';
import { operatorProgram } from '../env/build.js';
import { crds, installCrds } from '../env/crds.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import { annotate, eventsOf, logins, loginsOf, untilEvent } from './acts.js';
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
    const make = async (within: Scene, kind: string, count: number): Promise<string[]> => {
      const names = Array.from({ length: count }, () => unique('role'));
      for (const name of names) await within.create(kind, name, logins('one'));
      for (const name of names) await within.untilReady(kind, name);
      return names;
    };
    const untilStored = (names: readonly string[]) =>
      eventually(async () => {
        for (const name of names) expect(await loginsOf(scene, name)).toEqual(['one']);
      });

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
      const names = await make(scene, 'TeleportRoleV6', 5);
      const crd = `${crdPath}/${kindOf('TeleportRoleV6').object.plural}.resources.teleport.dev`;
      await scene.admin.remove(crd);
      await eventually(async () => expect(await scene.admin.find(crd)).toBeUndefined(), {
        timeoutMs: 30_000,
      });
      await untilStored(names);
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
      const names = await make(doomed, 'TeleportRoleV7', 5);
      await doomed.admin.remove(`/api/v1/namespaces/${doomed.namespace}`);
      if (scene.kube.kind === 'kube-apiserver') await emptyNamespace(doomed, 'TeleportRoleV7');
      for (const name of names) await doomed.untilGone('TeleportRoleV7', name, 30_000);
      await untilStored(names);
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
      const names = await make(doomed, 'TeleportRoleV7', 3);
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
      const [name = ''] = await make(doomed, 'TeleportRoleV7', 1);
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
      await untilStored([name]);
    }, 90_000);

    it('a namespace deletes from Teleport where -delete-on-teardown says so', async () => {
      const doomed = await openScene(scene);
      await run(scene, '-namespaces=all', '-delete-on-teardown');
      const names = await make(doomed, 'TeleportRoleV7', 2);
      await doomed.admin.remove(`/api/v1/namespaces/${doomed.namespace}`);
      if (scene.kube.kind === 'kube-apiserver') await emptyNamespace(doomed, 'TeleportRoleV7');
      for (const name of names) await doomed.untilGone('TeleportRoleV7', name, 30_000);
      await eventually(async () => {
        for (const name of names) expect(await loginsOf(scene, name)).toBeUndefined();
      });
    }, 90_000);

    it('too many at once is stopped by the brake, told, and confirmed one by one', async () => {
      await run(scene, '-deletion-brake=2');
      const names = await make(scene, 'TeleportRoleV7', 4);
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

    /** As an exec in the operator's Pod does: with its credentials, and without its flags. */
    const release = async (within: Scene, ...flags: string[]) => {
      const { kubeconfigPath, namespace } = await within.operator();
      const args = ['release', `-namespace=${namespace}`, `-kubeconfig=${kubeconfigPath}`, ...flags];
      const options = { timeout: 60_000, env: { HOME: '/nowhere', PATH: process.env['PATH'] } };
      const ended = promisify(execFile)(process.execPath, [operatorProgram(), ...args], options);
      return (await ended.catch((error: unknown) => error)) as {
        stdout: string;
        stderr: string;
        code?: number;
      };
    };

    it('the operator in several namespaces: release needs none of its flags, and ends its hold in all of them', async () => {
      const [leaving, other] = [await openScene(scene), await openScene(scene)];
      const plurals = kinds.map(({ object }) => object.plural);
      await grantEverywhere(leaving.admin, leaving.namespace, serviceAccount, plurals);
      await run(leaving, `-namespaces=${leaving.namespace},${other.namespace}`);
      const [here = ''] = await make(leaving, 'TeleportRoleV7', 1);
      const [there = ''] = await make(other, 'TeleportRoleV7', 1);
      const { stdout, stderr } = await release(leaving);
      expect(stderr).toBe('');
      expect(stdout).toContain(
        `2 objects released in namespaces ${leaving.namespace}, ${other.namespace}; nothing was changed in Teleport.`,
      );
      for (const [within, name] of [
        [leaving, here],
        [other, there],
      ] as const)
        expect((await within.find('TeleportRoleV7', name))?.metadata.finalizers ?? []).toEqual([]);
      // A second one finds the same namespaces.
      expect((await release(leaving, '-dry-run')).stdout).toContain(
        `0 objects would be released in namespaces ${leaving.namespace}, ${other.namespace};`,
      );
    }, 120_000);

    it('a namespace, taken out of -namespaces: it is told of, and let go of while the operator goes on', async () => {
      const [staying, left] = [await openScene(scene), await openScene(scene)];
      const plurals = kinds.map(({ object }) => object.plural);
      await grantEverywhere(staying.admin, staying.namespace, serviceAccount, plurals);
      const before = await run(staying, `-namespaces=${staying.namespace},${left.namespace}`);
      const [here = ''] = await make(staying, 'TeleportRoleV7', 1);
      const [there = ''] = await make(left, 'TeleportRoleV7', 1);
      await before.stop();
      const running = await run(staying, `-namespaces=${staying.namespace}`);
      const remedy = `teleport-operator release -namespaces=${left.namespace}`;
      await eventually(() => running.logs().some((line) => line['remedy'] === remedy), { timeoutMs: 30_000 });
      const { stdout, stderr } = await release(staying, `-namespaces=${left.namespace}`);
      expect(stderr).toBe('');
      expect(stdout).toContain(`1 object released in namespace ${left.namespace};`);
      expect(stdout).toContain('goes on elsewhere');
      const finalizersOf = async (within: Scene, name: string) =>
        (await within.find('TeleportRoleV7', name))?.metadata.finalizers ?? [];
      expect([await finalizersOf(staying, here), await finalizersOf(left, there)]).toEqual([[finalizer], []]);
      await untilStored([there]);
      // The operator leads on, and its renewals bring nothing back into the Lease.
      await make(staying, 'TeleportRoleV7', 1);
      const path = `/apis/coordination.k8s.io/v1/namespaces/${staying.namespace}/leases/431e83f4.teleport.dev`;
      const renewed = async () => (await staying.admin.find(path))?.['spec'] as { renewTime: string };
      const since = (await renewed()).renewTime;
      await eventually(async () => expect((await renewed()).renewTime).not.toBe(since));
      expect((await staying.admin.find(path))?.metadata.annotations).toEqual({
        'resources.teleport.dev/namespaces': staying.namespace,
      });
    }, 120_000);

    it('the operator: release takes the Lease from it, removes the finalizers and lists what stays', async () => {
      const leaving = await openScene(scene);
      const running = await run(leaving, '-leader-election-id=leaving');
      const names = await make(leaving, 'TeleportRoleV7', 3);
      const { namespace } = await leaving.operator();
      // Where the name of the Lease is not the operator's, nothing is touched.
      const mistaken = await release(leaving);
      expect(mistaken).toMatchObject({ code: 1, stdout: '' });
      expect(mistaken.stderr).toContain('compare -namespace and -leader-election-id');
      const { stdout, stderr } = await release(leaving, '-leader-election-id=leaving');
      expect(stderr).toBe('');
      for (const name of names) {
        expect(stdout).toContain(`TeleportRoleV7 ${namespace}/${name}`);
        expect((await leaving.find('TeleportRoleV7', name))?.metadata.finalizers ?? []).toEqual([]);
      }
      expect(stdout).toContain(`3 objects released in namespace ${namespace};`);
      // The operator stands by, and puts nothing back.
      await eventually(() => running.logs().some(({ message }) => message.startsWith('lost leader lease')));
      const free = `kubectl -n ${namespace} delete lease leaving`;
      await eventually(() => running.logs().some(({ message }) => message.includes(free)));
      for (const name of names) {
        await leaving.remove('TeleportRoleV7', name);
        await leaving.untilGone('TeleportRoleV7', name);
      }
      await untilStored(names);
      expect((await eventsOf(leaving, names[0] ?? '')).map(({ reason }) => reason)).toEqual(['Created']);
      // Until the Lease is deleted.
      await leaving.admin.remove(`/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/leaving`);
      const fresh = unique('fresh');
      await leaving.create('TeleportRoleV7', fresh, logins('one'));
      await leaving.untilReady('TeleportRoleV7', fresh, 30_000);
      expect((await leaving.find('TeleportRoleV7', fresh))?.metadata.finalizers).toEqual([finalizer]);
    }, 120_000);
  });
});

/** Does what the namespace controller does, which no kube-apiserver has in it: deletes the namespace's objects. */
async function emptyNamespace(scene: Scene, kind: string): Promise<void> {
  for (const { metadata } of await scene.admin.list(scene.path(kind)))
    await scene.remove(kind, metadata.name);
}
