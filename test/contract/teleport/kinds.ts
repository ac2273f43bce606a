// Contract: the kinds that are stored as they are sent. A row says how a kind is written and what is told when it
// is missing; the cases are the same for all.
import type { Message } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { revisionOf, setRevision } from '../../../sandbox/teleport/state/head.js';
import { AccessMonitoringRulesService } from '../../../src/gen/teleport/accessmonitoringrules/v1/access_monitoring_rules_service_pb.js';
import { AutoUpdateService } from '../../../src/gen/teleport/autoupdate/v1/autoupdate_service_pb.js';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { LoginRuleService } from '../../../src/gen/teleport/loginrule/v1/loginrule_service_pb.js';
import { TrustService } from '../../../src/gen/teleport/trust/v1/trust_service_pb.js';
import { WorkloadIdentityResourceService } from '../../../src/gen/teleport/workloadidentity/v1/resource_service_pb.js';
import type { TeleportClient } from '../../../src/teleport/client.js';
import type { TeleportErrorKind } from '../../../src/teleport/errors.js';
import { eventually } from '../../env/eventually.js';
import type { RunningTeleport } from '../../env/types.js';
import { expectRefusal, unique } from './expectations.js';

const auth = AuthService.method;
const workload = WorkloadIdentityResourceService.method;
const updates = AutoUpdateService.method;
const monitoring = AccessMonitoringRulesService.method;

export interface Row {
  readonly kind: string;
  /** The name of the one resource of the kind. */
  readonly singleton?: string;
  get(client: TeleportClient, name: string): Promise<Message>;
  create(client: TeleportClient, name: string): Promise<Message>;
  /** Writes what was read. */
  update?(client: TeleportClient, read: Message): Promise<Message>;
  upsert?(client: TeleportClient, name: string): Promise<Message>;
  remove(client: TeleportClient, name: string): Promise<Message>;
  readonly missing: string;
  /** Where deleting tells it otherwise. */
  readonly missingOnDelete?: string;
  readonly exists?: string;
  /** Whether an update needs the stored revision. */
  readonly conditional?: boolean;
}

const node = (Name: string) => ({
  Kind: 'node',
  SubKind: 'openssh',
  Version: 'v2',
  Metadata: { Name, Namespace: 'default' },
  Spec: { Addr: '192.0.2.1:22', Hostname: 'host' },
});
const app = (Name: string) => ({
  Kind: 'app',
  Version: 'v3',
  Metadata: { Name },
  Spec: { URI: 'http://localhost:80' },
});
const database = (Name: string) => ({
  Version: 'v3',
  Metadata: { Name },
  Spec: { Protocol: 'postgres', URI: 'localhost:5432' },
});
const provider = (Name: string) => ({
  Header: { Kind: 'saml_idp_service_provider', Version: 'v1', Metadata: { Name } },
  Spec: { EntityID: `https://${Name}`, ACSURL: `https://${Name}/acs` },
});
const identity = (name: string) => ({
  kind: 'workload_identity',
  version: 'v1',
  metadata: { name },
  spec: { spiffe: { id: '/x' } },
});
const updateConfig = () => ({
  kind: 'autoupdate_config',
  version: 'v1',
  metadata: { name: 'autoupdate-config' },
  spec: { tools: { mode: 'enabled' } },
});
const updateVersion = () => ({
  kind: 'autoupdate_version',
  version: 'v1',
  metadata: { name: 'autoupdate-version' },
  spec: { tools: { targetVersion: '1.2.3' } },
});
const monitoringRule = (name: string) => ({
  kind: 'access_monitoring_rule',
  version: 'v1',
  metadata: { name },
  spec: { subjects: ['access_request'], condition: 'true', notification: { name: 'x' } },
});

