// Contract: the kinds that are stored as they are sent. A row says how a kind is written and what is told when it
// is missing; the cases are the same for all. What is refused in any case is in kinds-refused.ts.
import type { Message } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { revisionOf, setRevision } from '../../../sandbox/teleport/state/head.js';
import { AccessMonitoringRulesService } from '../../../src/gen/teleport/accessmonitoringrules/v1/access_monitoring_rules_service_pb.js';
import { AutoUpdateService } from '../../../src/gen/teleport/autoupdate/v1/autoupdate_service_pb.js';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { WorkloadIdentityResourceService } from '../../../src/gen/teleport/workloadidentity/v1/resource_service_pb.js';
import type { TeleportClient } from '../../../src/teleport/client.js';
import type { TeleportErrorKind } from '../../../src/teleport/errors.js';
import { eventually } from '../../env/eventually.js';
import type { RunningTeleport } from '../../env/types.js';
import { expectRefusal, unique } from './expectations.js';
import {
  app,
  database,
  identity,
  monitoringRule,
  node,
  provider,
  updateConfig,
  updateVersion,
} from './kind-messages.js';

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
}
