// Which RPCs the contract has cases for, with which fields of their requests, and which other ways in. The environment hands
// the record of every embedded server to `uncovered` when it stops (test/env), and fails when that answers anything;
// contract.test.ts sees to it that this list tells the truth.

import { AccessListService } from '../../../src/gen/teleport/accesslist/v1/accesslist_service_pb.js';
import { OktaService } from '../../../src/gen/teleport/okta/v1/okta_service_pb.js';
import { kinds } from '../../../src/kinds/index.js';

/** Services that an open source server does not have; sandbox/teleport/licensed.test.ts has the embedded one's. */
export const enterpriseServices = [AccessListService, OktaService];

/** What the operator's mirror follows, each once: several kinds of ours are one of Teleport's. */
export const watched: readonly string[] = [
  ...new Set(kinds.filter((kind) => kind.watched).map(({ resource }) => resource.kind)),
];

/** What a join is asked with, within the request of another method. */
function joining(within: string): string {
  return ['Expires', 'PublicSSHKey', 'PublicTLSKey', 'Role', 'Token']
    .map((field) => `${within}.${field}`)
    .join(' ');
}

/** By service: a method, the fields of its request that cases set, and `@proxy` where the proxy serves it too. */
const byService: Readonly<Record<string, readonly string[]>> = {
  'proto.AuthService': [
    'Ping',
    'GetClusterCACert',
    'GenerateUserCerts Expires RoleRequests RouteToCluster SSHPublicKey TLSPublicKey ' +
      'UseRoleRequests Username',
    'WatchEvents AllowPartialSuccess Kinds.Name Kinds.Filter Kinds.LoadSecrets ' +
      [
        'cert_authority',
        ...watched,
        // refused, each in its own words
        'bot',
        'event',
        'login_rule',
        'nonsense',
        'trusted_cluster',
      ]
        .map((kind) => `Kinds.Kind=${kind}`)
        .join(' '),
    'GetRole Name',
    'ListRoles Limit StartKey',
    'CreateRole Role',
    'UpdateRole Role',
    'UpsertRoleV2 Role',
    'UpsertRole',
    'DeleteRole Name',
    'GetToken Name',
    'GetTokens',
    'CreateTokenV2 V2',
    'UpsertTokenV2 V2',
    'DeleteToken Name',
    'GetLock Name',
    'UpsertLock',
    'DeleteLock Name',
    'GetGithubConnector Name',
    'CreateGithubConnector Connector',
    'DeleteGithubConnector Name',
    'GetOIDCConnector Name',
    'CreateOIDCConnector Connector',
    'DeleteOIDCConnector Name',
    'GetSAMLConnector Name SAMLValidationNoFollowURLs',
    'CreateSAMLConnector Connector',
    'DeleteSAMLConnector Name',
    'GetTrustedCluster Name',
    'DeleteTrustedCluster Name',
    'GetNode Name Namespace',
    'UpsertNode',
    'DeleteNode Name Namespace',
    'GetApp Name',
    'CreateApp',
    'UpdateApp',
    'DeleteApp Name',
    'GetDatabase Name',
    'CreateDatabase',
    'UpdateDatabase',
    'DeleteDatabase Name',
    'GetSAMLIdPServiceProvider Name',
    'CreateSAMLIdPServiceProvider',
    'UpdateSAMLIdPServiceProvider',
    'DeleteSAMLIdPServiceProvider Name',
    'GetApps',
    'GetDatabases',
    'GetGithubConnectors',
    'GetLocks',
    'GetOIDCConnectors',
    'GetSAMLConnectors SAMLValidationNoFollowURLs',
    'GetTrustedClusters',
    'ListSAMLIdPServiceProviders Limit',
    'UpdateGithubConnector Connector',
    'UpdateOIDCConnector Connector',
    'UpdateSAMLConnector Connector',
    'UpsertGithubConnector',
    'UpsertGithubConnectorV2 Connector',
    'UpsertOIDCConnector',
    'UpsertOIDCConnectorV2 Connector',
    'UpsertSAMLConnector',
    'UpsertSAMLConnectorV2 Connector',
    'UpsertTrustedCluster',
  ],
  'teleport.loginrule.v1.LoginRuleService': [
    'GetLoginRule name',
    'DeleteLoginRule name',
    'CreateLoginRule login_rule',
    'ListLoginRules page_size',
    'UpsertLoginRule login_rule',
  ],
  'teleport.trust.v1.TrustService': [
    'UpdateTrustedCluster trusted_cluster',
    'CreateTrustedCluster trusted_cluster',
  ],
  'teleport.workloadidentity.v1.WorkloadIdentityResourceService': [
    'GetWorkloadIdentity name',
    'CreateWorkloadIdentity workload_identity',
    'UpdateWorkloadIdentity workload_identity',
    'UpsertWorkloadIdentity workload_identity',
    'DeleteWorkloadIdentity name',
    'ListWorkloadIdentities page_size',
  ],
  'teleport.autoupdate.v1.AutoUpdateService': [
    'GetAutoUpdateConfig',
    'CreateAutoUpdateConfig config',
    'UpdateAutoUpdateConfig config',
    'UpsertAutoUpdateConfig config',
    'DeleteAutoUpdateConfig',
    'GetAutoUpdateVersion',
    'CreateAutoUpdateVersion version',
    'UpdateAutoUpdateVersion version',
    'UpsertAutoUpdateVersion version',
    'DeleteAutoUpdateVersion',
  ],
  'teleport.accessmonitoringrules.v1.AccessMonitoringRulesService': [
    'GetAccessMonitoringRule name',
    'CreateAccessMonitoringRule rule',
    'UpdateAccessMonitoringRule rule',
    'UpsertAccessMonitoringRule rule',
    'DeleteAccessMonitoringRule name',
    'ListAccessMonitoringRules page_size',
  ],
  'proto.JoinService': [
    'RegisterUsingToken Expires IDToken PublicSSHKey PublicTLSKey Role Token @proxy',
    'RegisterUsingIAMMethod @proxy sts_identity_request ' + joining('register_using_token_request'),
    'RegisterUsingAzureMethod @proxy access_token attested_data ' + joining('register_using_token_request'),
    'RegisterUsingBoundKeypairMethod @proxy challenge_response.solution init.previous_join_state ' +
      joining('init.join_request'),
  ],
  'teleport.transport.v1.TransportService': ['ProxyCluster cluster frame.payload @proxy'],
  'teleport.users.v1.UsersService': [
    'GetUser name with_secrets',
    'ListUsers page_size page_token',
    'CreateUser user',
    'UpdateUser user',
    'UpsertUser user',
    'DeleteUser name',
  ],
  'teleport.machineid.v1.BotService': [
    'GetBot bot_name',
    'CreateBot bot',
    'UpsertBot bot',
    'DeleteBot bot_name',
    'ListBots page_size',
  ],
  'teleport.machineid.v1.BotInstanceService': [
    'SubmitHeartbeat ' +
      ['architecture', 'hostname', 'is_startup', 'join_method', 'os', 'recorded_at', 'uptime', 'version']
        .map((field) => `heartbeat.${field}`)
        .join(' '),
  ],
  'teleport.clusterconfig.v1.ClusterConfigService': ['GetAuthPreference'],
};

