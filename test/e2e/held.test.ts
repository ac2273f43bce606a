// Users whose role is missing: nothing of them is written that Teleport would refuse, many of them are quiet while they wait,
// and they go on when the role comes, whoever makes it.
import { describe, expect, it } from 'vitest';
import type { UserV2 } from '../../src/gen/teleport/types/user_pb.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import type { RunningEmbeddedTeleport } from '../env/teleport-embedded.js';
import { logins, makeRole } from './acts.js';
import { atWork } from './at-work.js';
import { type Scene, unique } from './scene.js';

const kind = 'TeleportUser';
const waiting = { type: 'Ready', status: 'False', reason: 'DependencyNotReady' } as const;

describe.each(pairs({ staleMs: 500 }))('a write is held, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('of a user', () => {
    let scene: Scene;
    atWork(start, (opened) => {
      scene = opened;
    });

    /** Calls of the bot to that RPC so far; undefined on a real server, which does not tell. */
    const calls = (rpc: string): number | undefined => {
      if (scene.teleport.kind === 'teleport') return undefined;
      const { records } = (scene.teleport as RunningEmbeddedTeleport).server.calls;
      return records.filter(({ method, user }) => method.endsWith(`/${rpc}`) && user.startsWith('bot-'))
        .length;
    };
    const roles = async (name: string) =>
      ((await scene.stored(kind, name)) as UserV2 | undefined)?.Spec?.Roles;
    const passes = async (ms: number): Promise<void> => {
      const until = performance.now() + ms;
      await eventually(() => performance.now() > until, { timeoutMs: ms + 1_000 });
    };

    it('that is new: Teleport is not bothered with it, and has it as soon as somebody makes the role', async () => {
      const [name, role] = [unique('user'), unique('role')];
      const before = calls('CreateUser');
      await scene.create(kind, name, { roles: [role, 'access'] });
      const { message } = await scene.until(kind, name, waiting);
      expect(message).toContain(`Nothing was written`);
      expect(message).toContain(`role ${role}`);
      expect(message).not.toContain('access');
      await passes(2_500);
      expect(await scene.stored(kind, name)).toBeUndefined();
      expect(calls('CreateUser')).toBe(before);
      await makeRole(scene, role, ['one']);
      await scene.untilReady(kind, name, 5_000);
      expect(await roles(name)).toEqual([role, 'access']);
    });

    it('that is there: it stays as it was', async () => {
      const [name, role] = [unique('user'), unique('role')];
      await scene.create(kind, name, { roles: ['access'] });
      await scene.untilReady(kind, name);
      const before = calls('UpdateUser');
      await scene.patch(kind, name, { spec: { roles: ['editor', role] } });
      const { message } = await scene.until(kind, name, waiting);
      expect(message).toContain('stays as it is');
      expect(await roles(name)).toEqual(['access']);
      expect(calls('UpdateUser')).toBe(before);
      await scene.create('TeleportRoleV7', role, logins('one'));
      await scene.untilReady(kind, name, 5_000);
      await eventually(async () => expect(await roles(name)).toEqual(['editor', role]));
    });

    it('that is gone before the role comes: nothing is left', async () => {
      const [name, role] = [unique('user'), unique('role')];
      await scene.create(kind, name, { roles: [role] });
      await scene.until(kind, name, waiting);
      await scene.remove(kind, name);
      await scene.untilGone(kind, name, 5_000);
      await makeRole(scene, role, ['one']);
      await passes(1_500);
      expect(await scene.stored(kind, name)).toBeUndefined();
    });

    it('and 100 others: they ask for their role once in a while, and all go on when it comes', async () => {
      const role = unique('role');
      const names = Array.from({ length: 100 }, () => unique('user'));
      const [looks, writes] = [calls('GetRole') ?? 0, calls('CreateUser') ?? 0];
      for (const name of names) await scene.create(kind, name, { roles: [role] });
      await Promise.all(names.map((name) => scene.until(kind, name, waiting, 45_000)));
      await passes(4_000);
      // each has tried several times by now
      expect((calls('GetRole') ?? 0) - looks).toBeLessThanOrEqual(2);
      expect((calls('CreateUser') ?? 0) - writes).toBe(0);
      await scene.create('TeleportRoleV7', role, logins('one'));
      await scene.untilReady('TeleportRoleV7', role);
      await Promise.all(names.map((name) => scene.untilReady(kind, name, 45_000)));
    }, 120_000);
  });
});
