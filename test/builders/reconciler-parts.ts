// What a pass works with, for tests: the memory of a process that has just started, a Kubernetes that takes every write,
// no licence, no Secrets, and nothing that ends. What a test is about, it gives itself.
import { DeletionBrake } from '../../src/reconcile/brake.js';
import { Claims } from '../../src/reconcile/claims.js';
import { Absences } from '../../src/reconcile/dependencies.js';
import { Fights } from '../../src/reconcile/fights.js';
import { LatestReads } from '../../src/reconcile/latest.js';
import type { ReconcilerParts } from '../../src/reconcile/parts.js';
import { RecentWrites } from '../../src/reconcile/recent.js';
import type { TeleportClient } from '../../src/teleport/client.js';

type Given = Pick<ReconcilerParts, 'kind' | 'clock' | 'mirror'> & Partial<ReconcilerParts>;

export function reconcilerParts(given: Given): ReconcilerParts {
  const { clock, mirror } = given;
  return {
    // Calls of a kind in memory (memory-kind.ts) need none.
    teleport: {} as TeleportClient,
    recent: new RecentWrites(clock),
    latest: new LatestReads(),
    absences: new Absences(mirror, clock),
    claims: new Claims(),
    fights: new Fights(clock),
    brake: new DeletionBrake(0, clock),
    teardown: undefined,
    policy: { drift: 'correct', dryRun: false },
    features: () => undefined,
    secrets: { get: async () => undefined },
    objects: {
      addFinalizer: async (object) => object,
      removeFinalizer: async () => {},
      record: async (object) => object,
    },
    ...given,
  };
}