/** Ways in that are no RPC. */
const doors: readonly string[] = [
  'GET /webapi/find at the proxy',
  'GET /webapi/find at Auth',
  'POST /v1/tokens/register at Auth',
  'POST /webapi/host/credentials at the proxy',
  'POST /webapi/host/credentials with expires',
  'POST /webapi/host/credentials with id_token',
  'POST /webapi/host/credentials with public_ssh_key',
  'POST /webapi/host/credentials with public_tls_key',
  'POST /webapi/host/credentials with role',
  'POST /webapi/host/credentials with token',
  'GET /webapi/nothing at the proxy',
  'POST /proto.AuthService/Ping at the proxy',
  'protocol none',
  'protocol h2',
  'protocol nonsense',
  'protocol teleport-auth@',
  'protocol teleport-auth@,h2',
  'protocol teleport-auth@ after an upgrade',
  'protocol teleport-proxy-grpc',
  'protocol teleport-proxy-grpc after an upgrade',
  'protocol teleport-proxy-ssh-grpc',
  'protocol teleport-reversetunnel',
  'upgrade to alpn',
  'upgrade to alpn-ping',
];

function needsOf(service: string, line: string): string[] {
  const [method = '', ...features] = line.split(' ');
  const base = `/${service}/${method}`;
  return [
    base,
    ...features.map((one) => (one === '@proxy' ? `${base} at the proxy` : `${base} with ${one}`)),
  ];
}

/** What servers before 18 alone make use of: cases on the embedded server only (older.test.ts). */
export const older: readonly string[] = [
  '/proto.AuthService/GenerateUserCerts with PublicKey',
  ...['expires', 'id_token', 'public_ssh_key', 'public_tls_key', 'role', 'token'].map(
    (field) => `POST /v1/tokens/register with ${field}`,
  ),
];

export const covered: readonly string[] = [
  ...new Set([
    ...Object.entries(byService).flatMap(([service, lines]) =>
      lines.flatMap((line) => needsOf(service, line)),
    ),
    ...doors,
  ]),
];

/** What was made use of and no case of the contract is about, each once; RPCs that need a licence have their own cases. */
export function uncovered(uses: Iterable<{ readonly what: string }>): string[] {
  const used = new Set([...uses].map(({ what }) => what));
  const licensed = (what: string): boolean =>
    enterpriseServices.some(({ typeName }) => what.startsWith(`/${typeName}/`));
  return [...used].filter((what) => ![...covered, ...older].includes(what) && !licensed(what)).sort();
}
