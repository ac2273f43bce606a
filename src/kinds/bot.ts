// TeleportBotV1: a machine user. Teleport keeps it as a user and a role named bot-<name>, and stores
// neither description nor revision.
import { create } from '@bufbuild/protobuf';
import { DurationSchema } from '@bufbuild/protobuf/wkt';
import { type Bot, BotSchema, BotSpecSchema } from '../gen/teleport/machineid/v1/bot_pb.js';
import { BotService } from '../gen/teleport/machineid/v1/bot_service_pb.js';
import { call, nothing, paged } from './calls.js';
import { rfd153Form } from './forms.js';
import { declareKind } from './kind.js';
import { rolesNamed } from './mentions.js';

export const bot = declareKind({
  object: {
    kind: 'TeleportBotV1',
    plural: 'teleportbotsv1',
    shortNames: ['botv1', 'botsv1'],
    versions: [{ name: 'v1', storage: true }],
    columns: [{ name: 'Roles', jsonPath: '.spec.roles', type: 'string' }],
    description: 'A Machine ID bot: a machine that joins with a token and may take on the roles listed here.',
  },
  resource: { kind: 'bot', version: 'v1' },
  schema: BotSchema,
  form: rfd153Form(BotSchema),
  spec: { schema: BotSpecSchema, hidden: [] },
  serverOwned: ['status', 'metadata.description', 'metadata.expires'],
  defaults: ({ spec }) => {
    if (!spec) return;
    spec.maxSessionTtl ??= create(DurationSchema, { seconds: 43_200n });
    // Stored as a map: order is lost, and what has no values is dropped.
    spec.traits = spec.traits
      .filter(({ values }) => values.length > 0)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  },
  mentions: ({ spec }) => rolesNamed(spec?.roles),
  calls: {
    get: call(
      BotService.method.getBot,
      (botName: string) => ({ botName }),
      (stored) => stored,
    ),
    create: call(
      BotService.method.createBot,
      (created: Bot) => ({ bot: created }),
      (stored) => stored,
    ),
    update: call(
      BotService.method.upsertBot,
      (updated: Bot) => ({ bot: updated }),
      (stored) => stored,
    ),
    list: paged(
      BotService.method.listBots,
      (pageToken, pageSize) => ({ pageToken, pageSize }),
      ({ bots, nextPageToken }) => ({ items: bots, next: nextPageToken }),
    ),
    delete: call(BotService.method.deleteBot, (botName: string) => ({ botName }), nothing),
  },
});
