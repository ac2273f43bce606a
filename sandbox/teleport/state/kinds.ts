// What the embedded Teleport stores, as declarations: a kind's name, its message and how an event of it
// travels. A new kind is one entry here and its service.
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { AccessListSchema } from '../../../src/gen/teleport/accesslist/v1/accesslist_pb.js';
import { AccessMonitoringRuleSchema } from '../../../src/gen/teleport/accessmonitoringrules/v1/access_monitoring_rules_pb.js';
import {
  AutoUpdateConfigSchema,
  AutoUpdateVersionSchema,
} from '../../../src/gen/teleport/autoupdate/v1/autoupdate_pb.js';
import type { Event } from '../../../src/gen/teleport/client/event_pb.js';
import { LoginRuleSchema } from '../../../src/gen/teleport/loginrule/v1/loginrule_pb.js';
import { AppV3Schema } from '../../../src/gen/teleport/types/app_pb.js';
import { DatabaseV3Schema } from '../../../src/gen/teleport/types/database_pb.js';
import { GithubConnectorV3Schema } from '../../../src/gen/teleport/types/github_connector_pb.js';
import { LockV2Schema } from '../../../src/gen/teleport/types/lock_pb.js';
import { OIDCConnectorV3Schema } from '../../../src/gen/teleport/types/oidc_connector_pb.js';
import { OktaImportRuleV1Schema } from '../../../src/gen/teleport/types/okta_import_rule_pb.js';
import { ProvisionTokenV2Schema } from '../../../src/gen/teleport/types/provision_token_pb.js';
import { RoleV6Schema } from '../../../src/gen/teleport/types/role_pb.js';
import { SAMLConnectorV2Schema } from '../../../src/gen/teleport/types/saml_connector_pb.js';
import { SAMLIdPServiceProviderV1Schema } from '../../../src/gen/teleport/types/saml_idp_service_provider_pb.js';
import { ServerV2Schema } from '../../../src/gen/teleport/types/server_pb.js';
import { TrustedClusterV2Schema } from '../../../src/gen/teleport/types/trusted_cluster_pb.js';
import { UserV2Schema } from '../../../src/gen/teleport/types/user_pb.js';
import { WorkloadIdentitySchema } from '../../../src/gen/teleport/workloadidentity/v1/resource_pb.js';

type EventCase = NonNullable<Event['Resource']['case']>;

export interface StoredKind<Schema extends DescMessage = DescMessage> {
  /** As in the resource's own `kind` and in rules: role, user, token … */
  readonly kind: string;
  readonly schema: Schema;
  /** The event's field for it; undefined where Auth does not let the kind be watched (joining.md 8.4). */
  readonly event: EventCase | undefined;
}

export type Resource<Kind extends StoredKind> = MessageShape<Kind['schema']>;

const stored = <Schema extends DescMessage>(
  kind: string,
  schema: Schema,
  event?: EventCase,
): StoredKind<Schema> => ({ kind, schema, event });

export const roles = stored('role', RoleV6Schema, 'Role');
export const users = stored('user', UserV2Schema, 'User');
export const tokens = stored('token', ProvisionTokenV2Schema, 'ProvisionToken');
export const locks = stored('lock', LockV2Schema, 'Lock');
export const githubConnectors = stored('github', GithubConnectorV3Schema);
export const oidcConnectors = stored('oidc', OIDCConnectorV3Schema);
export const samlConnectors = stored('saml', SAMLConnectorV2Schema);
export const nodes = stored('node', ServerV2Schema, 'Server');
export const apps = stored('app', AppV3Schema, 'App');
export const databases = stored('db', DatabaseV3Schema, 'Database');
export const samlProviders = stored(
  'saml_idp_service_provider',
  SAMLIdPServiceProviderV1Schema,
  'SAMLIdPServiceProvider',
);
export const trustedClusters = stored('trusted_cluster', TrustedClusterV2Schema);
export const loginRules = stored('login_rule', LoginRuleSchema);
export const accessLists = stored('access_list', AccessListSchema, 'AccessList');
export const oktaImportRules = stored('okta_import_rule', OktaImportRuleV1Schema, 'OktaImportRule');
export const workloadIdentities = stored('workload_identity', WorkloadIdentitySchema, 'WorkloadIdentity');
export const autoUpdateConfigs = stored('autoupdate_config', AutoUpdateConfigSchema, 'AutoUpdateConfig');
export const autoUpdateVersions = stored('autoupdate_version', AutoUpdateVersionSchema, 'AutoUpdateVersion');
export const monitoringRules = stored(
  'access_monitoring_rule',
  AccessMonitoringRuleSchema,
  'AccessMonitoringRule',
);

/** Every stored kind, by name. */
export const storedKinds = {
  role: roles,
  user: users,
  token: tokens,
  lock: locks,
  github: githubConnectors,
  oidc: oidcConnectors,
  saml: samlConnectors,
  node: nodes,
  app: apps,
  db: databases,
  saml_idp_service_provider: samlProviders,
  trusted_cluster: trustedClusters,
  login_rule: loginRules,
  access_list: accessLists,
  okta_import_rule: oktaImportRules,
  workload_identity: workloadIdentities,
  autoupdate_config: autoUpdateConfigs,
  autoupdate_version: autoUpdateVersions,
  access_monitoring_rule: monitoringRules,
};

export type KindName = keyof typeof storedKinds;

/** The kind of that name, if this server stores it. */
export function storedKind(name: string): StoredKind | undefined {
  return (storedKinds as unknown as Record<string, StoredKind | undefined>)[name];
}
