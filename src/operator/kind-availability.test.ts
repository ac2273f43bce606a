import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { PromMetrics } from '../core/metrics-prom.js';
import { FeaturesSchema } from '../gen/teleport/client/authservice_pb.js';
import { oidcConnector } from '../kinds/oidc-connector.js';
import { roleV7, roleV8 } from '../kinds/role.js';
import { user } from '../kinds/user.js';
import type { InformerState } from '../kube/informer.js';
import { KindAvailability } from './kind-availability.js';

function world() {
  const metrics = new PromMetrics();
  const features = create(FeaturesSchema);
  const availability = new KindAvailability(metrics, () => features);
  const states = new Map<string, InformerState>();
  availability.track(
    [user, roleV7, roleV8, oidcConnector].map((kind) => ({
      kind,
      state: () => states.get(kind.object.kind) ?? 'synced',
    })),
  );
  const lines = async () =>
    (await metrics.render()).body.split('\n').filter((line) => line.startsWith('teleport_operator_kind'));
  return { availability, states, features, lines };
}

describe('KindAvailability', () => {
  it('tells what is off and why, in the metric and beside /readyz', async () => {
    const { availability, states, lines } = world();
    states.set('TeleportRoleV7', { unavailable: 'missing', message: 'not found' });
    states.set('TeleportRoleV8', { unavailable: 'forbidden', message: 'no right' });
    states.set('TeleportUser', 'starting');
    expect(await lines()).toEqual([
      'teleport_operator_kind_available{kind="TeleportRoleV7",reason="CRDMissing"} 0',
      'teleport_operator_kind_available{kind="TeleportRoleV8",reason="Forbidden"} 0',
      'teleport_operator_kind_available{kind="TeleportOIDCConnector",reason="Unlicensed"} 0',
    ]);
    expect(availability.check.notes?.()).toEqual([
      'TeleportRoleV7 is off: its CRD is not installed',
      'TeleportRoleV8 is off: the service account may not watch it: no right',
      'TeleportOIDCConnector is off: TeleportOIDCConnector needs Teleport Enterprise with OIDC.',
    ]);
    expect(availability.check.check()).toBeUndefined();
  });

  it('forgets the reason when the kind comes on, and everything when another leads', async () => {
    const { availability, states, features, lines } = world();
    states.set('TeleportRoleV7', { unavailable: 'missing', message: 'not found' });
    await lines();
    states.clear();
    features.OIDC = true;
    expect(await lines()).toEqual(
      ['TeleportUser', 'TeleportRoleV7', 'TeleportRoleV8', 'TeleportOIDCConnector'].map(
        (kind) => `teleport_operator_kind_available{kind="${kind}",reason=""} 1`,
      ),
    );
    availability.track([]);
    expect(await lines()).toEqual([]);
  });
});
