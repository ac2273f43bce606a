// What can be reached: OpenSSH servers, applications, databases, SAML service providers, trusted clusters. Labels of nodes,
// applications and databases decide who sees them.
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { TrustService } from '../../../src/gen/teleport/trust/v1/trust_service_pb.js';
import type { AppV3 } from '../../../src/gen/teleport/types/app_pb.js';
import type { DatabaseV3 } from '../../../src/gen/teleport/types/database_pb.js';
import type { SAMLIdPServiceProviderV1 } from '../../../src/gen/teleport/types/saml_idp_service_provider_pb.js';
import type { ServerV2 } from '../../../src/gen/teleport/types/server_pb.js';
import type { TrustedClusterV2 } from '../../../src/gen/teleport/types/trusted_cluster_pb.js';
import { providerOf } from '../../../src/kinds/saml-defaults.js';
import { matches } from '../access/labels.js';
import { badParameter, notFound } from '../refusal.js';
import { nameOf } from '../state/head.js';
import { apps, databases, nodes, roles, samlProviders, trustedClusters } from '../state/kinds.js';
import { resourceService, type Served } from './resource.js';
import type { Service } from './service.js';

const rpc = AuthService.method;
const originLabel = 'teleport.dev/origin';

const absent = (kind: string) => (name: string) => `"${kind}" "${name}" does not exist`;

const node: Served = {
  stored: nodes,
  methods: [rpc.getNode, rpc.upsertNode, rpc.deleteNode],
  missing: { get: absent('node'), delete: (name) => `key "/nodes/default/${name}" is not found` },
  unnamed: { get: 'missing parameter name' },
  exists: () => '',
  conditional: false,
  visible: (found: ServerV2, held) =>
    held.some(({ Spec }) => matches(Spec?.Allow?.NodeLabels, found.Metadata?.Labels ?? {})),
  check: (given: ServerV2) => {
    given.Kind ||= 'node';
    given.Version ||= 'v2';
    if (given.SubKind.startsWith('openssh') && !given.Spec?.Addr) {
      throw badParameter(`addr must be set when server SubKind is "${given.SubKind}"`);
    }
    if (given.SubKind.startsWith('openssh') && !given.Spec?.Hostname) {
      throw badParameter(`hostname must be set when server SubKind is "${given.SubKind}"`);
    }
  },
};

const app: Served = {
  stored: apps,
  methods: [rpc.getApp, rpc.getApps, rpc.createApp, rpc.updateApp, rpc.deleteApp],
  missing: { get: absent('app'), update: absent('app') },
  exists: (name) => `app "${name}" already exists`,
  conditional: false,
  reached: (found: AppV3, held) =>
    held.some(({ Spec }) => matches(Spec?.Allow?.AppLabels, found.Metadata?.Labels ?? {})),
  check: (given: AppV3) => {
    given.Kind = 'app';
    given.Version ||= 'v3';
    if (given.Metadata) given.Metadata.Labels[originLabel] ??= 'dynamic';
    if (!given.Spec?.URI && !given.Spec?.Cloud) throw badParameter(`app "${nameOf(given)}" URI is empty`);
  },
};

const database: Served = {
  stored: databases,
  methods: [rpc.getDatabase, rpc.getDatabases, rpc.createDatabase, rpc.updateDatabase, rpc.deleteDatabase],
  missing: { get: absent('db'), update: absent('db') },
  exists: (name) => `database "${name}" already exists`,
  conditional: false,
  reached: (found: DatabaseV3, held) =>
    held.some(({ Spec }) => matches(Spec?.Allow?.DatabaseLabels, found.Metadata?.Labels ?? {})),
  check: (given: DatabaseV3) => {
    given.Kind = 'db';
    given.Version ||= 'v3';
    if (given.Metadata) given.Metadata.Labels[originLabel] ??= 'dynamic';
    if (!given.Spec?.Protocol) throw badParameter(`database "${nameOf(given)}" protocol is empty`);
    if (!given.Spec.URI) throw badParameter(`database "${nameOf(given)}" URI is empty`);
  },
};

