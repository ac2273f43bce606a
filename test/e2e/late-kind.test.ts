// Conflicts with objects that can't be read: their kind is forbidden, or its CRD is not there yet. The resource
// keeps to whom it belongs, and changes hands without being gone when the kind comes.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.js';
import { group } from '../../src/kinds/kind.js';
import { crds, installCrds, serveOnlyAs } from '../env/crds.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import { annotate, eventsOf, logins, loginsOf, makeRole, watchDeletions } from './acts.js';
import { grant } from './rights.js';
import { conditionOf, openScene, origin, type Scene, serviceAccount, unique } from './scene.js';

const all = kinds.map(({ object }) => object.plural);
const withoutV6 = all.filter((plural) => plural !== 'teleportrolesv6');
/** A kind that is off is tried again each half minute. */
const retry = { timeoutMs: 45_000 };

describe.each(pairs())('a kind that comes late, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('among objects of other kinds', () => {
    let scene: Scene;
    let operator: RunningOperator;
    let watch: ReturnType<typeof watchDeletions>;
    beforeAll(async () => {
      scene = await openScene(await start());
      await grant(scene.admin, scene.namespace, serviceAccount, all);
      watch = watchDeletions(scene);
    }, 90_000);
    afterEach(async () => {
      await operator?.stop();
    });
    afterAll(async () => {
      watch?.end();
      await scene?.close();
    });

    const run = async (): Promise<void> => {
      operator = await startOperator(await scene.operator());
      await operator.untilReady();
    };
    const allow = (plurals: readonly string[]) =>
      grant(scene.admin, scene.namespace, serviceAccount, plurals);
    const conflict = { type: 'Ready', status: 'False', reason: 'NameConflict' } as const;
    const nextSecond = async (kind: string, name: string): Promise<void> => {
      const { creationTimestamp = '' } = (await scene.find(kind, name))?.metadata ?? {};
      await eventually(() => Date.now() > Date.parse(creationTimestamp) + 1_000);
    };
    /** An object of V6 that owns its role, and a younger one of V7 that lost to it. */
    const contested = async (): Promise<string> => {
      const name = unique('late');
      await scene.create('TeleportRoleV6', name, logins('older'));
      await scene.untilReady('TeleportRoleV6', name);
      await nextSecond('TeleportRoleV6', name);
      await scene.create('TeleportRoleV7', name, logins('younger'));
      await scene.until('TeleportRoleV7', name, conflict);
      return name;
    };
    const revisionOf = async (name: string) =>
      (await scene.stored('TeleportRoleV6', name))?.Metadata.Revision;
    const readyReason = async (kind: string, name: string) =>
      conditionOf(await scene.find(kind, name), 'Ready')?.reason;

    it('the loser of before waits while its rival can’t be read, and its deletion touches nothing', async () => {
      await run();
      const [waits, goes, freed] = [await contested(), await contested(), await contested()];
      await eventually(async () => expect(await loginsOf(scene, freed)).toEqual(['older']));
      const before = await Promise.all([waits, goes].map(revisionOf));
      await operator.stop();

      await allow(withoutV6);
      await run();
      // The others of the kind are at work.
      const other = unique('other');
      await scene.create('TeleportRoleV7', other, logins('other'));
      await scene.untilReady('TeleportRoleV7', other);
      const { message } = await eventually(async () => {
        const ready = conditionOf(await scene.find('TeleportRoleV7', waits), 'Ready');
        expect(ready?.message).toContain('TeleportRoleV6');
        expect(ready?.message).toContain('may not');
        return ready!;
      });
      expect(message).toContain('teleport.dev/adopt');
      expect(await readyReason('TeleportRoleV7', waits)).toBe('NameConflict');
      await scene.remove('TeleportRoleV7', goes);
      await scene.untilGone('TeleportRoleV7', goes);
      await scene.remove('TeleportRoleV7', other);
      await scene.untilGone('TeleportRoleV7', other);
      // Whoever knows better says so.
      await scene.patch('TeleportRoleV7', freed, { metadata: annotate({ adopt: 'true' }) });
      await scene.untilReady('TeleportRoleV7', freed);
      expect(await Promise.all([waits, goes].map(revisionOf))).toEqual(before);

      await allow(all);
      await eventually(
        async () =>
          expect(conditionOf(await scene.find('TeleportRoleV7', waits), 'Ready')?.message).toContain(
            `TeleportRoleV6 ${scene.namespace}/${waits}`,
          ),
        retry,
      );
      for (const name of [waits, goes]) await scene.untilReady('TeleportRoleV6', name);
      expect(await Promise.all([waits, goes].map(revisionOf))).toEqual(before);
      expect([waits, goes, freed].filter((name) => watch.deleted.has(name))).toEqual([]);
    }, 120_000);

    it('a new object does not take the role over that one of the hidden kind made', async () => {
      await allow(withoutV6);
      await run();
      const name = unique('late');
      // as an object of V6 would have left it
      await makeRole(scene, name, ['older'], { [origin]: 'kubernetes' }, 'v6');
      await eventually(async () => expect(await loginsOf(scene, name)).toEqual(['older']));
      const before = await revisionOf(name);
      await scene.create('TeleportRoleV7', name, logins('younger'));
      await scene.until('TeleportRoleV7', name, conflict);
      await scene.remove('TeleportRoleV7', name);
      await scene.untilGone('TeleportRoleV7', name);
      expect(await revisionOf(name)).toBe(before);
      // Its own kind, and what it made itself, is another matter.
      const own = unique('late');
      await makeRole(scene, own, ['theirs'], { [origin]: 'kubernetes' });
      await eventually(async () => expect(await loginsOf(scene, own)).toEqual(['theirs']));
      await scene.create('TeleportRoleV7', own, logins('mine'));
      await scene.untilReady('TeleportRoleV7', own);
      await scene.remove('TeleportRoleV7', own);
      await scene.untilGone('TeleportRoleV7', own);
      await eventually(async () => expect(await loginsOf(scene, own)).toBeUndefined());
    }, 90_000);

    it('the oldest has it when the kind comes, without a fight and without a deletion', async () => {
      await allow(withoutV6);
      await run();
      const name = unique('late');
      await scene.create('TeleportRoleV6', name, logins('older'));
      await nextSecond('TeleportRoleV6', name);
      await scene.create('TeleportRoleV7', name, logins('younger'));
      await scene.untilReady('TeleportRoleV7', name);
      await allow(all);
      await scene.until('TeleportRoleV6', name, { type: 'Ready', status: 'True' }, retry.timeoutMs);
      await scene.until('TeleportRoleV7', name, conflict);
      const stored = await eventually(async () => {
        const role = await scene.stored('TeleportRoleV6', name);
        expect(role?.Version).toBe('v6');
        return role!;
      });
      expect(await loginsOf(scene, name)).toEqual(['older']);
      await scene.remove('TeleportRoleV7', name);
      await scene.untilGone('TeleportRoleV7', name);
      expect(await revisionOf(name)).toBe(stored.Metadata.Revision);
      const reasons = async () => (await eventsOf(scene, name)).map(({ reason }) => reason).sort();
      // The last one is sent when the object is gone.
      await eventually(async () =>
        expect(await reasons()).toEqual(['Created', 'Kept', 'NameConflict', 'Updated']),
      );
      expect(watch.deleted.has(name)).toBe(false);
    }, 90_000);

    it('the loser of before waits while the CRD of its rival serves other versions only, as that of another operator may', async () => {
      await allow(all);
      await run();
      const name = await contested();
      const restore = await serveOnlyAs(scene.admin, `teleportrolesv6.${group}`, 'v99');
      try {
        const says = async () => {
          const details = await (await fetch(`${operator.healthUrl}/readyz?verbose`)).text();
          expect(details).toContain('TeleportRoleV6 is off: its CRD serves v99, and this operator reads v1');
          const ready = conditionOf(await scene.find('TeleportRoleV7', name), 'Ready');
          expect(ready).toMatchObject({ reason: 'NameConflict' });
          expect(ready?.message).toContain('teleportrolesv6');
        };
        // also once it has forgotten what was there
        await eventually(says, { timeoutMs: 90_000 });
        await operator.stop();
        await run();
        await eventually(says, { timeoutMs: 45_000 });
        const other = unique('other');
        await scene.create('TeleportRoleV7', other, logins('other'));
        await scene.untilReady('TeleportRoleV7', other);
        expect(await loginsOf(scene, name)).toEqual(['older']);
      } finally {
        await restore();
      }
      await eventually(
        async () =>
          expect(await (await fetch(`${operator.healthUrl}/readyz?verbose`)).text()).not.toContain(
            'TeleportRoleV6 is off',
          ),
        retry,
      );
      await scene.remove('TeleportRoleV7', name);
      await scene.untilGone('TeleportRoleV7', name);
      expect(await loginsOf(scene, name)).toEqual(['older']);
      expect(watch.deleted.has(name)).toBe(false);
    }, 240_000);

    it('the CRD comes later: its objects are younger, and lose', async () => {
      await operator.stop();
      const late = 'teleportrolesv8.resources.teleport.dev';
      await scene.admin.remove(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${late}`);
      await allow(all);
      await run();
      const name = unique('late');
      await scene.create('TeleportRoleV7', name, logins('older'));
      await scene.untilReady('TeleportRoleV7', name);
      await installCrds(
        scene.admin,
        crds().filter(({ metadata }) => metadata.name === late),
      );
      await nextSecond('TeleportRoleV7', name);
      await scene.create('TeleportRoleV8', name, logins('younger'));
      await scene.until('TeleportRoleV8', name, conflict, retry.timeoutMs);
      expect(await loginsOf(scene, name)).toEqual(['older']);
      await scene.remove('TeleportRoleV8', name);
      await scene.untilGone('TeleportRoleV8', name);
      await scene.untilReady('TeleportRoleV7', name);
      expect(watch.deleted.has(name)).toBe(false);
    }, 90_000);
  });
});
