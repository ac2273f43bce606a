// Kinds of newer services: workload identities, managed updates, access monitoring; with a licence login rules,
// access lists and Okta import rules.

import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type AccessList,
  AccessListAuditSchema,
} from '../../../src/gen/teleport/accesslist/v1/accesslist_pb.js';
import { AccessListService } from '../../../src/gen/teleport/accesslist/v1/accesslist_service_pb.js';
import type { AccessMonitoringRule } from '../../../src/gen/teleport/accessmonitoringrules/v1/access_monitoring_rules_pb.js';
import { AccessMonitoringRulesService } from '../../../src/gen/teleport/accessmonitoringrules/v1/access_monitoring_rules_service_pb.js';
import type {
  AutoUpdateConfig,
  AutoUpdateVersion,
} from '../../../src/gen/teleport/autoupdate/v1/autoupdate_pb.js';
import { AutoUpdateService } from '../../../src/gen/teleport/autoupdate/v1/autoupdate_service_pb.js';
import type { LoginRule } from '../../../src/gen/teleport/loginrule/v1/loginrule_pb.js';
import { LoginRuleService } from '../../../src/gen/teleport/loginrule/v1/loginrule_service_pb.js';
import { OktaService } from '../../../src/gen/teleport/okta/v1/okta_service_pb.js';
import type { WorkloadIdentity } from '../../../src/gen/teleport/workloadidentity/v1/resource_pb.js';
import { WorkloadIdentityResourceService } from '../../../src/gen/teleport/workloadidentity/v1/resource_service_pb.js';
import { badParameter } from '../refusal.js';
import { nameOf } from '../state/head.js';
import {
  accessLists,
  autoUpdateConfigs,
  autoUpdateVersions,
  loginRules,
  monitoringRules,
  oktaImportRules,
  workloadIdentities,
} from '../state/kinds.js';
import { resourceService, type Served } from './resource.js';
import type { Service } from './service.js';

const quoted = (kind: string) => (name: string) => `"${kind}" "${name}" does not exist`;
const plain = (kind: string) => (name: string) => `${kind} "${name}" doesn't exist`;
const exists = (kind: string) => (name: string) => `${kind} "${name}" already exists`;

const workloadIdentity: Served = {
  stored: workloadIdentities,
  methods: [
    WorkloadIdentityResourceService.method.getWorkloadIdentity,
    WorkloadIdentityResourceService.method.listWorkloadIdentities,
    WorkloadIdentityResourceService.method.createWorkloadIdentity,
    WorkloadIdentityResourceService.method.updateWorkloadIdentity,
    WorkloadIdentityResourceService.method.upsertWorkloadIdentity,
    WorkloadIdentityResourceService.method.deleteWorkloadIdentity,
  ],
  upserting: ['update', 'create'],
  missing: { get: quoted('workload_identity'), delete: plain('workload_identity') },
  unnamed: { get: 'name: must be non-empty', delete: 'name: must be non-empty' },
  exists: exists('workload_identity'),
  conditional: true,
  absent: 'object cannot be nil',
  check: (given: WorkloadIdentity) => {
    if (!given.spec) throw badParameter('spec: is required');
    if (!given.spec.spiffe?.id) throw badParameter('spec.spiffe.id: is required');
    if (!given.spec.spiffe.id.startsWith('/')) throw badParameter('spec.spiffe.id: must start with a /');
  },
};

/** @throws BadParameter */
function singleton(name: string, given: string, spec: unknown): void {
  if (given !== name) throw badParameter('Name is not valid');
  if (!spec) throw badParameter('Spec is nil');
}

const autoUpdateConfig: Served = {
  stored: autoUpdateConfigs,
  methods: [
    AutoUpdateService.method.getAutoUpdateConfig,
    AutoUpdateService.method.createAutoUpdateConfig,
    AutoUpdateService.method.updateAutoUpdateConfig,
    AutoUpdateService.method.upsertAutoUpdateConfig,
    AutoUpdateService.method.deleteAutoUpdateConfig,
  ],
  singleton: 'autoupdate-config',
  upserting: ['update', 'create'],
  missing: { get: quoted('autoupdate_config'), delete: plain('autoupdate_config') },
  exists: exists('autoupdate_config'),
  conditional: true,
  absent: 'AutoUpdateConfig is nil',
  check: (given: AutoUpdateConfig) => {
    singleton('autoupdate-config', nameOf(given), given.spec);
    const mode = given.spec?.tools?.mode;
    if (mode !== undefined && !['enabled', 'disabled'].includes(mode)) {
      throw badParameter(`validating spec.tools.mode\n\tunsupported tools mode: "${mode}"`);
    }
  },
};

