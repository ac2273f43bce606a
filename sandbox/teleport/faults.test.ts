// The switches that tests of failures use: each does what it says, for as long as it says, and no longer.
import { Code, createClient } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { JoinService } from '../../src/gen/teleport/client/joinservice_pb.js';
import { UsersService } from '../../src/gen/teleport/users/v1/users_service_pb.js';
import { type EmbeddedTeleport, startTeleport } from './server.js';

let teleport: EmbeddedTeleport;
let sessions: Http2SessionManager;

async function clientOf() {
  const { certPem, keyPem, hostCaPem } = await teleport.admin();
  const url = `https://${teleport.authAddress}`;
  const tls = { cert: certPem, key: keyPem, ca: hostCaPem, servername: 'teleport.cluster.local' };
  sessions = new Http2SessionManager(url, {}, tls);
  return createGrpcTransport({ baseUrl: url, sessionManager: sessions });
}

beforeEach(async () => {
  teleport = await startTeleport();
});

afterEach(async () => {
  sessions.abort();
  await teleport.close();
});

describe('faults', () => {
  it('fails as many calls as it is told, and only those of the method', async () => {
    const auth = createClient(AuthService, await clientOf());
    teleport.faults.fail(Code.Unavailable, 'gone fishing', { method: 'GetRole', times: 2 });
    const failed = { code: Code.Unavailable, rawMessage: 'gone fishing' };
    await expect(auth.getRole({ Name: 'access' })).rejects.toMatchObject(failed);
    await auth.ping({});
    await expect(auth.getRole({ Name: 'access' })).rejects.toMatchObject(failed);
    await auth.getRole({ Name: 'access' });
    expect(teleport.calls.of('GetRole').map((call) => call.code)).toEqual([14, 14, 0]);
  });

  it('holds for the calls of some alone', async () => {
    const auth = createClient(AuthService, await clientOf());
    teleport.faults.fail(Code.Unavailable, 'gone fishing', { user: /^bot-/ });
    await auth.ping({});
    teleport.faults.fail(Code.Unavailable, 'gone fishing', { user: /^(?!bot-)/ });
    await expect(auth.ping({})).rejects.toMatchObject({ code: Code.Unavailable });
  });

  it('lets a call hang until the client gives up', async () => {
    const auth = createClient(AuthService, await clientOf());
    teleport.faults.hang({ method: '/proto.AuthService/Ping' });
    await expect(auth.ping({}, { timeoutMs: 100 })).rejects.toMatchObject({ code: Code.DeadlineExceeded });
    await auth.ping({});
  });

  it('drops a connection before a call or loses its reply', async () => {
    const auth = createClient(AuthService, await clientOf());
    const upsert = (Name: string) => auth.upsertRoleV2({ Role: { Version: 'v7', Metadata: { Name } } });
    teleport.faults.drop({ method: /UpsertRole/ });
    await expect(upsert('before')).rejects.toMatchObject({ name: 'ConnectError' });
    expect(teleport.resources.get('role', 'before')).toBeUndefined();
    teleport.faults.loseReply({ method: 'UpsertRoleV2' });
    await expect(upsert('after')).rejects.toMatchObject({ name: 'ConnectError' });
    expect(teleport.resources.get('role', 'after')).toBeDefined();
    await upsert('later');
  });

  it('delays an answer', async () => {
    const auth = createClient(AuthService, await clientOf());
    await auth.ping({});
    teleport.faults.delay(50, { method: 'Ping' });
    const start = performance.now();
    await auth.ping({});
    expect(performance.now() - start).toBeGreaterThanOrEqual(49);
  });

  it('refuses joins until told otherwise', async () => {
    const join = createClient(JoinService, await clientOf());
    teleport.faults.refuseJoins({ code: Code.ResourceExhausted, message: 'too many' });
    await expect(join.registerUsingToken({ Role: 'Bot', Token: 'x' })).rejects.toMatchObject({
      rawMessage: 'too many',
    });
    teleport.faults.refuseJoins(undefined);
    await expect(join.registerUsingToken({ Role: 'Bot', Token: 'x' })).rejects.toMatchObject({ code: 7 });
  });

  it('ends watches and goes on after a stop, with the same address and state', async () => {
    const auth = createClient(AuthService, await clientOf());
    await auth.upsertRoleV2({ Role: { Version: 'v7', Metadata: { Name: 'kept' } } });
    const watch = auth.watchEvents({ Kinds: [{ Kind: 'role' }] })[Symbol.asyncIterator]();
    await watch.next();
    const next = watch.next();
    next.catch(() => {});
    await teleport.stopListening();
    await expect(next).rejects.toMatchObject({ name: 'ConnectError' });
    await expect(auth.ping({})).rejects.toMatchObject({ name: 'ConnectError' });
    await teleport.listenAgain();
    expect((await auth.getRole({ Name: 'kept' })).Metadata?.Name).toBe('kept');
  });

  it('hands its state to another server', async () => {
    const auth = createClient(AuthService, await clientOf());
    await auth.upsertRoleV2({ Role: { Version: 'v7', Metadata: { Name: 'kept' } } });
    await teleport.close();
    sessions.abort();
    teleport = await startTeleport({ dataFrom: teleport.state });
    const again = createClient(AuthService, await clientOf());
    expect((await again.getRole({ Name: 'kept' })).Metadata?.Name).toBe('kept');
  });

  it('asks clients to leave with GOAWAY and serves them on a new connection', async () => {
    const auth = createClient(AuthService, await clientOf());
    await auth.ping({});
    teleport.goaway();
    await expect.poll(() => sessions.state()).not.toBe('open');
    await auth.ping({});
  });

  it('notes a write without its resource, and closes everything, as a real Auth would die', async () => {
    const transport = await clientOf();
    await expect(createClient(AuthService, transport).upsertRoleV2({})).rejects.toMatchObject({
      name: 'ConnectError',
    });
    await expect(createClient(UsersService, transport).createUser({})).rejects.toMatchObject({
      name: 'ConnectError',
    });
    expect(teleport.crashes).toEqual([
      'proto.AuthService/UpsertRoleV2',
      'teleport.users.v1.UsersService/CreateUser',
    ]);
  });

  it('closes the connection of a client that says an old or no version', async () => {
    const auth = createClient(AuthService, await clientOf());
    for (const version of ['16.9.9', 'abc', '']) {
      await expect(auth.ping({}, { headers: { version } })).rejects.toMatchObject({ name: 'ConnectError' });
    }
    for (const version of ['17.0.0', '18.0.0', '19.0.0']) await auth.ping({}, { headers: { version } });
  });
});