export const rows: readonly Row[] = [
  {
    kind: 'node',
    get: (client, Name) => client.unary(auth.getNode, { Name, Namespace: 'default' }),
    create: (client, name) => client.unary(auth.upsertNode, node(name)),
    upsert: (client, name) => client.unary(auth.upsertNode, node(name)),
    remove: (client, Name) => client.unary(auth.deleteNode, { Name, Namespace: 'default' }),
    missing: '"node" "NAME" does not exist',
    missingOnDelete: 'key "/nodes/default/NAME" is not found',
  },
  {
    kind: 'app',
    get: (client, Name) => client.unary(auth.getApp, { Name }),
    create: (client, name) => client.unary(auth.createApp, app(name)),
    update: (client, read) => client.unary(auth.updateApp, read as never),
    remove: (client, Name) => client.unary(auth.deleteApp, { Name }),
    missing: '"app" "NAME" does not exist',
    exists: 'app "NAME" already exists',
  },
  {
    kind: 'db',
    get: (client, Name) => client.unary(auth.getDatabase, { Name }),
    create: (client, name) => client.unary(auth.createDatabase, database(name)),
    update: (client, read) => client.unary(auth.updateDatabase, read as never),
    remove: (client, Name) => client.unary(auth.deleteDatabase, { Name }),
    missing: '"db" "NAME" does not exist',
    exists: 'database "NAME" already exists',
  },
  {
    kind: 'saml_idp_service_provider',
    get: (client, Name) => client.unary(auth.getSAMLIdPServiceProvider, { Name }),
    create: (client, name) => client.unary(auth.createSAMLIdPServiceProvider, provider(name)),
    update: (client, read) => client.unary(auth.updateSAMLIdPServiceProvider, read as never),
    remove: (client, Name) => client.unary(auth.deleteSAMLIdPServiceProvider, { Name }),
    missing: '"saml_idp_service_provider" "NAME" does not exist',
    exists: 'saml_idp_service_provider "NAME" already exists',
  },
  {
    kind: 'workload_identity',
    get: (client, name) => client.unary(workload.getWorkloadIdentity, { name }),
    create: (client, name) =>
      client.unary(workload.createWorkloadIdentity, { workloadIdentity: identity(name) }),
    update: (client, read) =>
      client.unary(workload.updateWorkloadIdentity, { workloadIdentity: read as never }),
    upsert: (client, name) =>
      client.unary(workload.upsertWorkloadIdentity, { workloadIdentity: identity(name) }),
    remove: (client, name) => client.unary(workload.deleteWorkloadIdentity, { name }),
    missing: '"workload_identity" "NAME" does not exist',
    missingOnDelete: `workload_identity "NAME" doesn't exist`,
    exists: 'workload_identity "NAME" already exists',
    conditional: true,
  },
  {
    kind: 'autoupdate_config',
    singleton: 'autoupdate-config',
    get: (client) => client.unary(updates.getAutoUpdateConfig, {}),
    create: (client) => client.unary(updates.createAutoUpdateConfig, { config: updateConfig() }),
    update: (client, read) => client.unary(updates.updateAutoUpdateConfig, { config: read as never }),
    upsert: (client) => client.unary(updates.upsertAutoUpdateConfig, { config: updateConfig() }),
    remove: (client) => client.unary(updates.deleteAutoUpdateConfig, {}),
    missing: '"autoupdate_config" "NAME" does not exist',
    missingOnDelete: `autoupdate_config "NAME" doesn't exist`,
    exists: 'autoupdate_config "NAME" already exists',
    conditional: true,
  },
  {
    kind: 'autoupdate_version',
    singleton: 'autoupdate-version',
    get: (client) => client.unary(updates.getAutoUpdateVersion, {}),
    create: (client) => client.unary(updates.createAutoUpdateVersion, { version: updateVersion() }),
    update: (client, read) => client.unary(updates.updateAutoUpdateVersion, { version: read as never }),
    upsert: (client) => client.unary(updates.upsertAutoUpdateVersion, { version: updateVersion() }),
    remove: (client) => client.unary(updates.deleteAutoUpdateVersion, {}),
    missing: '"autoupdate_version" "NAME" does not exist',
    missingOnDelete: `autoupdate_version "NAME" doesn't exist`,
    exists: 'autoupdate_version "NAME" already exists',
    conditional: true,
  },
  {
    kind: 'access_monitoring_rule',
    get: (client, name) => client.unary(monitoring.getAccessMonitoringRule, { name }),
    create: (client, name) =>
      client.unary(monitoring.createAccessMonitoringRule, { rule: monitoringRule(name) }),
    update: (client, read) => client.unary(monitoring.updateAccessMonitoringRule, { rule: read as never }),
    upsert: (client, name) =>
      client.unary(monitoring.upsertAccessMonitoringRule, { rule: monitoringRule(name) }),
    remove: (client, name) => client.unary(monitoring.deleteAccessMonitoringRule, { name }),
    missing: `access_monitoring_rule "NAME" doesn't exist`,
    exists: 'access_monitoring_rule "NAME" already exists',
  },
];