const serviceProvider: Served = {
  stored: samlProviders,
  methods: [
    rpc.getSAMLIdPServiceProvider,
    rpc.listSAMLIdPServiceProviders,
    rpc.createSAMLIdPServiceProvider,
    rpc.updateSAMLIdPServiceProvider,
    rpc.deleteSAMLIdPServiceProvider,
  ],
  missing: { get: absent('saml_idp_service_provider'), update: absent('saml_idp_service_provider') },
  exists: (name) => `saml_idp_service_provider "${name}" already exists`,
  conditional: false,
  check: (given: SAMLIdPServiceProviderV1, { action, store }) => {
    const { Spec: spec } = given;
    if (!spec?.EntityDescriptor && !(spec?.EntityID && spec.ACSURL)) {
      throw badParameter('either entity_descriptor or entity_id and acs_url must be configured');
    }
    if (!spec.EntityDescriptor && action === 'Update') {
      throw badParameter(`invalid entity descriptor for SAML IdP Service Provider "${spec.EntityID}": EOF`);
    }
    spec.EntityDescriptor ||=
      `<EntityDescriptor entityID="${spec.EntityID}"><SPSSODescriptor><AssertionConsumerService ` +
      `Location="${spec.ACSURL}"/></SPSSODescriptor></EntityDescriptor>`;
    if (providerOf(spec.EntityDescriptor).issuer !== spec.EntityID) {
      throw badParameter(
        'entity ID parsed from the entity descriptor does not match the entity ID in the SAML IdP service provider object',
      );
    }
    const twin = store
      .list(samlProviders)
      .find((other) => nameOf(other) !== nameOf(given) && other.Spec?.EntityID === spec.EntityID);
    if (twin) {
      throw badParameter(
        `saml_idp_service_provider "${nameOf(twin)}" has the same entity ID "${spec.EntityID}"`,
      );
    }
  },
};

/** What a trusted cluster keeps for good, as refusals call it. */
const fixed = [
  ['Token', 'token'],
  ['ProxyAddress', 'web_proxy_address'],
  ['ReverseTunnelAddress', 'tunnel_addr'],
] as const;

const trustedCluster: Served = {
  stored: trustedClusters,
  methods: [
    rpc.getTrustedCluster,
    rpc.getTrustedClusters,
    rpc.upsertTrustedCluster,
    rpc.deleteTrustedCluster,
    TrustService.method.createTrustedCluster,
    TrustService.method.updateTrustedCluster,
    TrustService.method.upsertTrustedCluster,
  ],
  upserting: ['update', 'create'],
  missing: {
    get: (name) => `key "/trustedclusters/${name}" is not found`,
    delete: (name) => `trusted cluster "${name}" is not found`,
    update: (name) => `key "/trustedclusters/${name}" is not found`,
  },
  unnamed: { get: 'missing trusted cluster name', delete: 'missing trusted cluster name' },
  exists: (name) => `trusted cluster "${name}" already exists`,
  conditional: true,
  // No root cluster is asked: whatever name the resource has is taken for its own.
  check: (given: TrustedClusterV2, { before, store }) => {
    given.Kind = 'trusted_cluster';
    given.Version ||= 'v2';
    for (const { Remote, Local } of given.Spec?.RoleMap ?? []) {
      const missing = Local.find((role) => !role.includes('{{') && !store.has(roles, role));
      if (missing !== undefined) {
        throw notFound(
          `a role "${missing}" referenced in a mapping ${Remote}:[${Local.join(' ')}] is not defined`,
        );
      }
    }
    if ((given.Spec?.RoleMap ?? []).length === 0 && (given.Spec?.Roles ?? []).length === 0) {
      throw badParameter("missing 'role_map' parameter");
    }
    const stored = before as TrustedClusterV2 | undefined;
    for (const [field, shown] of fixed) {
      if (stored && stored.Spec?.[field] !== given.Spec?.[field]) {
        throw badParameter(
          `can not update ${shown} for existing leaf cluster, delete and re-create this leaf cluster with updated ${shown}`,
        );
      }
    }
  },
};

export const inventoryServices: readonly Service[] = [
  node,
  app,
  database,
  serviceProvider,
  trustedCluster,
].map(resourceService);
