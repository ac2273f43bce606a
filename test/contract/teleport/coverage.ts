// Which RPCs the contract has cases for. A whole-operator test hands its record of calls to `uncovered` and
// fails when that answers anything; contract.test.ts sees to it that this list tells the truth.

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
  'proto.JoinService': ['RegisterUsingToken'],
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

export const covered: readonly string[] = Object.entries(byService).flatMap(([service, methods]) =>
  methods.map((method) => `/${service}/${method}`),
);

/** RPCs in the record that no case of the contract is about, each once. */
export function uncovered(calls: Iterable<{ readonly method: string }>): string[] {
  const used = new Set([...calls].map((call) => call.method));
  return [...used].filter((method) => !covered.includes(method)).sort();
}
