// Contract: bots, which are a user and a role; heartbeats.
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, it } from 'vitest';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { BotInstanceService } from '../../../src/gen/teleport/machineid/v1/bot_instance_service_pb.js';
import { BotService } from '../../../src/gen/teleport/machineid/v1/bot_service_pb.js';
import { UsersService } from '../../../src/gen/teleport/users/v1/users_service_pb.js';
import { eventually } from '../../env/eventually.js';
import type { RunningTeleport } from '../../env/types.js';
import { generateCerts, joinedBot, newKeys, operatorClient, withCerts } from './clients.js';
import { expectRefusal, unique } from './expectations.js';

const rpc = BotService.method;

export function botsContract(teleport: () => RunningTeleport): void {
  const bot = (name: string) => ({
    metadata: { name, labels: { team: 'a' } },
    spec: {
      roles: ['access'],
      traits: [
        { name: 'logins', values: ['root'] },
        { name: 'none', values: [] },
      ],
    },
  });

  it('makes a user and a role of a bot', async () => {
    const name = unique('bot');
    const made = await teleport().admin.unary(rpc.createBot, { bot: bot(name) });
    expect(made).toMatchObject({ kind: 'bot', version: 'v1' });
    expect(made.metadata).toMatchObject({ name, labels: { team: 'a' } });
    expect(made.status).toMatchObject({ userName: `bot-${name}`, roleName: `bot-${name}` });
    expect(made.spec?.maxSessionTtl?.seconds).toBe(43200n);
    expect(made.spec?.traits).toHaveLength(1);
    const role = await teleport().admin.unary(AuthService.method.getRole, { Name: `bot-${name}` });
    expect(role.Version).toBe('v8');
    expect(role.Metadata?.Description).toBe(`Automatically generated role for bot ${name}`);
    expect(role.Spec?.Allow?.Impersonate?.Roles).toEqual(['access']);
    const { user } = await teleport().admin.unary(UsersService.method.getUser, { name: `bot-${name}` });
    expect(user?.Metadata?.Labels).toEqual({
      team: 'a',
      'teleport.internal/bot': name,
      'teleport.internal/bot-generation': '0',
    });
    await expectRefusal(
      teleport().admin.unary(rpc.createBot, { bot: bot(name) }),
      'AlreadyExists',
      `creating bot user: user "bot-${name}" already registered`,
    );
  });

  it('upserts, reads and deletes a bot', async () => {
    const name = unique('bot');
    await teleport().admin.unary(rpc.upsertBot, { bot: bot(name) });
    const changed = { ...bot(name), spec: { roles: ['editor'] } };
    const upserted = await eventually(() => teleport().admin.unary(rpc.upsertBot, { bot: changed }));
    expect(upserted.spec?.roles).toEqual(['editor']);
    await eventually(async () => {
      expect((await teleport().admin.unary(rpc.getBot, { botName: name })).spec?.roles).toEqual(['editor']);
    });
    await teleport().admin.unary(rpc.deleteBot, { botName: name });
    await eventually(() =>
      expectRefusal(
        teleport().admin.unary(rpc.getBot, { botName: name }),
        'NotFound',
        `fetching bot user: "user" "bot-${name}" does not exist`,
      ),
    );
    await expectRefusal(
      teleport().admin.unary(rpc.deleteBot, { botName: name }),
      'NotFound',
      new RegExp(`deleting bot user: .*"bot-${name}"`),
    );
  });

  it('refuses what is no bot', async () => {
    await expectRefusal(
      teleport().admin.unary(rpc.getBot, { botName: '' }),
      'BadParameter',
      'bot_name: must be non-empty',
    );
    await expectRefusal(teleport().admin.unary(rpc.createBot, {}), 'BadParameter', /must be non-nil/);
    await expectRefusal(
      teleport().admin.unary(rpc.upsertBot, {
        bot: { metadata: { name: unique('bot') }, spec: { roles: [''] } },
      }),
      'BadParameter',
      /spec\.roles: must not contain empty strings$/,
    );
  });

  // NotFound on the wire, which TeleportError.from tells apart from a resource's absence
  it('refuses every call of a bot whose user is gone', async () => {
    const name = unique('op');
    const { client } = await joinedBot(teleport(), name);
    await teleport().admin.unary(UsersService.method.deleteUser, { name: `bot-${name}` });
    const text = `access denied: "user" "bot-${name}" does not exist`;
    await eventually(() => expectRefusal(client.unary(AuthService.method.ping, {}), 'AccessDenied', text));
    client.close();
  });

  it('refuses every call with a role that is gone', async () => {
    const name = unique('op');
    const Name = unique('role');
    await teleport().admin.unary(AuthService.method.upsertRoleV2, {
      Role: { Version: 'v7', Metadata: { Name } },
    });
    const { client: bot } = await joinedBot(teleport(), name);
    const changed = { metadata: { name }, spec: { roles: [Name] } };
    await eventually(() => teleport().admin.unary(rpc.upsertBot, { bot: changed }));
    const keys = newKeys();
    const impersonation = { UseRoleRequests: true, RoleRequests: [Name] };
    const certs = await eventually(() => generateCerts(bot, `bot-${name}`, keys, impersonation));
    const client = await withCerts(teleport(), certs, keys);
    await client.unary(AuthService.method.ping, {});
    await teleport().admin.unary(AuthService.method.deleteRole, { Name });
    const text = `access denied: role ${Name} is not found`;
    await eventually(() => expectRefusal(client.unary(AuthService.method.ping, {}), 'AccessDenied', text));
    const remove = client.unary(UsersService.method.deleteUser, { name: 'x' });
    await expectRefusal(remove, 'AccessDenied', text);
    client.close();
    bot.close();
  });

  it('takes heartbeats from both identities of a bot, and from nobody else', async () => {
    const heartbeat = {
      recordedAt: timestampFromMs(Date.now()),
      isStartup: true,
      version: '0.1.0',
      uptime: durationFromMs(1_500),
      hostname: 'host',
      joinMethod: 'token',
      architecture: 'amd64',
      os: 'linux',
    };
    const joined = await joinedBot(teleport(), unique('op'));
    await joined.client.unary(BotInstanceService.method.submitHeartbeat, { heartbeat });
    const operator = await operatorClient(teleport(), unique('op'));
    await operator.unary(BotInstanceService.method.submitHeartbeat, { heartbeat });
    await expectRefusal(
      teleport().admin.unary(BotInstanceService.method.submitHeartbeat, { heartbeat }),
      'AccessDenied',
      /bot/,
    );
    await expectRefusal(
      operator.unary(BotInstanceService.method.submitHeartbeat, {}),
      'BadParameter',
      'heartbeat: must be non-nil',
    );
    joined.client.close();
    operator.close();
  });
}
