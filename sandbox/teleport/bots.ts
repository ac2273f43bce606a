// Makes what an administrator makes before the operator can join: a role with all that its kinds need, the bot
// with that role, and a join token.
import { randomBytes } from 'node:crypto';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type ProvisionTokenSpecV2Schema,
  ProvisionTokenV2Schema,
} from '../../src/gen/teleport/types/provision_token_pb.js';
import { RoleV6Schema } from '../../src/gen/teleport/types/role_pb.js';
import { MFADeviceKind, PasswordState, UserV2Schema } from '../../src/gen/teleport/types/user_pb.js';
import { botUserName } from './join/join.js';
import { prepareRole } from './services/roles.js';
import { prepareToken } from './services/tokens.js';
import type { ClusterState } from './state/cluster.js';
import { roles, tokens, users } from './state/kinds.js';

export type BotJoin =
  | { readonly method: 'token' }
  | {
      readonly method: 'kubernetes';
      readonly type: 'static_jwks';
      readonly jwks: string;
      /** namespace:name */
      readonly serviceAccount: string;
    }
  | { readonly method: 'kubernetes'; readonly type: 'in_cluster'; readonly serviceAccount: string }
  /** Any other method: the block of the token's spec that it reads. */
  | { readonly method: OtherMethod; readonly spec: MessageInitShape<typeof ProvisionTokenSpecV2Schema> };

type OtherMethod =
  | 'azure'
  | 'azure_devops'
  | 'bitbucket'
  | 'bound_keypair'
  | 'circleci'
  | 'gcp'
  | 'github'
  | 'gitlab'
  | 'iam'
  | 'spacelift'
  | 'terraform_cloud';

export interface BotOptions {
  readonly name: string;
  /** Roles that the bot may impersonate; `operator` alone, which is made when it is missing, if not said. */
  readonly roles?: readonly string[];
  readonly join: BotJoin;
  /** The token's name; made up if not said. */
  readonly tokenName?: string;
}

/** The role that addBot makes. */
export const operatorRole = 'operator';

/** Kinds that the operator manages, as rules name them. */
const managed = [
  'role',
  'user',
  'auth_connector',
  'github',
  'saml',
  'oidc',
  'login_rule',
  'token',
  'okta_import_rule',
  'access_list',
  'node',
  'trusted_cluster',
  'bot',
  'workload_identity',
  'autoupdate_config',
  'autoupdate_version',
  'app',
  'db',
  'lock',
  'saml_idp_service_provider',
  'access_monitoring_rule',
];

/** @returns the join token's name */
export function addBot(state: ClusterState, options: BotOptions): string {
  const { store } = state;
  if (!options.roles && !store.has(roles, operatorRole)) {
    const anything = { Values: { '*': { Values: ['*'] } } };
    const role = create(RoleV6Schema, {
      Version: 'v7',
      Metadata: { Name: operatorRole },
      Spec: {
        Options: {},
        Deny: {},
        Allow: {
          NodeLabels: anything,
          AppLabels: anything,
          DatabaseLabels: anything,
          WorkloadIdentityLabels: anything,
          Rules: [{ Resources: managed, Verbs: ['list', 'create', 'read', 'update', 'delete'] }],
        },
      },
    });
    prepareRole(role);
    store.put(roles, role);
  }
  const name = botUserName(options.name);
  const labels = { 'teleport.internal/bot': options.name };
  const role = create(RoleV6Schema, {
    Version: 'v8',
    Metadata: { Name: name, Labels: labels },
    Spec: {
      Options: { MaxSessionTTL: 12n * 3600n * 1_000_000_000n },
      Allow: {
        Rules: [{ Resources: ['cert_authority'], Verbs: ['readnosecrets'] }],
        Impersonate: { Roles: [...(options.roles ?? [operatorRole])] },
      },
    },
  });
  prepareRole(role);
  store.put(roles, role);
  store.put(
    users,
    create(UserV2Schema, {
      Kind: 'user',
      Version: 'v2',
      Metadata: {
        Name: name,
        Namespace: 'default',
        Labels: { ...labels, 'teleport.internal/bot-generation': '0' },
      },
      Spec: {
        Roles: [name],
        CreatedBy: { User: { Name: 'sandbox-admin' }, Time: timestampFromMs(state.clock.now()) },
      },
      Status: { passwordState: PasswordState.UNSET, mfaWeakestDevice: MFADeviceKind.MFA_DEVICE_KIND_UNSET },
    }),
  );
  const tokenName = options.tokenName ?? `${options.name}-${randomBytes(8).toString('hex')}`;
  const { join } = options;
  const token = create(ProvisionTokenV2Schema, {
    Metadata: { Name: tokenName },
    Spec: {
      Roles: ['Bot'],
      BotName: options.name,
      JoinMethod: join.method,
      ...(('spec' in join ? join.spec : {}) as object),
      ...(join.method === 'kubernetes'
        ? {
            Kubernetes: {
              Type: join.type,
              Allow: [{ ServiceAccount: join.serviceAccount }],
              ...(join.type === 'static_jwks' ? { StaticJWKS: { JWKS: join.jwks } } : {}),
            },
          }
        : {}),
    },
  });
  prepareToken(token);
  store.put(tokens, token);
  return tokenName;
}
