// BotService and the heartbeat. A bot is no resource of its own: a user and a role `bot-<name>` with labels
// that say so (kinds.md E.9).
import { create } from '@bufbuild/protobuf';
import { durationFromMs, durationMs, EmptySchema, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { BotInstanceService } from '../../../src/gen/teleport/machineid/v1/bot_instance_service_pb.js';
import { type Bot, BotSchema } from '../../../src/gen/teleport/machineid/v1/bot_pb.js';
import { BotService } from '../../../src/gen/teleport/machineid/v1/bot_service_pb.js';
import { type RoleV6, RoleV6Schema } from '../../../src/gen/teleport/types/role_pb.js';
import {
  MFADeviceKind,
  PasswordState,
  type UserV2,
  UserV2Schema,
} from '../../../src/gen/teleport/types/user_pb.js';
import { callerName } from '../access/caller.js';
import { botUserName } from '../join/join.js';
import { accessDenied, alreadyExists, badParameter, notFound, wrapped } from '../refusal.js';
import { labelsOf } from '../state/head.js';
import { roles, users } from '../state/kinds.js';
import type { Reads } from '../state/shelf.js';
import { prepareRole } from './roles.js';
import { callerOf, type Service, type ServiceContext } from './service.js';

const botLabel = 'teleport.internal/bot';
const generationLabel = 'teleport.internal/bot-generation';
const defaultTtlMs = 12 * 3600_000;

export const botService: Service = (router, context) => {
  const { access } = context;
  const { store, reads, audit } = access.state;

  router.service(BotService, {
    getBot: (request, handler) => {
      access.check(callerOf(handler), 'bot', 'read');
      if (request.botName === '') throw badParameter('bot_name: must be non-empty');
      return botIn(reads, request.botName);
    },
    listBots: (_request, handler) => {
      access.check(callerOf(handler), 'bot', 'read', 'list');
      const names = reads.list(users).flatMap((user) => labelsOf(user)[botLabel] ?? []);
      return { bots: names.map((name) => botIn(reads, name)) };
    },
    createBot: (request, handler) => {
      const caller = callerOf(handler);
      access.check(caller, 'bot', 'create');
      const bot = checked(request.bot);
      const name = botUserName(bot.metadata?.name ?? '');
      if (store.has(users, name))
        throw wrapped('creating bot user', alreadyExists(`user "${name}" already registered`));
      const { user, role } = partsOf(context, bot, callerName(caller));
      store.create(users, user);
      store.create(roles, role);
      audit.add('bot.create', 'bot', bot.metadata?.name ?? '', callerName(caller));
      return botIn(store, bot.metadata?.name ?? '');
    },
    upsertBot: (request, handler) => {
      const caller = callerOf(handler);
      access.check(caller, 'bot', 'update', 'create');
      const bot = checked(request.bot);
      const { user, role } = partsOf(context, bot, callerName(caller));
      const existing = store.get(users, botUserName(bot.metadata?.name ?? ''));
      if (existing && user.Metadata) {
        const generation = labelsOf(existing)[generationLabel];
        if (generation === undefined) {
          throw badParameter('unable to determine existing generation for bot due to missing label');
        }
        user.Metadata.Labels[generationLabel] = generation;
      }
      store.put(users, user);
      store.put(roles, role);
      audit.add('bot.create', 'bot', bot.metadata?.name ?? '', callerName(caller));
      return botIn(store, bot.metadata?.name ?? '');
    },
    deleteBot: (request, handler) => {
      const caller = callerOf(handler);
      if (request.botName === '') throw badParameter('bot_name: must be non-empty');
      access.check(caller, 'bot', 'delete');
      const name = botUserName(request.botName);
      if (!store.delete(users, name))
        throw wrapped('deleting bot user', notFound(`"user" "${name}" does not exist`));
      store.delete(roles, name);
      audit.add('bot.delete', 'bot', request.botName, callerName(caller));
      return create(EmptySchema);
    },
  });

  router.service(BotInstanceService, {
    submitHeartbeat: (request, handler) => {
      const { identity } = callerOf(handler);
      if (!identity?.botName)
        throw accessDenied('identity did not contain bot, not able to submit heartbeat');
      if (!identity.botInstanceId)
        throw accessDenied('identity did not contain bot instance, not able to submit heartbeat');
      if (!request.heartbeat) throw badParameter('heartbeat: must be non-nil');
      const instance = access.state.instances.get(identity.botName, identity.botInstanceId);
      if (instance) instance.heartbeats += 1;
      return {};
    },
  });
};

function checked(bot: Bot | undefined): Bot {
  if (!bot) throw badParameter('must be non-nil');
  const refuse = (message: string): never => {
    throw badParameter(`validating bot\n\t${message}`);
  };
  if (!bot.metadata) refuse('metadata: must be non-nil');
  if (bot.metadata?.name === '') refuse('metadata.name: must be non-empty');
  if (!bot.spec) refuse('spec: must be non-nil');
  if (bot.spec?.roles.includes('')) refuse('spec.roles: must not contain empty strings');
  return bot;
}

function botIn(reads: Reads, botName: string): Bot {
  const name = botUserName(botName);
  const user = reads.get(users, name);
  if (!user) throw wrapped('fetching bot user', notFound(`"user" "${name}" does not exist`));
  const role = reads.get(roles, name);
  if (!role) throw wrapped('fetching bot role', notFound(`role ${name} is not found`));
  const { [botLabel]: stored, [generationLabel]: _generation, ...labels } = labelsOf(user);
  if (stored === undefined)
    throw wrapped('converting from resources', badParameter('user missing bot label'));
  const nanos = role.Spec?.Options?.MaxSessionTTL ?? 0n;
  return create(BotSchema, {
    kind: 'bot',
    version: 'v1',
    metadata: { name: stored, labels },
    spec: {
      roles: role.Spec?.Allow?.Impersonate?.Roles ?? [],
      traits: Object.entries(user.Spec?.Traits?.Values ?? {})
        .filter(([, list]) => list.Values.length > 0)
        .map(([trait, list]) => ({ name: trait, values: list.Values })),
      maxSessionTtl: durationFromMs(Number(nanos / 1_000_000n)),
    },
    status: { userName: name, roleName: name },
  });
}

function partsOf({ access }: ServiceContext, bot: Bot, by: string): { user: UserV2; role: RoleV6 } {
  const botName = bot.metadata?.name ?? '';
  const name = botUserName(botName);
  const ttl = bot.spec?.maxSessionTtl ? durationMs(bot.spec.maxSessionTtl) : defaultTtlMs;
  const Expires = bot.metadata?.expires;
  const expiry = Expires === undefined ? {} : { Expires };
  const role = create(RoleV6Schema, {
    Kind: 'role',
    Version: 'v8',
    Metadata: {
      Name: name,
      Namespace: 'default',
      Description: `Automatically generated role for bot ${botName}`,
      Labels: { [botLabel]: botName },
      ...expiry,
    },
    Spec: {
      Options: { MaxSessionTTL: BigInt(ttl) * 1_000_000n },
      Allow: {
        Rules: [{ Resources: ['cert_authority'], Verbs: ['readnosecrets'] }],
        Impersonate: { Roles: bot.spec?.roles ?? [] },
      },
    },
  });
  prepareRole(role);
  const traits = (bot.spec?.traits ?? []).filter((trait) => trait.values.length > 0);
  const user = create(UserV2Schema, {
    Kind: 'user',
    Version: 'v2',
    Metadata: {
      Name: name,
      Namespace: 'default',
      Labels: { ...bot.metadata?.labels, [botLabel]: botName, [generationLabel]: '0' },
      ...expiry,
    },
    Spec: {
      Roles: [name],
      Traits: { Values: Object.fromEntries(traits.map((trait) => [trait.name, { Values: trait.values }])) },
      CreatedBy: { User: { Name: by }, Time: timestampFromMs(access.state.clock.now()) },
    },
    Status: { passwordState: PasswordState.UNSET, mfaWeakestDevice: MFADeviceKind.MFA_DEVICE_KIND_UNSET },
  });
  return { user, role };
}
