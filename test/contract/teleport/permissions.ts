// Contract: what a caller without a right is told, RPC by RPC; rules decide by kind and verb.
import { expect, it } from 'vitest';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { BotService } from '../../../src/gen/teleport/machineid/v1/bot_service_pb.js';
import { UsersService } from '../../../src/gen/teleport/users/v1/users_service_pb.js';
import type { TeleportClient } from '../../../src/teleport/client.js';
import { eventually } from '../../env/eventually.js';
import type { RunningTeleport } from '../../env/types.js';
import { generateCerts, joinedBot, newKeys, withCerts } from './clients.js';
import { expectRefusal, unique } from './expectations.js';

const auth = AuthService.method;
const users = UsersService.method;
const bots = BotService.method;
const Metadata = { Name: 'x' };
const token = { Token: { case: 'V2' as const, value: { Metadata, Spec: { Roles: ['Node'] } } } };
const bot = { metadata: { name: 'x' }, spec: {} };

/** RPC, the verbs that it needs in the order in which they are told, the kind. */
const calls: [string, string, string, (client: TeleportClient) => Promise<unknown>][] = [
  ['GetRole', 'read', 'role', (client) => client.unary(auth.getRole, { Name: 'x' })],
  ['ListRoles', 'list read', 'role', (client) => client.unary(auth.listRoles, {})],
  [
    'CreateRole',
    'create',
    'role',
    (client) => client.unary(auth.createRole, { Role: { Version: 'v7', Metadata } }),
  ],
  [
    'UpdateRole',
    'update',
    'role',
    (client) => client.unary(auth.updateRole, { Role: { Version: 'v7', Metadata } }),
  ],
  [
    'UpsertRoleV2 (new)',
    'create',
    'role',
    (client) => client.unary(auth.upsertRoleV2, { Role: { Version: 'v7', Metadata } }),
  ],
  [
    'UpsertRoleV2 (existing)',
    'update',
    'role',
    (client) => client.unary(auth.upsertRoleV2, { Role: { Version: 'v7', Metadata: { Name: 'access' } } }),
  ],
  ['DeleteRole', 'delete', 'role', (client) => client.unary(auth.deleteRole, { Name: 'x' })],
  ['GetUser', 'read', 'user', (client) => client.unary(users.getUser, { name: 'x' })],
  ['ListUsers', 'read list', 'user', (client) => client.unary(users.listUsers, {})],
  ['CreateUser', 'create', 'user', (client) => client.unary(users.createUser, { user: { Metadata } })],
  ['UpdateUser', 'update', 'user', (client) => client.unary(users.updateUser, { user: { Metadata } })],
  ['UpsertUser', 'update create', 'user', (client) => client.unary(users.upsertUser, { user: { Metadata } })],
  ['DeleteUser', 'delete', 'user', (client) => client.unary(users.deleteUser, { name: 'x' })],
  ['GetToken', 'read', 'token', (client) => client.unary(auth.getToken, { Name: 'x' })],
  ['GetTokens', 'list read', 'token', (client) => client.unary(auth.getTokens, {})],
  ['CreateTokenV2', 'create', 'token', (client) => client.unary(auth.createTokenV2, token)],
  ['UpsertTokenV2', 'create update', 'token', (client) => client.unary(auth.upsertTokenV2, token)],
  ['DeleteToken', 'delete', 'token', (client) => client.unary(auth.deleteToken, { Name: 'x' })],
  ['GetLock', 'read', 'lock', (client) => client.unary(auth.getLock, { Name: 'x' })],
  [
    'UpsertLock',
    'create update',
    'lock',
    (client) => client.unary(auth.upsertLock, { Metadata, Spec: { Target: { User: 'nobody' } } }),
  ],
  ['DeleteLock', 'delete', 'lock', (client) => client.unary(auth.deleteLock, { Name: 'x' })],
  ['GetBot', 'read', 'bot', (client) => client.unary(bots.getBot, { botName: 'x' })],
  ['CreateBot', 'create', 'bot', (client) => client.unary(bots.createBot, { bot })],
  ['UpsertBot', 'update create', 'bot', (client) => client.unary(bots.upsertBot, { bot })],
  ['DeleteBot', 'delete', 'bot', (client) => client.unary(bots.deleteBot, { botName: 'x' })],
];

export function permissionsContract(teleport: () => RunningTeleport): void {
  it('names the verb and the kind that a bot of its own has no right to', async () => {
    const { client } = await joinedBot(teleport(), unique('op'));
    const answers: Record<string, string> = {};
    const wanted: Record<string, string> = {};
    for (const [name, verbs, kind, call] of calls) {
      const told = verbs.split(' ').map((verb) => `access denied to perform action "${verb}" on "${kind}"`);
      wanted[name] = told.join(', ');
      answers[name] = await call(client).then(
        () => 'answered',
        (error: unknown) => (error as Error).message,
      );
    }
    expect(answers).toEqual(wanted);
    client.close();
  });

  it('lets deny win over allow, and a star stand for every kind and verb', async () => {
    const name = unique('op');
    const Name = unique('role');
    const Spec = {
      Allow: { Rules: [{ Resources: ['*'], Verbs: ['*'] }] },
      Deny: { Rules: [{ Resources: ['token'], Verbs: ['read'] }] },
    };
    await teleport().admin.unary(auth.upsertRoleV2, { Role: { Version: 'v7', Metadata: { Name }, Spec } });
    const { client: own } = await joinedBot(teleport(), name);
    await eventually(() =>
      teleport().admin.unary(bots.upsertBot, { bot: { metadata: { name }, spec: { roles: [Name] } } }),
    );
    const keys = newKeys();
    const request = { UseRoleRequests: true, RoleRequests: [Name] };
    const certs = await eventually(() => generateCerts(own, `bot-${name}`, keys, request));
    const client = await withCerts(teleport(), certs, keys);
    await client.unary(auth.getRole, { Name: 'access' });
    await expectRefusal(
      client.unary(auth.getToken, { Name: 'x' }),
      'AccessDenied',
      'access denied to perform action "read" on "token"',
    );
    own.close();
    client.close();
  });
}
