// TeleportTrustedClusterV2: makes this cluster a leaf of another. The object is named as the root cluster:
// Teleport gives the resource that name whatever it is asked.
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import { TrustService } from '../gen/teleport/trust/v1/trust_service_pb.js';
import {
  TrustedClusterSpecV2Schema,
  type TrustedClusterV2,
  TrustedClusterV2Schema,
} from '../gen/teleport/types/trusted_cluster_pb.js';
import { call, nothing, orElse, whole } from './calls.js';
import { legacyForm } from './forms.js';
import { declareKind } from './kind.js';
import { rolesRequired } from './mentions.js';

/** What servers have that lack the trust service. */
const upsert = call(
  AuthService.method.upsertTrustedCluster,
  (cluster: TrustedClusterV2) => cluster,
  (stored) => stored,
);

export const trustedCluster = declareKind({
  object: {
    kind: 'TeleportTrustedClusterV2',
    plural: 'teleporttrustedclustersv2',
    shortNames: ['trustedclusterv2', 'trustedclustersv2'],
    versions: [{ name: 'v1', storage: true }],
    columns: [{ name: 'Enabled', jsonPath: '.spec.enabled', type: 'boolean' }],
    description:
      'A trusted cluster: connects this Teleport cluster, as a leaf, to a root cluster whose name the object bears.',
  },
  resource: { kind: 'trusted_cluster', version: 'v2' },
  schema: TrustedClusterV2Schema,
  form: legacyForm(TrustedClusterV2Schema),
  spec: { schema: TrustedClusterSpecV2Schema, hidden: ['roles'] },
  // Teleport takes an empty one for a change.
  kept: ['Spec.Token', 'Spec.ProxyAddress', 'Spec.ReverseTunnelAddress'],
  immutable: ['Spec.Token', 'Spec.ProxyAddress', 'Spec.ReverseTunnelAddress'],
  references: ({ Spec: spec }) => rolesRequired(spec?.RoleMap.flatMap(({ Local }) => Local)),
  defaults: ({ Spec: spec }) => {
    if (spec && spec.ReverseTunnelAddress === '') spec.ReverseTunnelAddress = spec.ProxyAddress;
  },
  calls: {
    get: call(
      AuthService.method.getTrustedCluster,
      (Name: string) => ({ Name }),
      (stored) => stored,
    ),
    create: orElse(
      call(
        TrustService.method.createTrustedCluster,
        (trustedCluster: TrustedClusterV2) => ({ trustedCluster }),
        (stored) => stored,
      ),
      upsert,
    ),
    update: orElse(
      call(
        TrustService.method.updateTrustedCluster,
        (trustedCluster: TrustedClusterV2) => ({ trustedCluster }),
        (stored) => stored,
      ),
      upsert,
    ),
    list: whole(AuthService.method.getTrustedClusters, {}, ({ TrustedClusters }) => TrustedClusters),
    delete: call(AuthService.method.deleteTrustedCluster, (Name: string) => ({ Name }), nothing),
  },
});
