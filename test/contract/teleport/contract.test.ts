// The contract of Teleport as the operator uses it: the same cases on the embedded server, always, and on a real
// one when TELEPORT_BIN_DIR names a folder with `teleport` and `tctl`. Reads of a real Teleport are stale for up
// to a second, so cases poll where they read back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Launcher, teleportServers } from '../../env/index.js';
import { type RunningEmbeddedTeleport, startEmbeddedTeleport } from '../../env/teleport-embedded.js';
import type { RunningTeleport } from '../../env/types.js';
import { botsContract } from './bots.js';
import { boundKeypairContract } from './bound-keypair.js';
import { certificatesContract } from './certificates.js';
import { clusterContract } from './cluster.js';
import { covered, uncovered } from './coverage.js';
import { declaredContract } from './declared.js';
import { doorsContract } from './doors.js';
import { eventsContract } from './events.js';
import { joiningContract } from './joining.js';
import { joiningPodsContract } from './joining-pods.js';
import { joiningProxyContract } from './joining-proxy.js';
import { kindsContract } from './kinds.js';
import { kindsRefusedContract } from './kinds-refused.js';
import { locksContract } from './locks.js';
import { permissionsContract } from './permissions.js';
import { referencesContract } from './references.js';
import { restartsContract } from './restarts.js';
import { rolesContract } from './roles.js';
import { tokensContract } from './tokens.js';
import { usersContract } from './users.js';
import { watchedContract } from './watched.js';

/** As a real one in this as well: reads, locks and watches lag behind writes. */
const stale: Launcher<RunningTeleport> = {
  name: 'an embedded Teleport with stale reads',
  skipped: false,
  start: () => startEmbeddedTeleport({ staleMs: 100 }),
};

describe.each([...teleportServers(), stale])('$name', ({ start, skipped }) => {
  describe.skipIf(skipped)('keeps the contract', () => {
    let running: RunningTeleport | undefined;
    const teleport = (): RunningTeleport => {
      if (!running) throw new Error('the server is not up');
      return running;
    };

    beforeAll(async () => {
      running = await start();
    }, 90_000);

    afterAll(() => running?.stop());

    describe.each([
      ['cluster', clusterContract],
      ['roles', rolesContract],
      ['users', usersContract],
      ['tokens', tokensContract],
      ['locks', locksContract],
      ['bots', botsContract],
      ['events', eventsContract],
      ['joining', joiningContract],
      ['joining of pods', joiningPodsContract],
      ['joining at the proxy', joiningProxyContract],
      ['doors', doorsContract],
      ['bound_keypair', boundKeypairContract],
      ['certificates', certificatesContract],
      ['kinds', kindsContract],
      ['kinds that are refused', kindsRefusedContract],
      ['watched', watchedContract],
      ['declared', declaredContract],
      ['permissions', permissionsContract],
      ['references', referencesContract],
      ['restarts', restartsContract],
    ])('%s', (_subject, contract) => {
      contract(teleport);
    });

    it('has cases for what coverage.ts says, and needs no other RPC', () => {
      if (teleport().kind !== 'embedded') return;
      const { calls } = (teleport() as RunningEmbeddedTeleport).server;
      const used = new Set(calls.uses().map(({ what }) => what));
      expect(covered.filter((what) => !used.has(what))).toEqual([]);
      expect(uncovered(calls.records.map(({ method }) => ({ what: method })))).toEqual([]);
    });
  });
});
