// Several who want the same resource: two objects, two namespaces, two operators on one Teleport.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { group } from '../../src/kinds/kind.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import { type OperatorOptions, type RunningOperator, startOperator } from '../env/operator.js';
import { annotate, eventsOf, logins, loginsOf, watchDeletions } from './acts.js';
import { grant } from './rights.js';
import { conditionOf, openScene, type Scene, serviceAccount, unique } from './scene.js';

const idLabel = 'resources.teleport.dev/operator-id';

describe.each(pairs())('a conflict, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('between', () => {
    let scene: Scene;
    const running: RunningOperator[] = [];
    beforeAll(async () => {
      scene = await openScene(await start());
    }, 90_000);
    afterEach(async () => {
      await Promise.all(running.splice(0).map((operator) => operator.stop()));
    });
    afterAll(async () => {
      await scene?.close();
    });

    const run = async (flags: string[] = [], options?: OperatorOptions): Promise<RunningOperator> => {
      const operator = await startOperator({ ...(options ?? (await scene.operator())), flags });
      running.push(operator);
      await operator.untilReady();
      return operator;
    };
    const conflict = { type: 'Ready', status: 'False', reason: 'NameConflict' } as const;
    /** Created later than whatever was before: creation times have whole seconds. */
    const nextSecond = async (kind: string, name: string): Promise<void> => {
      const { creationTimestamp = '' } = (await scene.find(kind, name))?.metadata ?? {};
      await eventually(() => Date.now() > Date.parse(creationTimestamp) + 1_000);
    };

    it('two objects is won by the older; deleting the younger touches nothing', async () => {
      const name = unique('both');
      await run();
      await scene.create('TeleportRoleV7', name, logins('older'));
      await scene.untilReady('TeleportRoleV7', name);
      await nextSecond('TeleportRoleV7', name);
      await scene.create('TeleportRoleV6', name, logins('younger'));
      const { message } = await scene.until('TeleportRoleV6', name, conflict);
      expect(message).toContain(`TeleportRoleV7 ${scene.namespace}/${name}`);
      const before = await scene.stored('TeleportRoleV7', name);
      await scene.remove('TeleportRoleV6', name);
      await scene.untilGone('TeleportRoleV6', name);
      expect((await scene.stored('TeleportRoleV7', name))?.Metadata.Revision).toBe(before?.Metadata.Revision);
      expect(conditionOf(await scene.find('TeleportRoleV7', name), 'Ready')?.status).toBe('True');
    });

    it.each([
      ['two objects', []],
      ['two objects of an operator with an id', ['-operator-id=red']],
    ])('%s ends with a hand-over when the winner goes: the resource is never gone', async (_, flags) => {
      const name = unique('heir');
      await run(flags);
      const watch = watchDeletions(scene);
      await scene.create('TeleportRoleV7', name, logins('older'));
      await scene.untilReady('TeleportRoleV7', name);
      await nextSecond('TeleportRoleV7', name);
      await scene.create('TeleportRoleV6', name, logins('younger'));
      await scene.until('TeleportRoleV6', name, conflict);
      const made = await scene.stored('TeleportRoleV7', name);
      // a user who holds the role would keep Teleport from deleting it; so would nothing else
      await scene.remove('TeleportRoleV7', name);
      await scene.untilGone('TeleportRoleV7', name);
      await scene.untilReady('TeleportRoleV6', name, 5_000);
      const stored = await eventually(async () => {
        const now = await scene.stored('TeleportRoleV6', name);
        expect(now?.Version).toBe('v6');
        return now;
      });
      expect(stored?.Metadata.Name).toBe(made?.Metadata.Name);
      expect(stored?.Metadata.Labels[idLabel]).toBe(flags.length > 0 ? 'red' : undefined);
      expect(await loginsOf(scene, name)).toEqual(['younger']);
      expect(watch.deleted.has(name)).toBe(false);
      watch.end();
    });

    it('a winner that is deleted as its heir comes, and that heir, ends with a hand-over and nothing else to tell', async () => {
      await run();
      const watch = watchDeletions(scene);
      const names = Array.from({ length: 8 }, () => unique('at-once'));
      for (const name of names) await scene.create('TeleportRoleV7', name, logins('older'));
      for (const name of names) await scene.untilReady('TeleportRoleV7', name);
      await nextSecond('TeleportRoleV7', names.at(-1) ?? '');
      for (const name of names) {
        await scene.create('TeleportRoleV6', name, logins('younger'));
        await scene.remove('TeleportRoleV7', name);
      }
      for (const name of names) {
        await scene.untilGone('TeleportRoleV7', name);
        await scene.untilReady('TeleportRoleV6', name);
        await eventually(async () => expect(await loginsOf(scene, name)).toEqual(['younger']));
        expect(watch.deleted.has(name)).toBe(false);
        const ofWinner = (await eventsOf(scene, name)).filter(
          ({ involvedObject: { kind } }) => kind === 'TeleportRoleV7',
        );
        expect(ofWinner.filter(({ type }) => type === 'Warning')).toEqual([]);
      }
      watch.end();
    }, 60_000);

    it('two objects that are both deleted ends with the resource deleted, whichever goes first', async () => {
      await run();
      for (let i = 0; i < 4; i++) {
        const name = unique('both-go');
        await scene.create('TeleportRoleV7', name, logins('older'));
        await scene.untilReady('TeleportRoleV7', name);
        await nextSecond('TeleportRoleV7', name);
        await scene.create('TeleportRoleV6', name, logins('younger'));
        await scene.until('TeleportRoleV6', name, conflict);
        await scene.remove('TeleportRoleV7', name);
        await scene.remove('TeleportRoleV6', name);
        for (const kind of ['TeleportRoleV6', 'TeleportRoleV7']) await scene.untilGone(kind, name);
        await eventually(async () => expect(await scene.stored('TeleportRoleV7', name)).toBeUndefined());
      }
    }, 60_000);

    it('an heir that is only observed keeps the winner from going until it takes over or goes', async () => {
      await run();
      const watch = watchDeletions(scene);
      const [takes, goes] = [unique('takes'), unique('goes')];
      for (const name of [takes, goes]) {
        await scene.create('TeleportRoleV7', name, logins('older'));
        await scene.untilReady('TeleportRoleV7', name);
      }
      await nextSecond('TeleportRoleV7', goes);
      for (const name of [takes, goes]) {
        await scene.create('TeleportRoleV6', name, logins('younger'), annotate({ mode: 'observe' }));
        await scene.until('TeleportRoleV6', name, conflict);
        expect((await scene.find('TeleportRoleV6', name))?.metadata.finalizers ?? []).toEqual([]);
        await scene.remove('TeleportRoleV7', name);
        const { message } = await scene.until('TeleportRoleV7', name, conflict);
        expect(message).toContain(`TeleportRoleV6 ${scene.namespace}/${name}`);
        expect(await loginsOf(scene, name)).toEqual(['older']);
      }
      await scene.patch('TeleportRoleV6', takes, { metadata: annotate({ mode: null }) });
      await scene.untilGone('TeleportRoleV7', takes);
      await scene.untilReady('TeleportRoleV6', takes, 5_000);
      expect(watch.deleted.has(takes)).toBe(false);
      watch.end();
      await scene.remove('TeleportRoleV6', goes);
      await scene.untilGone('TeleportRoleV7', goes);
      await eventually(async () => expect(await scene.stored('TeleportRoleV7', goes)).toBeUndefined());
    }, 60_000);

    it('two namespaces is won by the older, where the operator works in both', async () => {
      const name = unique('shared');
      const other = unique('other');
      await scene.kube.serviceAccountKubeconfig(other, 'default');
      await grant(scene.admin, other, serviceAccount, ['teleportrolesv7'], scene.namespace);
      await run([`-namespaces=${scene.namespace},${other}`]);
      await scene.create('TeleportRoleV7', name, logins('own'));
      await scene.untilReady('TeleportRoleV7', name);
      await nextSecond('TeleportRoleV7', name);
      const path = `/apis/${group}/v1/namespaces/${other}/teleportrolesv7`;
      const make = (made: string) =>
        scene.admin.create(path, {
          apiVersion: `${group}/v1`,
          kind: 'TeleportRoleV7',
          metadata: { name: made, namespace: other },
          spec: logins('other'),
        });
      const alone = unique('alone');
      await Promise.all([make(name), make(alone)]);
      const ready = async (of: string) => conditionOf(await scene.admin.find(`${path}/${of}`), 'Ready');
      await eventually(async () => expect(await ready(name)).toMatchObject({ reason: 'NameConflict' }));
      expect((await ready(name))?.message).toContain(`TeleportRoleV7 ${scene.namespace}/${name}`);
      await eventually(async () => expect(await ready(alone)).toMatchObject({ status: 'True' }));
      expect(await loginsOf(scene, alone)).toEqual(['other']);
      await scene.remove('TeleportRoleV7', name);
      await eventually(async () => expect(await ready(name)).toMatchObject({ status: 'True' }), {
        timeoutMs: 5_000,
      });
      await eventually(async () => expect(await loginsOf(scene, name)).toEqual(['other']));
      for (const of of [name, alone]) await scene.admin.remove(`${path}/${of}`);
      for (const of of [name, alone])
        await eventually(async () => expect(await scene.admin.find(`${path}/${of}`)).toBeUndefined());
    }, 60_000);

    it('two operators ends at the id: each leaves the other’s alone and says whose it is', async () => {
      const second = await openScene(scene);
      const [name, mine] = [unique('one'), unique('two')];
      await run(['-operator-id=blue']);
      await run(['-operator-id=green'], await second.operator());
      await scene.create('TeleportRoleV7', name, logins('blue'));
      await scene.untilReady('TeleportRoleV7', name);
      expect((await scene.stored('TeleportRoleV7', name))?.Metadata.Labels[idLabel]).toBe('blue');
      await second.create('TeleportRoleV7', name, logins('green'));
      await second.create('TeleportRoleV7', mine, logins('green'));
      await second.until('TeleportRoleV7', name, { type: 'Ready', status: 'False', reason: 'NotOwned' });
      await second.untilReady('TeleportRoleV7', mine);
      expect(await loginsOf(scene, name)).toEqual(['blue']);
      await second.remove('TeleportRoleV7', name);
      await second.untilGone('TeleportRoleV7', name);
      expect(await loginsOf(scene, name)).toEqual(['blue']);
      // adoption takes it over for good: the first one gives way
      await second.create('TeleportRoleV7', name, logins('green'), annotate({ adopt: 'true' }));
      await second.untilReady('TeleportRoleV7', name);
      await scene.until('TeleportRoleV7', name, { type: 'Ready', status: 'False', reason: 'NotOwned' });
      await eventually(async () => expect(await loginsOf(scene, name)).toEqual(['green']));
      for (const each of [name, mine]) {
        await second.remove('TeleportRoleV7', each);
        await second.untilGone('TeleportRoleV7', each);
      }
      await scene.untilReady('TeleportRoleV7', name, 10_000);
      await scene.remove('TeleportRoleV7', name);
      await scene.untilGone('TeleportRoleV7', name);
    }, 60_000);
  });
});