const Metadata = { Name: 'x' };

/** Calls that are refused whatever they say, or whose kinds cannot be written without the world outside. */
const refusals: readonly [string, TeleportErrorKind, string, (client: TeleportClient) => Promise<Message>][] =
  [
    [
      'GetGithubConnector',
      'NotFound',
      'github connector "x" is not configured',
      (client) => client.unary(auth.getGithubConnector, { Name: 'x' }),
    ],
    [
      'DeleteGithubConnector',
      'NotFound',
      'key "/web/connectors/github/connectors/x" is not found',
      (client) => client.unary(auth.deleteGithubConnector, { Name: 'x' }),
    ],
    [
      'CreateGithubConnector',
      'BadParameter',
      'team_to_logins or team_to_roles mapping is invalid, no mappings defined.',
      (client) =>
        client.unary(auth.createGithubConnector, { Connector: { Version: 'v3', Metadata, Spec: {} } }),
    ],
    [
      'GetOIDCConnector',
      'NotFound',
      "OpenID connector 'x' is not configured",
      (client) => client.unary(auth.getOIDCConnector, { Name: 'x' }),
    ],
    [
      'DeleteOIDCConnector',
      'NotFound',
      'key "/web/connectors/oidc/connectors/x" is not found',
      (client) => client.unary(auth.deleteOIDCConnector, { Name: 'x' }),
    ],
    [
      'CreateOIDCConnector',
      'AccessDenied',
      'OIDC is only available in Teleport Enterprise',
      (client) =>
        client.unary(auth.createOIDCConnector, { Connector: { Version: 'v3', Metadata, Spec: {} } }),
    ],
    [
      'GetSAMLConnector',
      'NotFound',
      'SAML connector "x" is not configured',
      (client) => client.unary(auth.getSAMLConnector, { Name: 'x', SAMLValidationNoFollowURLs: true }),
    ],
    [
      'DeleteSAMLConnector',
      'NotFound',
      'key "/web/connectors/saml/connectors/x" is not found',
      (client) => client.unary(auth.deleteSAMLConnector, { Name: 'x' }),
    ],
    [
      'CreateSAMLConnector',
      'AccessDenied',
      'SAML is only available in Teleport Enterprise',
      (client) =>
        client.unary(auth.createSAMLConnector, { Connector: { Version: 'v2', Metadata, Spec: {} } }),
    ],
    [
      'GetLoginRule',
      'AccessDenied',
      'this feature requires Teleport Enterprise',
      (client) => client.unary(LoginRuleService.method.getLoginRule, { name: 'x' }),
    ],
    [
      'DeleteLoginRule',
      'AccessDenied',
      'this feature requires Teleport Enterprise',
      (client) => client.unary(LoginRuleService.method.deleteLoginRule, { name: 'x' }),
    ],
    [
      'GetTrustedCluster',
      'NotFound',
      'key "/trustedclusters/x" is not found',
      (client) => client.unary(auth.getTrustedCluster, { Name: 'x' }),
    ],
    [
      'DeleteTrustedCluster',
      'NotFound',
      'trusted cluster "x" is not found',
      (client) => client.unary(auth.deleteTrustedCluster, { Name: 'x' }),
    ],
    [
      'UpdateTrustedCluster',
      'NotFound',
      'key "/trustedclusters/x" is not found',
      (client) =>
        client.unary(TrustService.method.updateTrustedCluster, {
          trustedCluster: {
            Version: 'v2',
            Metadata,
            Spec: { Token: 't', ProxyAddress: '127.0.0.1:1', RoleMap: [{ Remote: 'a', Local: ['access'] }] },
          },
        }),
    ],
    [
      'UpsertNode',
      'BadParameter',
      'addr must be set when server SubKind is "openssh"',
      (client) => client.unary(auth.upsertNode, { ...node('x'), Spec: {} }),
    ],
    [
      'CreateDatabase',
      'BadParameter',
      'database "x" protocol is empty',
      (client) => client.unary(auth.createDatabase, { Version: 'v3', Metadata, Spec: {} }),
    ],
    [
      'CreateWorkloadIdentity',
      'BadParameter',
      'spec.spiffe.id: must start with a /',
      (client) =>
        client.unary(workload.createWorkloadIdentity, {
          workloadIdentity: { ...identity('x'), spec: { spiffe: { id: 'x' } } },
        }),
    ],
    [
      'CreateWorkloadIdentity without one',
      'BadParameter',
      'object cannot be nil',
      (client) => client.unary(workload.createWorkloadIdentity, {}),
    ],
    [
      'CreateAutoUpdateConfig of another name',
      'BadParameter',
      'Name is not valid',
      (client) =>
        client.unary(updates.createAutoUpdateConfig, {
          config: { ...updateConfig(), metadata: { name: 'x' } },
        }),
    ],
    [
      'CreateAutoUpdateConfig without one',
      'BadParameter',
      'AutoUpdateConfig is nil',
      (client) => client.unary(updates.createAutoUpdateConfig, {}),
    ],
    [
      'CreateAutoUpdateVersion',
      'BadParameter',
      'validating spec.tools.target_version: version "x" is not a valid semantic version',
      (client) =>
        client.unary(updates.createAutoUpdateVersion, {
          version: { ...updateVersion(), spec: { tools: { targetVersion: 'x' } } },
        }),
    ],
  ];

