// Which RPCs the contract has cases for. A whole-operator test hands its record of calls to `uncovered` and
// fails when that answers anything; contract.test.ts sees to it that this list tells the truth.

import { declared, enterpriseServices } from './declared.js';

/** `/service/Method`, by service. */
const byService: Readonly<Record<string, readonly string[]>> = {
  'proto.AuthService': [
    'Ping',
    'GetClusterCACert',
    'GenerateUserCerts',
    'WatchEvents',
    'GetRole',
    'ListRoles',
    'CreateRole',
    'UpdateRole',
    'UpsertRoleV2',
    'UpsertRole',
    'DeleteRole',
    'GetToken',
    'GetTokens',
    'CreateTokenV2',
    'UpsertTokenV2',
    'DeleteToken',
    'GetLock',
    'UpsertLock',
    'DeleteLock',
    'GetGithubConnector',
    'CreateGithubConnector',
    'DeleteGithubConnector',
    'GetOIDCConnector',
    'CreateOIDCConnector',
    'DeleteOIDCConnector',
    'GetSAMLConnector',
    'CreateSAMLConnector',
    'DeleteSAMLConnector',
    'GetTrustedCluster',
    'DeleteTrustedCluster',
    'GetNode',
    'UpsertNode',
    'DeleteNode',
    'GetApp',
    'CreateApp',
    'UpdateApp',
    'DeleteApp',
    'GetDatabase',
    'CreateDatabase',
    'UpdateDatabase',
    'DeleteDatabase',
    'GetSAMLIdPServiceProvider',
    'CreateSAMLIdPServiceProvider',
    'UpdateSAMLIdPServiceProvider',
    'DeleteSAMLIdPServiceProvider',
  ],
  'teleport.loginrule.v1.LoginRuleService': ['GetLoginRule', 'DeleteLoginRule'],
  'teleport.trust.v1.TrustService': ['UpdateTrustedCluster'],
  'teleport.workloadidentity.v1.WorkloadIdentityResourceService': [
    'GetWorkloadIdentity',
    'CreateWorkloadIdentity',
    'UpdateWorkloadIdentity',
    'UpsertWorkloadIdentity',
    'DeleteWorkloadIdentity',
  ],
  'teleport.autoupdate.v1.AutoUpdateService': [
    'GetAutoUpdateConfig',
    'CreateAutoUpdateConfig',
    'UpdateAutoUpdateConfig',
    'UpsertAutoUpdateConfig',
    'DeleteAutoUpdateConfig',
    'GetAutoUpdateVersion',
    'CreateAutoUpdateVersion',
    'UpdateAutoUpdateVersion',
    'UpsertAutoUpdateVersion',
    'DeleteAutoUpdateVersion',
  ],
  'teleport.accessmonitoringrules.v1.AccessMonitoringRulesService': [
    'GetAccessMonitoringRule',
    'CreateAccessMonitoringRule',
    'UpdateAccessMonitoringRule',
    'UpsertAccessMonitoringRule',
    'DeleteAccessMonitoringRule',
  ],
  'proto.JoinService': ['RegisterUsingToken', 'RegisterUsingIAMMethod', 'RegisterUsingAzureMethod'],
  'teleport.transport.v1.TransportService': ['ProxyCluster'],
  'teleport.users.v1.UsersService': [
    'GetUser',
    'ListUsers',
    'CreateUser',
    'UpdateUser',
    'UpsertUser',
    'DeleteUser',
  ],
  'teleport.machineid.v1.BotService': ['GetBot', 'CreateBot', 'UpsertBot', 'DeleteBot'],
  'teleport.machineid.v1.BotInstanceService': ['SubmitHeartbeat'],
  'teleport.clusterconfig.v1.ClusterConfigService': ['GetAuthPreference'],
};

export const covered: readonly string[] = [
  ...new Set([
    ...Object.entries(byService).flatMap(([service, methods]) =>
      methods.map((method) => `/${service}/${method}`),
    ),
    ...declared,
  ]),
];

/** RPCs in the record that no case of the contract is about, each once; those that need a licence have their own. */
export function uncovered(calls: Iterable<{ readonly method: string }>): string[] {
  const used = new Set([...calls].map((call) => call.method));
  const licensed = (method: string): boolean =>
    enterpriseServices.some(({ typeName }) => method.startsWith(`/${typeName}/`));
  return [...used].filter((method) => !covered.includes(method) && !licensed(method)).sort();
}
