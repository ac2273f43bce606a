// Contract: locks, and what they do to a bot's calls and joins.
import { expect, it } from 'vitest';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { eventually } from '../../env/eventually.js';
import type { RunningTeleport } from '../../env/types.js';
import { join, newKeys, operatorClient } from './clients.js';
import { expectRefusal, unique } from './expectations.js';

const rpc = AuthService.method;

export function locksContract(teleport: () => RunningTeleport): void {
  it('stops a locked bot with a bare "access denied", and lets it go on afterwards', async () => {
    const name = unique('op');
    const operator = await operatorClient(teleport(), name);
    await operator.unary(rpc.ping, {});
    const lock = unique('lock');
    await teleport().admin.unary(rpc.upsertLock, {
      Metadata: { Name: lock },
      Spec: { Target: { User: `bot-${name}` }, Message: 'for the test' },
    });
    await eventually(() => expectRefusal(operator.unary(rpc.ping, {}), 'AccessDenied', 'access denied'));
    await expectRefusal(operator.unary(rpc.getRole, { Name: 'access' }), 'AccessDenied', 'access denied');
    const token = await teleport().addBot({ name, join: { method: 'token' } });
    await expectRefusal(
      join(teleport(), newKeys(), { Token: token }),
      'AccessDenied',
      `lock targeting User:"bot-${name}" is in force: for the test`,
    );
    const stored = await teleport().admin.unary(rpc.getLock, { Name: lock });
    expect(stored.Spec?.Target?.User).toBe(`bot-${name}`);
    expect(stored.Spec?.CreatedBy).not.toBe('');
    expect(stored.Spec?.CreatedAt?.seconds).toBeGreaterThan(0n);
    await teleport().admin.unary(rpc.deleteLock, { Name: lock });
    await eventually(() => operator.unary(rpc.ping, {}));
    await eventually(() => join(teleport(), newKeys(), { Token: token }));
    operator.close();
  });

  it('tells a missing lock, and refuses one without a target', async () => {
    await expectRefusal(
      teleport().admin.unary(rpc.getLock, { Name: 'nothing' }),
      'NotFound',
      // Auth's cache names another resource here (seen on 18.0.0)
      /^"lock" "[^"]+" does not exist$/,
    );
    await expectRefusal(
      teleport().admin.unary(rpc.deleteLock, { Name: 'nothing' }),
      'NotFound',
      'lock "nothing" is not found',
    );
    const bare = { Metadata: { Name: unique('lock') }, Spec: { Target: {} } };
    await expectRefusal(teleport().admin.unary(rpc.upsertLock, bare), 'BadParameter', /at least one target/);
  });
}
