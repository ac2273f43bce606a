// Contract: WatchEvents.
import { expect, it } from 'vitest';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { type Event, Operation } from '../../../src/gen/teleport/client/event_pb.js';
import { UsersService } from '../../../src/gen/teleport/users/v1/users_service_pb.js';
import type { TeleportClient } from '../../../src/teleport/client.js';
import type { RunningTeleport } from '../../env/types.js';
import { anonymous, operatorClient } from './clients.js';
import { expectRefusal, unique } from './expectations.js';

const rpc = AuthService.method;

export function eventsContract(teleport: () => RunningTeleport): void {
  it('begins with INIT, then tells of writes and deletions', async () => {
    const operator = await operatorClient(teleport(), unique('op'));
    const watch = watcher(operator, ['role', 'user', 'token']);
    const first = await watch.next();
    expect(first.Type).toBe(Operation.INIT);
    if (first.Resource.case !== 'WatchStatus') throw new Error('INIT without a status');
    expect(first.Resource.value).toMatchObject({ Version: 'v1', Metadata: { Namespace: 'default' } });
    expect(first.Resource.value.Spec?.Kinds.map((kind) => kind.Kind)).toEqual(['role', 'user', 'token']);

    const name = unique('watched');
    const stored = await operator.unary(rpc.upsertRoleV2, {
      Role: { Version: 'v7', Metadata: { Name: name } },
    });
    const put = await watch.about(name);
    expect(put.Type).toBe(Operation.PUT);
    expect(put.Resource.case).toBe('Role');
    expect((put.Resource.value as typeof stored).Metadata?.Revision).toBe(stored.Metadata?.Revision);

    await operator.unary(UsersService.method.createUser, { user: { Metadata: { Name: name } } });
    expect((await watch.about(name)).Resource.case).toBe('User');
    await operator.unary(rpc.upsertTokenV2, {
      Token: { case: 'V2', value: { Metadata: { Name: name }, Spec: { Roles: ['Node'] } } },
    });
    expect((await watch.about(name)).Resource.case).toBe('ProvisionToken');

    await operator.unary(rpc.deleteRole, { Name: name });
    const deleted = await watch.about(name);
    expect(deleted.Type).toBe(Operation.DELETE);
    if (deleted.Resource.case !== 'ResourceHeader') throw new Error('DELETE without a header');
    expect(deleted.Resource.value).toMatchObject({
      Kind: 'role',
      Metadata: { Name: name, Namespace: 'default', Revision: '' },
    });
    await operator.unary(UsersService.method.deleteUser, { name });
    const userGone = await watch.about(name);
    expect(userGone.Resource.value).toMatchObject({ Kind: 'user' });
    await operator.unary(rpc.deleteToken, { Name: name });
    expect((await watch.about(name)).Resource.value).toMatchObject({ Kind: 'token' });
    await watch.stop();
    operator.close();
  });

  it('asks for permission first, then whether the kind can be watched', async () => {
    const operator = await operatorClient(teleport(), unique('op'));
    const refused = (...kinds: string[]) => watcher(operator, kinds).next();
    await expectRefusal(refused(), 'AccessDenied', "can't setup global watch");
    await expectRefusal(
      refused('event'),
      'AccessDenied',
      'access denied to perform action "read" on "event"',
    );
    await expectRefusal(
      refused('bot'),
      'BadParameter',
      'cache "auth" does not support watching resource "bot"',
    );
    await expectRefusal(
      refused('login_rule'),
      'BadParameter',
      'cache "auth" does not support watching resource "login_rule"',
    );
    await expectRefusal(refused('nonsense'), 'AccessDenied', /nonsense/);
    operator.close();
  });

  it('tells only of the name that it is asked for', async () => {
    const operator = await operatorClient(teleport(), unique('op'));
    const name = unique('watched');
    const watch = watcher(operator, ['role'], false, name);
    await watch.next();
    for (const Name of [unique('other'), name]) {
      await operator.unary(rpc.upsertRoleV2, { Role: { Version: 'v7', Metadata: { Name } } });
    }
    expect((await watch.next()).Resource.value).toMatchObject({ Metadata: { Name: name } });
    await watch.stop();
    operator.close();
  });

  it("lets a bot watch its own cluster's authorities, without their keys", async () => {
    const operator = await operatorClient(teleport(), unique('op'));
    const { clusterName } = teleport();
    const Filter = { host: clusterName, user: clusterName };
    const own = watcher(operator, ['cert_authority'], false, '', Filter);
    const { Resource } = await own.next();
    if (Resource.case !== 'WatchStatus') throw new Error('INIT without a status');
    expect(Resource.value.Spec?.Kinds).toMatchObject([{ Kind: 'cert_authority', Filter }]);
    await own.stop();
    const Kinds = [{ Kind: 'cert_authority', LoadSecrets: true }];
    const secret = operator.serverStream(rpc.watchEvents, { Kinds })[Symbol.asyncIterator]();
    await expectRefusal(
      secret.next(),
      'AccessDenied',
      'access denied to perform action "read" on "cert_authority"',
    );
    operator.close();
  });

  it('leaves out what cannot be watched when partial success is enough', async () => {
    const operator = await operatorClient(teleport(), unique('op'));
    const some = watcher(operator, ['role', 'bot', 'event'], true);
    const { Resource } = await some.next();
    if (Resource.case !== 'WatchStatus') throw new Error('INIT without a status');
    expect(Resource.value.Spec?.Kinds.map((kind) => kind.Kind)).toEqual(['role']);
    await some.stop();
    await expectRefusal(
      watcher(operator, ['bot', 'trusted_cluster'], true).next(),
      'BadParameter',
      'cache "auth" does not support any of the requested resources',
    );
    operator.close();
  });

  it('lets nobody without a certificate watch', async () => {
    const client = await anonymous(teleport());
    await expectRefusal(
      watcher(client, ['role']).next(),
      'AccessDenied',
      'access denied to perform action "read" on "role"',
    );
    client.close();
  });
}

/** A watch, event by event. */
export function watcher(
  client: TeleportClient,
  kinds: string[],
  partial = false,
  Name = '',
  Filter: Record<string, string> = {},
) {
  const events = client.serverStream(rpc.watchEvents, {
    Kinds: kinds.map((Kind) => ({ Kind, Name, Filter })),
    AllowPartialSuccess: partial,
  });
  const stream = events[Symbol.asyncIterator]();
  const next = async (): Promise<Event> => {
    const result = await stream.next();
    if (result.done === true) throw new Error('the watch ended');
    return result.value;
  };
  return {
    next,
    /** The next event of a resource of this name. */
    about: async (name: string): Promise<Event> => {
      for (;;) {
        const event = await next();
        const { Metadata } = event.Resource.value as { Metadata?: { Name: string } };
        if (Metadata?.Name === name) return event;
      }
    },
    stop: async () => {
      await stream.return?.();
    },
  };
}