export function kindsContract(teleport: () => RunningTeleport): void {
  it.each(rows)('writes, reads and deletes $kind', async (row) => {
    const { admin } = teleport();
    const name = row.singleton ?? unique(row.kind.replaceAll('_', '-'));
    const missing = row.missing.replace('NAME', name);
    const missingOnDelete = (row.missingOnDelete ?? row.missing).replace('NAME', name);
    await expectRefusal(row.get(admin, name), 'NotFound', missing);
    await expectRefusal(row.remove(admin, name), 'NotFound', missingOnDelete);
    await row.create(admin, name);
    if (row.exists)
      await expectRefusal(row.create(admin, name), 'AlreadyExists', row.exists.replace('NAME', name));
    // not even what was just made is found at once: these kinds are read from the cache alone
    const read = await eventually(() => row.get(admin, name));
    expect(revisionOf(read)).toMatch(/^[0-9a-f-]{36}$/);
    if (row.update) {
      await row.update(admin, read);
      if (row.conditional) {
        await expectRefusal(row.update(admin, read), 'CompareFailed', /^resource revision does not match/);
        setRevision(read, '');
        await expectRefusal(row.update(admin, read), 'CompareFailed', /^resource revision does not match/);
      } else {
        await row.update(admin, read);
      }
    }
    await row.upsert?.(admin, name);
    await row.remove(admin, name);
    await eventually(() => expectRefusal(row.get(admin, name), 'NotFound', missing));
    if (row.update) {
      const [kind, text]: [TeleportErrorKind, string | RegExp] = row.conditional
        ? ['CompareFailed', /^resource revision does not match/]
        : ['NotFound', missing];
      await expectRefusal(row.update(admin, read), kind, text);
    }
  });

  it.each(refusals)('refuses %s', async (_name, kind, text, call) => {
    await expectRefusal(call(teleport().admin), kind, text);
  });
}
