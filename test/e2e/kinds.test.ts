// Kinds that are not there: a CRD that is missing, or that the Role forgets, switches its kind off and nothing
// else; it is said once, and the kind comes on when the CRD or the right does.
import { describe, expect, it } from 'vitest';
import { crds, installCrds } from '../env/crds.js';
import { pairs } from '../env/index.js';
import type { RunningOperator } from '../env/operator.js';
import { atWork } from './at-work.js';
import { chartPlurals, grant } from './rights.js';
import { type Scene, serviceAccount, unique } from './scene.js';

const logins = { allow: { logins: ['one'] } };

describe.each(pairs())('a kind that is not there, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('with the operator running', () => {
    let scene: Scene;
    let operator: RunningOperator;
    // exactly upstream's Role, which has no right for V8; and no CRD for V6
    atWork(
      start,
      (...opened) => {
        [scene, operator] = opened;
      },
      { withoutCrds: ['teleportrolesv6'], plurals: chartPlurals },
    );
    const said = (plural: string) =>
      operator
        .logs()
        .filter(({ level, ...line }) => level !== 'DEBUG' && JSON.stringify(line).includes(plural));

    it('leaves the others at work', async () => {
      const name = unique('role');
      await scene.create('TeleportRoleV7', name, logins);
      await scene.untilReady('TeleportRoleV7', name);
    });

    it('is said once, without an error', () => {
      expect(said('teleportrolesv6')).toHaveLength(1);
      expect(said('teleportrolesv8')).toHaveLength(1);
      expect(operator.logs().filter(({ level }) => level === 'ERROR')).toEqual([]);
    });

    it('shows in the metric and beside /readyz, which stays ready', async () => {
      const metrics = async () => (await fetch(operator.metricsUrl)).text();
      expect(await metrics()).toContain(
        'teleport_operator_kind_available{kind="TeleportRoleV6",reason="CRDMissing"} 0',
      );
      expect(await metrics()).toContain(
        'teleport_operator_kind_available{kind="TeleportRoleV8",reason="Forbidden"} 0',
      );
      expect(await metrics()).toContain(
        'teleport_operator_kind_available{kind="TeleportRoleV7",reason=""} 1',
      );
      const details = await fetch(`${operator.healthUrl}/readyz?verbose`);
      expect(details.status).toBe(200);
      const text = await details.text();
      expect(text).toContain('TeleportRoleV6 is off: its CRD is not installed');
      expect(text).toMatch(/TeleportRoleV8 is off: the service account may not watch it: .*forbidden/);
    });

    it('comes on when its CRD comes', async () => {
      await installCrds(
        scene.admin,
        crds().filter((crd) => crd.metadata.name.startsWith('teleportrolesv6.')),
      );
      const name = unique('role');
      await scene.create('TeleportRoleV6', name, logins);
      await scene.untilReady('TeleportRoleV6', name, 75_000);
    }, 90_000);

    it('comes on when the right is given', async () => {
      const name = unique('role');
      await scene.create('TeleportRoleV8', name, logins);
      await grant(scene.admin, scene.namespace, serviceAccount, [...chartPlurals, 'teleportrolesv8']);
      await scene.untilReady('TeleportRoleV8', name, 75_000);
    }, 90_000);
  });
});
