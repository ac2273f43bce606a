// What callers may know of the cluster without rights of their own: Ping, the host CA, the auth preference;
// certificates on request.
import { create } from '@bufbuild/protobuf';
import {
  AuthService,
  FeaturesSchema,
  PingResponseSchema,
} from '../../../src/gen/teleport/client/authservice_pb.js';
import { ClusterConfigService } from '../../../src/gen/teleport/clusterconfig/v1/clusterconfig_service_pb.js';
import {
  type AuthPreferenceV2,
  AuthPreferenceV2Schema,
} from '../../../src/gen/teleport/types/cluster_config_pb.js';
import { yearOne } from '../state/always.js';
import { generateUserCerts } from './generate-user-certs.js';
import { keysOf, majorOf, suiteOf } from './old-versions.js';
import { callerOf, type Service } from './service.js';

const always = ['App', 'DB', 'Desktop', 'JoinActiveSessions', 'K8s'];
const enterpriseOnly = [
  'AccessLists',
  'AccessMonitoring',
  'AccessRequests',
  'CloudAuditLogRetention',
  'DeviceTrust',
  'FeatureHiding',
  'HSM',
  'Identity',
  'MobileDeviceManagement',
  'OIDC',
  'OktaSCIM',
  'OktaUserSync',
  'Policy',
  'SAML',
  'SessionLocks',
  'UnrestrictedManagedUpdates',
  'UpsellAlert',
  'UsageReporting',
  'LicenseAutoUpdate',
  'AccessGraphDemoMode',
];

export const clusterService: Service = (router, context) => {
  const { access } = context;
  const { state } = access;
  const major = majorOf(context.serverVersion);
  const suite = suiteOf(major);
  const preference = (): AuthPreferenceV2 =>
    create(AuthPreferenceV2Schema, {
      Kind: 'cluster_auth_preference',
      Version: 'v2',
      Metadata: { Name: 'cluster-auth-preference', Namespace: 'default' },
      Spec: {
        Type: 'local',
        SecondFactor: 'otp',
        signatureAlgorithmSuite: suite,
      },
    });

  router.service(AuthService, {
    ping: (_request, handler) =>
      create(PingResponseSchema, {
        ClusterName: state.clusterName,
        ServerVersion: context.serverVersion,
        ServerFeatures: create(FeaturesSchema, {
          Kubernetes: true,
          App: true,
          DB: true,
          Desktop: true,
          JoinActiveSessions: true,
          OIDC: context.enterprise,
          SAML: context.enterprise,
          AdvancedAccessWorkflows: context.enterprise,
          entitlements: Object.fromEntries([
            ...always.map((name) => [name, { enabled: true, limit: 0 }] as const),
            ...enterpriseOnly.map((name) => [name, { enabled: context.enterprise, limit: 0 }] as const),
          ]),
        }),
        ProxyPublicAddr: context.proxyAddress(),
        RemoteAddr: callerOf(handler).remoteAddress,
        signatureAlgorithmSuite: suite,
        LicenseExpiry: { seconds: yearOne, nanos: 0 },
      }),
    getClusterCACert: () => ({ TLSCA: Buffer.from(state.hostCa.pem) }),
    getDomainName: () => ({ DomainName: state.clusterName }),
    getAuthPreference: (_request, handler) => {
      access.check(callerOf(handler), 'cluster_auth_preference', 'read');
      return preference();
    },
    generateUserCerts: (request, handler) => {
      const { ssh, tls } = keysOf(major, request);
      const read = { ...request, SSHPublicKey: ssh, TLSPublicKey: tls };
      return generateUserCerts(access, callerOf(handler), read);
    },
  });

  router.service(ClusterConfigService, {
    getAuthPreference: (_request, handler) => {
      access.check(callerOf(handler), 'cluster_auth_preference', 'read');
      return preference();
    },
    getClusterName: (_request, handler) => {
      access.check(callerOf(handler), 'cluster_name', 'read');
      return {
        Kind: 'cluster_name',
        Version: 'v2',
        Metadata: { Name: 'cluster-name', Namespace: 'default' },
        Spec: { ClusterName: state.clusterName, ClusterID: '00000000-0000-4000-8000-000000000000' },
      };
    },
  });
};
