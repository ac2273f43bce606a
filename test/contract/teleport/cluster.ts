// Contract: what anybody may ask, and what is denied to a caller without a certificate.
import { expect, it } from 'vitest';
import { AccessListService } from '../../../src/gen/teleport/accesslist/v1/accesslist_service_pb.js';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { ClusterConfigService } from '../../../src/gen/teleport/clusterconfig/v1/clusterconfig_service_pb.js';
import { SignatureAlgorithmSuite } from '../../../src/gen/teleport/types/cluster_config_pb.js';
import { UsersService } from '../../../src/gen/teleport/users/v1/users_service_pb.js';
import type { RunningTeleport } from '../../env/types.js';
import { anonymous, hostCa, operatorClient } from './clients.js';
import { expectRefusal, unique } from './expectations.js';

export function clusterContract(teleport: () => RunningTeleport): void {
  it('answers Ping to a caller without a certificate', async () => {
    const client = await anonymous(teleport());
    const reply = await client.unary(AuthService.method.ping, {});
    expect(reply.ClusterName).toBe(teleport().clusterName);
    expect(reply.ServerVersion).toMatch(/^18\.0\.0/);
    expect(reply.signatureAlgorithmSuite).toBe(SignatureAlgorithmSuite.BALANCED_V1);
    expect(reply.LicenseExpiry?.seconds).toBe(-62135596800n);
    expect(reply.ServerFeatures?.entitlements['OIDC']?.enabled).toBe(false);
    expect(reply.ServerFeatures?.entitlements['App']?.enabled).toBe(true);
    expect(reply.ServerFeatures?.AdvancedAccessWorkflows).toBe(false);
    client.close();
  });

  it('tells the host CA to a caller without a certificate', async () => {
    const client = await anonymous(teleport());
    const reply = await client.unary(AuthService.method.getClusterCACert, {});
    expect(Buffer.from(reply.TLSCA).toString()).toBe(await hostCa(teleport()));
    client.close();
  });

  it('denies everything else to a caller without a certificate, and says what', async () => {
    const client = await anonymous(teleport());
    const denied = 'access denied to perform action "read" on';
    await expectRefusal(
      client.unary(AuthService.method.getRole, { Name: 'x' }),
      'AccessDenied',
      `${denied} "role"`,
    );
    await expectRefusal(
      client.unary(UsersService.method.getUser, { name: 'x' }),
      'AccessDenied',
      `${denied} "user"`,
    );
    await expectRefusal(
      client.unary(AuthService.method.getToken, { Name: 'x' }),
      'AccessDenied',
      `${denied} "token"`,
    );
    client.close();
  });

  it('tells the signature suite in the auth preference', async () => {
    const client = await operatorClient(teleport(), unique('op'));
    const reply = await client.unary(ClusterConfigService.method.getAuthPreference, {});
    expect(reply.Spec?.signatureAlgorithmSuite).toBe(SignatureAlgorithmSuite.BALANCED_V1);
    client.close();
  });

  it('knows no access lists without a licence', async () => {
    await expectRefusal(
      teleport().admin.unary(AccessListService.method.getAccessList, { name: 'x' }),
      'NotImplemented',
      'unknown service teleport.accesslist.v1.AccessListService',
    );
  });
}
