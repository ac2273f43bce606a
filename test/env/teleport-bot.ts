// The operator's bot in Teleport, made with an administrator's calls: the role with the operator's rights, the
// bot, a join token. The same on every server.
import { randomBytes } from 'node:crypto';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { BotService } from '../../src/gen/teleport/machineid/v1/bot_service_pb.js';
import { kinds } from '../../src/kinds/index.js';
import { teleportAllow } from '../../src/kinds/permissions.js';
import type { TeleportClient } from '../../src/teleport/client.js';
import type { BotOptions } from './types.js';

/** The role that the operator acts with. */
export const operatorRole = 'operator';

/** What the teleport-cluster chart of the Go operator allows (kinds.md F.9): fewer kinds than there are. */
const chartResources = (
  'role user auth_connector login_rule token okta_import_rule access_list node ' +
  'trusted_cluster bot workload_identity autoupdate_version autoupdate_config'
).split(' ');
const verbs = ['list', 'create', 'read', 'update', 'delete'];
const everything = { Values: { '*': { Values: ['*'] } } };

/** @returns the join token's name */
export async function makeBot(
  admin: TeleportClient,
  { name, join, rights = 'all' }: BotOptions,
): Promise<string> {
  const { rules } = teleportAllow(kinds);
  await admin.unary(AuthService.method.upsertRoleV2, {
    Role: {
      Kind: 'role',
      Version: 'v7',
      Metadata: { Name: operatorRole, Namespace: 'default' },
      Spec: {
        Allow: {
          Rules:
            rights === 'chart'
              ? [{ Resources: chartResources, Verbs: verbs }]
              : rules.map((rule) => ({ Resources: [...rule.resources], Verbs: [...rule.verbs] })),
          NodeLabels: everything,
          ...(rights === 'all' && { AppLabels: everything, DatabaseLabels: everything }),
        },
      },
    },
  });
  await admin.unary(BotService.method.upsertBot, {
    bot: { kind: 'bot', version: 'v1', metadata: { name }, spec: { roles: [operatorRole] } },
  });
  const token =
    join.method === 'token' ? randomBytes(16).toString('hex') : `${name}-${randomBytes(4).toString('hex')}`;
  await admin.unary(AuthService.method.upsertTokenV2, {
    Token: {
      case: 'V2',
      value: {
        Kind: 'token',
        Version: 'v2',
        Metadata: { Name: token, Namespace: 'default' },
        Spec: {
          Roles: ['Bot'],
          BotName: name,
          JoinMethod: join.method,
          ...(join.method === 'token'
            ? {}
            : {
                Kubernetes: {
                  Type: join.type,
                  StaticJWKS: { JWKS: join.jwks },
                  Allow: [{ ServiceAccount: join.serviceAccount }],
                },
              }),
        },
      },
    },
  });
  return token;
}
