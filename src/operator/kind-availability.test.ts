import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { PromMetrics } from '../core/metrics-prom.js';
import { FeaturesSchema } from '../gen/teleport/client/authservice_pb.js';
import { oidcConnector } from '../kinds/oidc-connector.js';
import { opensshServer } from '../kinds/openssh-server.js';
import { roleV7, roleV8 } from '../kinds/role.js';
import { user } from '../kinds/user.js';
import type { InformerState } from '../kube/informer.js';
import { KindAvailability } from './kind-availability.js';

function world() {
  const metrics = new PromMetrics();
  const features = create(FeaturesSchema);
  const availability = new KindAvailability(metrics, () => features);
  const states = new Map<string, InformerState>();
  const servedAs = new Map<string, string[]>();
  const [troubles, unlisted] = [new Map<string, string>(), new Map<string, string>()];
  availability.track(
    [user, roleV7, roleV8, oidcConnector, opensshServer].map((kind) => ({
      kind,
      state: () => states.get(kind.object.kind) ?? 'synced',
      servedAs: () => servedAs.get(kind.object.kind) ?? [],
      trouble: () => troubles.get(kind.object.kind),
      unlisted: () => unlisted.get(kind.object.kind),
    })),
  );
  const lines = async (metric = 'kind_available') =>
    (await metrics.render()).body
      .split('\n')
      .filter((line) => line.startsWith(`teleport_operator_${metric}{`));
  return { availability, states, servedAs, troubles, unlisted, features, lines };
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
      'teleport_operator_kind_available{kind="TeleportOpenSSHServerV2",reason=""} 1',
    ]);
    expect(availability.check.notes?.()).toEqual([
      'TeleportRoleV7 is off: its CRD is not installed',
      'TeleportRoleV8 is off: the service account may not watch it: no right',
      'TeleportOIDCConnector is off: TeleportOIDCConnector needs Teleport Enterprise with OIDC.',
    ]);
    expect(availability.check.check()).toBeUndefined();
  });

  it('tells of a CRD that serves other versions, of which, and what to do', async () => {
    const { availability, states, servedAs, lines } = world();
    states.set('TeleportRoleV7', { unavailable: 'missing', message: 'not found' });
    servedAs.set('TeleportRoleV7', ['v2', 'v3']);
    expect(await lines()).toContain(
      'teleport_operator_kind_available{kind="TeleportRoleV7",reason="CRDVersion"} 0',
    );
    const [note = ''] = availability.check.notes?.() ?? [];
    expect(note).toContain('TeleportRoleV7 is off: its CRD serves v2, v3, and this operator reads v1');
    expect(note).toContain('teleport-operator crds | kubectl apply');
    expect(note).toContain('an operator that reads v2 or v3');
  });

  it('tells of a kind whose objects can not be listed or watched, from the start on or later', async () => {
    const { availability, states, troubles, features, lines } = world();
    features.OIDC = true;
    states.set('TeleportRoleV7', 'starting');
    troubles.set('TeleportRoleV7', 'status 500');
    troubles.set('TeleportRoleV8', 'too old');
    expect(await lines()).toContain(
      'teleport_operator_kind_available{kind="TeleportRoleV7",reason="NotListed"} 0',
    );
    expect(availability.check.notes?.()).toEqual([
      'TeleportRoleV7 is off: its objects can not be listed or watched: status 500',
      'TeleportRoleV8 is off: its objects can not be listed or watched: too old',
    ]);
    troubles.clear();
    expect(availability.check.notes?.()).toEqual([]);
  });

  it('tells of a kind at work whose resources can not be listed in Teleport', async () => {
    const { availability, unlisted, lines } = world();
    for (const kind of ['TeleportUser', 'TeleportOIDCConnector']) unlisted.set(kind, 'access denied');
    expect(await lines('kind_listed_in_teleport')).toEqual([
      'teleport_operator_kind_listed_in_teleport{kind="TeleportUser"} 0',
      'teleport_operator_kind_listed_in_teleport{kind="TeleportRoleV7"} 1',
      'teleport_operator_kind_listed_in_teleport{kind="TeleportRoleV8"} 1',
    ]);
    expect(availability.check.notes?.()).toEqual([
      'TeleportUser: its resources can not be listed in Teleport, so changes made there are found late: access denied',
      'TeleportOIDCConnector is off: TeleportOIDCConnector needs Teleport Enterprise with OIDC.',
    ]);
  });

  it('forgets the reason when the kind comes on, and everything when another leads', async () => {
    const { availability, states, features, lines } = world();
    states.set('TeleportRoleV7', { unavailable: 'missing', message: 'not found' });
    await lines();
    states.clear();
    features.OIDC = true;
    expect(await lines()).toEqual(
      [
        'TeleportUser',
        'TeleportRoleV7',
        'TeleportRoleV8',
        'TeleportOIDCConnector',
        'TeleportOpenSSHServerV2',
      ].map((kind) => `teleport_operator_kind_available{kind="${kind}",reason=""} 1`),
    );
    availability.track([]);
    expect(await lines()).toEqual([]);
  });
});
