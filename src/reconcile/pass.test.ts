// What a pass makes visible, and when: a failure that mostly ends by itself is borne in silence for a while. In virtual time; what
// passes come to is reconciler.test.ts's matter, and how each outcome reads announce.test.ts's and status.test.ts's.
import { clone } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { inMemory } from '../../test/builders/memory-kind.js';
import { anObject } from '../../test/builders/object.js';
import { reconcilerParts } from '../../test/builders/reconciler-parts.js';
import { foreignRole, going, held } from '../../test/builders/reconciler-world.js';
import { silentLogger as log } from '../core/log.js';
import { noMetrics } from '../core/metrics.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { type RoleV6, RoleV6Schema } from '../gen/teleport/types/role_pb.js';
import { roleV7 } from '../kinds/role.js';
import { setConditions } from '../kube/conditions.js';
import { KubeError, type KubeErrorKind } from '../kube/errors.js';
import type { KubeObject } from '../kube/object.js';
import { Claims, claimOf } from './claims.js';
import { Door } from './door.js';
import { Mirror } from './mirror.js';
import { annotations, finalizer, originLabel } from './names.js';
import { Passes, type PassNext, passCounters } from './pass.js';
import { readyReason } from './status.js';

const key = 'teleport/engineer';
const heir = (metadata: Partial<KubeObject['metadata']> = {}) =>
  anObject({
    kind: 'TeleportRoleV6',
    metadata: { uid: 'b', creationTimestamp: '2026-01-02T00:00:00Z', ...metadata },
  });

/** Passes over one object, with all that they need in memory. @param hold adds the finalizer */
function passesOver(first: KubeObject, hold = async (given: KubeObject): Promise<KubeObject> => given) {
  const { kind, teleport } = inMemory(roleV7);
  const clock = new VirtualClock();
  const claims = new Claims();
  const mirror = new Mirror([kind]);
  let object: KubeObject | undefined = first;
  const told: string[] = [];
  const passes = new Passes({
    ...reconcilerParts({ kind, clock, mirror, claims }),
    objects: {
      addFinalizer: hold,
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
  const edit = (change: (now: KubeObject) => KubeObject) => void (object = object && change(object));
  return { clock, claims, mirror, teleport, told, run, reason, edit, isThere: () => object !== undefined };
}

/** The winner of a conflict is being deleted, and its heir has only just come. */
function world() {
  const winner = going({ metadata: { uid: 'a', creationTimestamp: '2026-01-01T00:00:00Z' } });
  const passes = passesOver(winner);
  const role = foreignRole('engineer');
  if (role.Metadata) role.Metadata.Labels = { [originLabel]: 'kubernetes' };
  passes.teleport.resources.set('engineer', role);
  for (const each of [winner, heir()]) passes.claims.set('role/engineer', claimOf(each));
  return passes;
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

describe('a pass whose object changes under it, or goes', () => {
  const overtaken = (kind: KubeErrorKind) => {
    let refusals = 0;
    const passes = passesOver(anObject({ metadata: { finalizers: [] } }), async (given) => {
      if (refusals-- > 0) throw new KubeError(kind, 'the object has been modified');
      return given;
    });
    return { ...passes, refuse: (times: number) => void (refusals = times) };
  };

  it.each(['Conflict', 'NotFound'] as const)('is made again soon, and is no failure: %s', async (kind) => {
    const { run, reason, refuse } = overtaken(kind);
    refuse(1);
    expect(await run()).toBe('retrySoon');
    expect(await run()).toBe('done');
    expect(reason()).toBe('Synced');
  });

  it('fails where that happens to the next one as well', async () => {
    const { run, refuse } = overtaken('Conflict');
    refuse(2);
    await run();
    await expect(run()).rejects.toThrow('modified');
    expect(await run()).toBe('done');
  });

  it('is no failure either where another failure lies between two such', async () => {
    let kind: KubeErrorKind = 'Conflict';
    const { run } = passesOver(anObject({ metadata: { finalizers: [] } }), async () => {
      throw new KubeError(kind, 'refused');
    });
    expect(await run()).toBe('retrySoon');
    kind = 'Forbidden';
    await expect(run()).rejects.toThrow('refused');
    kind = 'Conflict';
    expect(await run()).toBe('retrySoon');
  });

  it('fails at once where it was refused for another reason', async () => {
    const { run, refuse } = overtaken('Forbidden');
    refuse(1);
    await expect(run()).rejects.toThrow('modified');
  });
});

describe('a pass that somebody asks for by reconcile-at', () => {
  it('looks at Teleport though the mirror tells of no change, once for each value', async () => {
    const { mirror, teleport, run, edit } = passesOver(held());
    const logins = () => (teleport.resources.get('engineer') as RoleV6 | undefined)?.Spec?.Allow?.Logins;
    const ask = (value: string): Promise<PassNext> => {
      edit((now) => ({
        ...now,
        metadata: { ...now.metadata, annotations: { [annotations.reconcileAt]: value } },
      }));
      return run();
    };
    await run();
    const made = teleport.resources.get('engineer') as RoleV6;
    mirror.put('role', made);
    mirror.replaced('role', new Set(['engineer']), new Set());
    // by an administrator, and Auth tells nothing of it
    const changed = clone(RoleV6Schema, made);
    changed.Spec?.Allow?.Logins.push('root');
    if (changed.Metadata) changed.Metadata.Revision = 'by-hand';
    teleport.resources.set('engineer', changed);
    await ask('now');
    expect(logins()).toEqual(['ubuntu']);
    const calls = teleport.calls.length;
    edit((now) => ({ ...now, metadata: { ...now.metadata, labels: {} } }));
    mirror.put('role', teleport.resources.get('engineer') as RoleV6);
    await run();
    expect(teleport.calls).toHaveLength(calls);
    await ask('again');
    expect(teleport.calls.length).toBeGreaterThan(calls);
  });
});
