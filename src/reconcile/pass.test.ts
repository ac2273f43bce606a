// What a pass makes visible, and when: a failure that mostly ends by itself is borne in silence for a while. In virtual time; what
// passes come to is reconciler.test.ts's matter, and how each outcome reads announce.test.ts's and status.test.ts's.
import { describe, expect, it } from 'vitest';
import { inMemory } from '../../test/builders/memory-kind.js';
import { anObject } from '../../test/builders/object.js';
import { reconcilerParts } from '../../test/builders/reconciler-parts.js';
import { foreignRole, going } from '../../test/builders/reconciler-world.js';
import { silentLogger as log } from '../core/log.js';
import { noMetrics } from '../core/metrics.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { roleV7 } from '../kinds/role.js';
import { setConditions } from '../kube/conditions.js';
import type { KubeObject } from '../kube/object.js';
import { Claims, claimOf } from './claims.js';
import { Door } from './door.js';
import { Mirror } from './mirror.js';
import { annotations, finalizer, originLabel } from './names.js';
import { Passes, passCounters } from './pass.js';
import { readyReason } from './status.js';

const key = 'teleport/engineer';
const heir = (metadata: Partial<KubeObject['metadata']> = {}) =>
  anObject({
    kind: 'TeleportRoleV6',
    metadata: { uid: 'b', creationTimestamp: '2026-01-02T00:00:00Z', ...metadata },
  });

/** The winner of a conflict is being deleted, and its heir has only just come. */
function world() {
  const { kind, teleport } = inMemory(roleV7);
  const clock = new VirtualClock();
  const claims = new Claims();
  const role = foreignRole('engineer');
  if (role.Metadata) role.Metadata.Labels = { [originLabel]: 'kubernetes' };
  teleport.resources.set('engineer', role);
  let object: KubeObject | undefined = going({
    metadata: { uid: 'a', creationTimestamp: '2026-01-01T00:00:00Z' },
  });
  for (const each of [object, heir()]) claims.set('role/engineer', claimOf(each));
  const told: string[] = [];
  const passes = new Passes({
    ...reconcilerParts({ kind, clock, mirror: new Mirror([kind]), claims }),
    objects: {
      addFinalizer: async (given) => given,
      removeFinalizer: async () => void (object = undefined),
      record: async (given) => given,
    },
    clock,
    door: new Door(),
    get: () => object,
    writeStatus: async (given, compute) => void (object = { ...given, status: { ...compute(given) } }),
    setConditions: (existing, wanted, generation) =>
      setConditions(existing, wanted, { generation, now: clock.now() }),
    announce: (_, announcement) => void (announcement && told.push(announcement.reason)),
    usesSecrets: () => {},
    waitsFor: () => {},
    isBlocked: () => {},
    counters: passCounters(noMetrics),
  });
  const { signal } = new AbortController();
  const run = () => passes.run(key, log, signal);
  const reason = () => object && readyReason(object);
  return { clock, claims, told, run, reason, isThere: () => object !== undefined };
}

describe('a deletion whose heir was not looked at yet', () => {
  it('is quiet, is tried again soon, and hands over when the heir is held', async () => {
    const { clock, claims, told, run, reason, isThere } = world();
    for (let i = 0; i < 3; i++) {
      expect(await run()).toBe('retrySoon');
      await clock.advance(1_000);
    }
    expect(reason()).toBeUndefined();
    claims.set('role/engineer', claimOf(heir({ finalizers: [finalizer] })));
    expect(await run()).toBe('done');
    expect(isThere()).toBe(false);
    expect(told).toEqual(['Kept']);
  });

  it('says what it waits for when that lasts', async () => {
    const { clock, told, run, reason } = world();
    await run();
    await clock.advance(6_000);
    expect(await run()).toBe('retry');
    expect(reason()).toBe('NameConflict');
    expect(told).toEqual(['DeletionBlocked']);
  });

  it('says so at once where the heir is not to be reconciled', async () => {
    const { claims, told, run, reason } = world();
    claims.set('role/engineer', claimOf(heir({ annotations: { [annotations.ignore]: 'true' } })));
    await run();
    expect(reason()).toBe('NameConflict');
    expect(told).toEqual(['DeletionBlocked']);
  });
});
