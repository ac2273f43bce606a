// Objects that name one another, applied and deleted in any order: nothing is waited out, nothing is left.
import { describe, expect, it } from 'vitest';
import { UsersService } from '../../src/gen/teleport/users/v1/users_service_pb.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import type { RunningOperator } from '../env/operator.js';
import { logins } from './acts.js';
import { atWork } from './at-work.js';
import { conditionOf, type Scene, unique } from './scene.js';

interface Piece {
  readonly kind: string;
  readonly name: string;
  readonly spec: object;
}

const rounds = 50;

/** A generator of numbers in [0, 1) that says how to come by the same ones again. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}

describe.each(pairs())('any order, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('of', () => {
    let scene: Scene;
    let operator: RunningOperator;
    atWork(start, (...opened) => {
      [scene, operator] = opened;
    });

    /** Users that hold roles, roles that name one another in a circle, tokens. */
    const connected = (): Piece[] => {
      const [a, b, c] = [unique('a'), unique('b'), unique('c')];
      const asks = (role: string) => ({ allow: { logins: ['one'], request: { roles: [role] } } });
      return [
        { kind: 'TeleportRoleV7', name: a, spec: asks(b) },
        { kind: 'TeleportRoleV7', name: b, spec: asks(c) },
        { kind: 'TeleportRoleV6', name: c, spec: asks(a) },
        { kind: 'TeleportUser', name: unique('x'), spec: { roles: [a, b] } },
        { kind: 'TeleportUser', name: unique('y'), spec: { roles: [c, 'access'] } },
        {
          kind: 'TeleportProvisionToken',
          name: unique('t'),
          spec: {
            join_method: 'kubernetes',
            roles: ['Node'],
            kubernetes: { allow: [{ service_account: 'a:b' }] },
          },
        },
      ];
    };

    it(`${rounds} shuffled applies and deletes ends clean, and no wait is over 5 s`, async () => {
      const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
      const random = seeded(seed);
      const slow: string[] = [];
      const sets = Array.from({ length: rounds / 10 }, connected);
      for (let round = 0; round < rounds / 10; round++) {
        const pieces = sets[round] ?? [];
        for (let turn = 0; turn < 10; turn++) {
          const down = turn % 2 === 1;
          const order = shuffled(pieces, random);
          // from before the first is applied: so no wait of any of them can be longer
          const started = performance.now();
          for (const { kind, name, spec } of order) {
            if (down) await scene.remove(kind, name);
            else await scene.create(kind, name, spec);
          }
          await Promise.all(
            order.map(async ({ kind, name }) => {
              await (down ? scene.untilGone(kind, name, 30_000) : scene.untilReady(kind, name, 30_000));
              const took = Math.round(performance.now() - started);
              if (took > 5_000) slow.push(`${round}.${turn}, ${kind} ${name}: ${took} ms (SEED=${seed})`);
            }),
          );
        }
        for (const { kind, name } of pieces)
          await eventually(async () => expect(await scene.stored(kind, name)).toBeUndefined());
      }
      expect(slow).toEqual([]);
      const waited = new Set(operator.logs().map(({ reason }) => reason));
      expect([...waited]).toEqual(expect.arrayContaining(['DependencyNotReady', 'InUse']));
    }, 300_000);

    it('what has waited for so long that its next try is far off goes on at once all the same', async () => {
      const late = Array.from({ length: 6 }, () => unique('late'));
      const users = late.map((role, at) => ({
        name: unique('waits'),
        roles: [role, late[(at + 1) % 6] ?? ''],
      }));
      const held = Array.from({ length: 6 }, () => ({ role: unique('held'), stranger: unique('stranger') }));
      for (const { role } of held) await scene.create('TeleportRoleV7', role, logins('one'));
      for (const { role, stranger } of held) {
        await scene.untilReady('TeleportRoleV7', role);
        await makeUser(scene, stranger, [role]);
      }
      for (const { name, roles } of users) await scene.create('TeleportUser', name, { roles });
      for (const { role } of held) await scene.remove('TeleportRoleV7', role);
      const started = performance.now();
      // tries are 0.5, 1, 2, 4, 8, 16 s apart, half of it by chance: the next ones are some 8 to 16 s off
      await eventually(() => performance.now() - started > 20_000, { timeoutMs: 25_000, intervalMs: 500 });
      for (const { name } of users)
        expect(conditionOf(await scene.find('TeleportUser', name), 'Ready')?.reason).toBe(
          'DependencyNotReady',
        );
      for (const { role } of held)
        expect(conditionOf(await scene.find('TeleportRoleV7', role), 'Ready')?.reason).toBe('InUse');
      for (const role of late) await scene.create('TeleportRoleV7', role, logins('one'));
      for (const { stranger } of held)
        await scene.teleport.admin.unary(UsersService.method.deleteUser, { name: stranger });
      await Promise.all([
        ...users.map(({ name }) => scene.untilReady('TeleportUser', name, 5_000)),
        ...held.map(({ role }) => scene.untilGone('TeleportRoleV7', role, 5_000)),
      ]);
    }, 90_000);

    it('a role that names one that is missing is written, says so, and stops saying so when that comes', async () => {
      const [role, late] = [unique('names'), unique('late')];
      await scene.create('TeleportRoleV7', role, {
        allow: { logins: ['one'], request: { roles: [late, 'db-*', '^x.*$'] } },
      });
      const { message } = await scene.until('TeleportRoleV7', role, { type: 'Ready', status: 'True' });
      expect(message).toContain(`role ${late}`);
      expect(message).not.toContain('db-');
      await scene.create('TeleportRoleV7', late, logins('one'));
      const says = async () => conditionOf(await scene.find('TeleportRoleV7', role), 'Ready')?.message ?? '';
      await eventually(async () => expect(await says()).not.toContain(late), { timeoutMs: 5_000 });
      await scene.remove('TeleportRoleV7', late);
      await scene.untilGone('TeleportRoleV7', late);
      await eventually(async () => expect(await says()).toContain(`role ${late}`), { timeoutMs: 5_000 });
    });

    it('a user who waits is told of every role that is missing, and goes on within 5 s of the last one', async () => {
      const [user, a, b] = [unique('user'), unique('a'), unique('b')];
      await scene.create('TeleportUser', user, { roles: [a, b, 'access'] });
      const waiting = { type: 'Ready', status: 'False', reason: 'DependencyNotReady' } as const;
      const { message } = await scene.until('TeleportUser', user, waiting);
      for (const role of [a, b]) expect(message).toContain(role);
      expect(conditionOf(await scene.find('TeleportUser', user), 'Reconciling')?.status).toBe('True');
      await scene.create('TeleportRoleV7', a, logins('one'));
      await scene.untilReady('TeleportRoleV7', a);
      await scene.create('TeleportRoleV7', b, logins('one'));
      await scene.untilReady('TeleportUser', user, 5_000);
    });

    it('a deletion that waits names the objects that hold it, and counts users without an object', async () => {
      const [role, user, stranger] = [unique('held'), unique('holder'), unique('stranger')];
      await scene.create('TeleportRoleV7', role, logins('one'));
      await scene.untilReady('TeleportRoleV7', role);
      await scene.create('TeleportUser', user, { roles: [role] });
      await scene.untilReady('TeleportUser', user);
      await makeUser(scene, stranger, [role]);
      await eventually(async () => expect(await scene.stored('TeleportUser', stranger)).toBeDefined());
      await scene.remove('TeleportRoleV7', role);
      const blocked = { type: 'Ready', status: 'False', reason: 'InUse' } as const;
      const message = await eventually(async () => {
        const condition = await scene.until('TeleportRoleV7', role, blocked);
        expect(condition.message).toContain(`TeleportUser ${scene.namespace}/${user}`);
        return condition.message;
      });
      expect(message).toContain('1 resource without an object');
      expect(message.slice(message.indexOf('Used by'))).not.toContain(stranger);
      await scene.remove('TeleportUser', user);
      await scene.untilGone('TeleportUser', user);
      await scene.teleport.admin.unary(UsersService.method.deleteUser, { name: stranger });
      await scene.untilGone('TeleportRoleV7', role, 5_000);
    });
  });
});

async function makeUser(scene: Scene, name: string, roles: string[]): Promise<void> {
  await scene.teleport.admin.unary(UsersService.method.createUser, {
    user: {
      Kind: 'user',
      Version: 'v2',
      Metadata: { Name: name, Namespace: 'default' },
      Spec: { Roles: roles, Traits: { Values: {} } },
    },
  });
}
