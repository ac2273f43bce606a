// Contract: users.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, it } from 'vitest';
import {
  MFADeviceKind,
  PasswordState,
  type UserV2,
  UserV2Schema,
} from '../../../src/gen/teleport/types/user_pb.js';
import { UsersService } from '../../../src/gen/teleport/users/v1/users_service_pb.js';
import { eventually } from '../../env/eventually.js';
import type { RunningTeleport } from '../../env/types.js';
import { operatorClient } from './clients.js';
import { expectRefusal, unique } from './expectations.js';

const rpc = UsersService.method;
type UserInit = Exclude<MessageInitShape<typeof UserV2Schema>, UserV2>;

export function usersContract(teleport: () => RunningTeleport): void {
  const user = (name: string, init: UserInit = {}): UserV2 =>
    create(UserV2Schema, { Metadata: { Name: name }, Spec: { Roles: ['access'] }, ...init });
  const createUser = async (given: UserV2): Promise<UserV2> =>
    (await teleport().admin.unary(rpc.createUser, { user: given })).user!;
  const update = async (given: UserV2): Promise<UserV2> =>
    (await teleport().admin.unary(rpc.updateUser, { user: given })).user!;
  const get = async (name: string): Promise<UserV2> =>
    (await teleport().admin.unary(rpc.getUser, { name })).user!;

  it('creates a user, and says who and in which state', async () => {
    const operator = await operatorClient(teleport(), unique('op'));
    const name = unique('user');
    const traits = { Values: { logins: { Values: ['root', 'app'] } } };
    const given = user(name, { Spec: { Roles: ['access'], Traits: traits } });
    const { user: stored } = await operator.unary(rpc.createUser, { user: given });
    expect(stored).toMatchObject({ Kind: 'user', Version: 'v2' });
    expect(stored?.Metadata?.Namespace).toBe('default');
    expect(stored?.Metadata?.Revision).toMatch(/^[0-9a-f-]{36}$/);
    expect(stored?.Spec?.CreatedBy?.User?.Name).toMatch(/^bot-op-/);
    expect(stored?.Spec?.CreatedBy?.Time?.seconds).toBeGreaterThan(0n);
    expect(stored?.Spec?.Traits?.Values['logins']?.Values).toEqual(['root', 'app']);
    expect(stored?.Spec?.LocalAuth).toBeUndefined();
    const found = await get(name);
    expect(found.Status?.passwordState).toBe(PasswordState.UNSET);
    expect(found.Status?.mfaWeakestDevice).toBe(MFADeviceKind.MFA_DEVICE_KIND_UNSET);
    operator.close();
  });

  it('creates once', async () => {
    const name = unique('user');
    await createUser(user(name));
    await expectRefusal(createUser(user(name)), 'AlreadyExists', `user "${name}" already registered`);
  });

  it('updates only what has the stored revision, and keeps who created it', async () => {
    const name = unique('user');
    const created = await createUser(user(name));
    const changed = user(name, {
      Metadata: { Name: name, Revision: created.Metadata?.Revision ?? '' },
      Spec: { Roles: ['access', 'editor'] },
    });
    const updated = await eventually(() => update(changed), { timeoutMs: 3_000 });
    expect(updated.Spec?.Roles).toEqual(['access', 'editor']);
    expect(updated.Spec?.CreatedBy?.User?.Name).toBe(created.Spec?.CreatedBy?.User?.Name);
    expect(updated.Metadata?.Revision).not.toBe(created.Metadata?.Revision);
    await expectRefusal(
      update(changed),
      'CompareFailed',
      /^resource revision does not match, it may have been/,
    );
    await expectRefusal(update(user(name)), 'CompareFailed', /^resource revision does not match/);
    const again = await update(updated);
    await eventually(async () => (await get(name)).Metadata?.Revision === again.Metadata?.Revision);
  });

  it('does not update what is not there', async () => {
    const Metadata = { Name: unique('user'), Revision: '00000000-0000-4000-8000-000000000000' };
    await expectRefusal(update(user('', { Metadata })), 'CompareFailed', /^resource revision does not match/);
  });

  it('upserts whatever the revision is', async () => {
    const name = unique('user');
    const first = await teleport().admin.unary(rpc.upsertUser, { user: user(name) });
    const second = await teleport().admin.unary(rpc.upsertUser, { user: user(name) });
    expect(second.user?.Metadata?.Revision).not.toBe(first.user?.Metadata?.Revision);
  });

  it('refuses a role that does not exist with NotFound, on every write', async () => {
    const name = unique('user');
    const Spec = { Roles: ['nothing'] };
    const bad = user(name, { Spec });
    const text = 'role nothing is not found';
    await expectRefusal(createUser(bad), 'NotFound', text);
    const created = await createUser(user(name));
    const changed = user(name, {
      Spec,
      Metadata: { Name: name, Revision: created.Metadata?.Revision ?? '' },
    });
    await expectRefusal(update(changed), 'NotFound', text);
    await expectRefusal(teleport().admin.unary(rpc.upsertUser, { user: bad }), 'NotFound', text);
  });

  it('lists users in pages, and loses one after each', async () => {
    const prefix = unique('listed');
    const names = ['a', 'b', 'c', 'd'].map((letter) => `${prefix}-${letter}`);
    for (const name of names) await createUser(user(name));
    const filter = { SearchKeywords: [prefix] };
    const list = async (pageSize: number, pageToken = '') => {
      const reply = await teleport().admin.unary(rpc.listUsers, { pageSize, pageToken, filter });
      return { names: reply.users.map((one) => one.Metadata?.Name), next: reply.nextPageToken };
    };
    await eventually(async () => expect(await list(0)).toEqual({ names, next: '' }));
    // 18.0.0 makes the page token of the next user as if it were this page's last: whoever lists users in pages
    // must not take the absence of one for its deletion
    const first = await list(2);
    expect(first).toEqual({ names: names.slice(0, 2), next: `${names[2]}0` });
    expect(await list(2, first.next)).toEqual({ names: names.slice(3), next: '' });
  });

  it('tells apart a missing user on reading and deleting', async () => {
    await expectRefusal(get('nobody'), 'NotFound', '"user" "nobody" does not exist');
    const remove = (name: string) => teleport().admin.unary(rpc.deleteUser, { name });
    await expectRefusal(remove('nobody'), 'NotFound', 'user "nobody" not found');
    const name = unique('user');
    await createUser(user(name));
    await remove(name);
    await eventually(() => expectRefusal(get(name), 'NotFound', `"user" "${name}" does not exist`));
  });

  it('shows nobody secrets', async () => {
    await expectRefusal(
      teleport().admin.unary(rpc.getUser, { name: 'x', withSecrets: true }),
      'AccessDenied',
      'this request can be only executed by an admin',
    );
  });

  it('forgets a user that expired before it was made', async () => {
    const name = unique('user');
    await createUser(user(name, { Metadata: { Name: name, Expires: timestampFromMs(0) } }));
    await eventually(() => expectRefusal(get(name), 'NotFound', `"user" "${name}" does not exist`));
  });

  it('refuses a user without a name', async () => {
    await expectRefusal(createUser(user('')), 'BadParameter', 'missing parameter Name');
  });
}
