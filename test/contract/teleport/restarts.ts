// Contract: what a restart of the server does to calls and watches.
import { expect, it } from 'vitest';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { eventually } from '../../env/eventually.js';
import type { RunningTeleport } from '../../env/types.js';
import { operatorClient } from './clients.js';
import { unique } from './expectations.js';

export function restartsContract(teleport: () => RunningTeleport): void {
  it('ends watches, and goes on with the same state, certificates and address', async () => {
    const name = unique('role');
    const operator = await operatorClient(teleport(), unique('op'));
    await operator.unary(AuthService.method.upsertRoleV2, {
      Role: { Version: 'v7', Metadata: { Name: name } },
    });
    const events = operator.serverStream(AuthService.method.watchEvents, { Kinds: [{ Kind: 'role' }] });
    const watch = events[Symbol.asyncIterator]();
    await watch.next();
    const rest = (async () => {
      for (;;) if ((await watch.next()).done === true) return 'ended';
    })();
    rest.catch(() => {});
    await teleport().restart();
    await expect(rest).rejects.toMatchObject({ name: 'TeleportError' });
    const found = await eventually(() => operator.unary(AuthService.method.getRole, { Name: name }));
    expect(found.Metadata?.Name).toBe(name);
    operator.close();
  }, 60_000);
}