const autoUpdateVersion: Served = {
  stored: autoUpdateVersions,
  methods: [
    AutoUpdateService.method.getAutoUpdateVersion,
    AutoUpdateService.method.createAutoUpdateVersion,
    AutoUpdateService.method.updateAutoUpdateVersion,
    AutoUpdateService.method.upsertAutoUpdateVersion,
    AutoUpdateService.method.deleteAutoUpdateVersion,
  ],
  singleton: 'autoupdate-version',
  upserting: ['update', 'create'],
  missing: { get: quoted('autoupdate_version'), delete: plain('autoupdate_version') },
  exists: exists('autoupdate_version'),
  conditional: true,
  absent: 'AutoUpdateVersion is nil',
  check: (given: AutoUpdateVersion) => {
    singleton('autoupdate-version', nameOf(given), given.spec);
    const version = given.spec?.tools?.targetVersion;
    if (version !== undefined && !/^\d+\.\d+\.\d+([-+].*)?$/.test(version)) {
      throw badParameter(
        `validating spec.tools.target_version\n\tversion "${version}" is not a valid semantic version`,
      );
    }
  },
};

const monitoringRule: Served = {
  stored: monitoringRules,
  methods: [
    AccessMonitoringRulesService.method.getAccessMonitoringRule,
    AccessMonitoringRulesService.method.listAccessMonitoringRules,
    AccessMonitoringRulesService.method.createAccessMonitoringRule,
    AccessMonitoringRulesService.method.updateAccessMonitoringRule,
    AccessMonitoringRulesService.method.upsertAccessMonitoringRule,
    AccessMonitoringRulesService.method.deleteAccessMonitoringRule,
  ],
  upserting: ['update', 'create'],
  missing: { get: plain('access_monitoring_rule'), update: plain('access_monitoring_rule') },
  exists: exists('access_monitoring_rule'),
  conditional: false,
  check: (given: AccessMonitoringRule) => {
    if ((given.spec?.subjects ?? []).length === 0)
      throw badParameter('accessMonitoringRule subject is missing');
    if (!given.spec?.condition) throw badParameter('accessMonitoringRule condition is missing');
  },
};

const loginRule: Served = {
  stored: loginRules,
  methods: [
    LoginRuleService.method.getLoginRule,
    LoginRuleService.method.listLoginRules,
    LoginRuleService.method.createLoginRule,
    LoginRuleService.method.upsertLoginRule,
    LoginRuleService.method.deleteLoginRule,
  ],
  missing: { get: plain('login_rule') },
  exists: exists('login_rule'),
  conditional: false,
  absent: 'login rule is missing',
  licence: { text: 'this feature requires Teleport Enterprise', of: 'everything', first: true },
  check: (given: LoginRule) => {
    const both = Object.keys(given.traitsMap).length > 0 === (given.traitsExpression !== '');
    if (both) throw badParameter('login rule must have exactly one of traits_map or traits_expression');
  },
};

const accessList: Served = {
  stored: accessLists,
  methods: [
    AccessListService.method.getAccessList,
    AccessListService.method.listAccessLists,
    AccessListService.method.upsertAccessList,
    AccessListService.method.updateAccessList,
    AccessListService.method.deleteAccessList,
  ],
  missing: { get: plain('access_list') },
  exists: exists('access_list'),
  conditional: true,
  absent: 'access list is missing',
  check: (given: AccessList) => {
    if (!given.spec?.title) throw badParameter('access list title required');
    if (given.spec.owners.length === 0) throw badParameter('owners are missing');
    given.spec.audit ??= create(AccessListAuditSchema);
    given.spec.audit.nextAuditDate ??= timestampFromMs(Date.UTC(2100, 0, 1));
  },
};

const oktaImportRule: Served = {
  stored: oktaImportRules,
  methods: [
    OktaService.method.getOktaImportRule,
    OktaService.method.listOktaImportRules,
    OktaService.method.createOktaImportRule,
    OktaService.method.updateOktaImportRule,
    OktaService.method.deleteOktaImportRule,
  ],
  missing: { get: plain('okta_import_rule') },
  exists: exists('okta_import_rule'),
  conditional: false,
  absent: 'import rule is missing',
};

export const governanceServices: readonly Service[] = [
  workloadIdentity,
  autoUpdateConfig,
  autoUpdateVersion,
  monitoringRule,
  loginRule,
].map(resourceService);

/** Services that a server without a licence does not even know (observed.md 14). */
export const licensedServices: readonly Service[] = [accessList, oktaImportRule].map(resourceService);
