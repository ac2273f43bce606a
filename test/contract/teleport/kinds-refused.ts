// Contract: calls for kinds that are refused whatever they say, or whose kinds cannot be written without the world outside.
import type { Message } from '@bufbuild/protobuf';
import { it } from 'vitest';
import { AutoUpdateService } from '../../../src/gen/teleport/autoupdate/v1/autoupdate_service_pb.js';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { LoginRuleService } from '../../../src/gen/teleport/loginrule/v1/loginrule_service_pb.js';
import { TrustService } from '../../../src/gen/teleport/trust/v1/trust_service_pb.js';
import { WorkloadIdentityResourceService } from '../../../src/gen/teleport/workloadidentity/v1/resource_service_pb.js';
import type { TeleportClient } from '../../../src/teleport/client.js';
import type { TeleportErrorKind } from '../../../src/teleport/errors.js';
import type { RunningTeleport } from '../../env/types.js';
import { expectRefusal } from './expectations.js';
import { identity, node, updateConfig, updateVersion } from './kind-messages.js';

const auth = AuthService.method;
const workload = WorkloadIdentityResourceService.method;
const updates = AutoUpdateService.method;

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

export function kindsRefusedContract(teleport: () => RunningTeleport): void {
  it.each(refusals)('refuses %s', async (_name, kind, text, call) => {
    await expectRefusal(call(teleport().admin), kind, text);
  });
}
