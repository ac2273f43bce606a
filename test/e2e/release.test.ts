// The end of the operator, or of its work in a namespace: `release`, run as people run it. Deletions of CRDs and namespaces:
// teardown.test.ts.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.js';
import { operatorProgram } from '../env/build.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import { createRoles, eventsOf, logins, untilRolesStored } from './acts.js';
import { grantEverywhere } from './rights.js';
import { finalizer, openScene, type Scene, serviceAccount, unique } from './scene.js';

describe.each(pairs())('the end of work, on $name', ({ start, skipped }) => {
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
      const [here = ''] = await createRoles(leaving, 'TeleportRoleV7', 1);
      const [there = ''] = await createRoles(other, 'TeleportRoleV7', 1);
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
      const [here = ''] = await createRoles(staying, 'TeleportRoleV7', 1);
      const [there = ''] = await createRoles(left, 'TeleportRoleV7', 1);
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
      await untilRolesStored(scene, [there]);
      // The operator leads on, and its renewals bring nothing back into the Lease.
      await createRoles(staying, 'TeleportRoleV7', 1);
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
      const names = await createRoles(leaving, 'TeleportRoleV7', 3);
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
      await untilRolesStored(scene, names);
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
