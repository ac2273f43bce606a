import { expect, test } from 'vitest';
import { systemClock } from '../core/clock.js';
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import { createClient } from '../teleport/grpc-client.js';
import type { Session } from '../teleport/session.js';
import { leaderTeleport } from './leader-teleport.js';

const { deleteRole } = AuthService.method;

/** A client whose connection comes when it is let come, and the calls that went out on it. */
function later(): { client: ReturnType<typeof createClient>; connect: () => void; sent: string[] } {
  const sent: string[] = [];
  const unary = async (_request: Uint8Array, { method }: { method: string }) => {
    sent.push(method);
    return new Uint8Array();
  };
  const session = { bytesRead: 0, unary } as unknown as Session;
  let connect = (): void => {};
  const connected = new Promise<Session>((resolve) => {
    connect = () => resolve(session);
  });
  return {
    client: createClient({ source: { session: () => connected }, clock: systemClock }),
    connect,
    sent,
  };
}

test('calls go out while we lead, and not after', async () => {
  const { client, connect, sent } = later();
  connect();
  let leading = true;
  const teleport = leaderTeleport(client, () => leading);
  await teleport.unary(deleteRole, { Name: 'x' });
  leading = false;
  await expect(teleport.unary(deleteRole, { Name: 'x' })).rejects.toMatchObject({ kind: 'Canceled' });
  expect(sent).toEqual(['/proto.AuthService/DeleteRole']);
});

test('a call that waits for a connection does not go out when leadership was lost meanwhile', async () => {
  const { client, connect, sent } = later();
  let leading = true;
  const call = leaderTeleport(client, () => leading).unary(deleteRole, { Name: 'x' });
  leading = false;
  connect();
  await expect(call).rejects.toMatchObject({ kind: 'Canceled' });
  expect(sent).toEqual([]);
});
