// Several objects for one resource: who has it, and who may where the others can't be read. How claims are kept is the
// matter of claims.test.ts.
import { describe, expect, it } from 'vitest';
import { anObject, type ObjectWith } from '../../test/builders/object.js';
import { foreignRole, going, world } from '../../test/builders/reconciler-world.js';
import type { RoleV6 } from '../gen/teleport/types/role_pb.js';
import type { AnyKind } from '../kinds/kind.js';
import { roleV6, roleV8 } from '../kinds/role.js';
import { user } from '../kinds/user.js';
import type { KubeObject } from '../kube/object.js';
import { claimOf } from './claims.js';
import { annotations, finalizer, originLabel } from './names.js';

const ownRole = (): RoleV6 => {
  const stored = foreignRole('engineer');
  if (stored.Metadata) stored.Metadata.Labels = { [originLabel]: 'kubernetes' };
  return stored;
};

describe('two objects for one resource', () => {
  const young = anObject({ metadata: { uid: 'b', creationTimestamp: '2026-01-02T00:00:00Z' } });
  const old = anObject({
    kind: 'TeleportRoleV6',
    metadata: { uid: 'a', creationTimestamp: '2026-01-01T00:00:00Z', finalizers: [finalizer] },
  });
  const both = () => {
    const all = world();
    for (const object of [young, old]) all.claims.set('role/engineer', claimOf(object));
    return all;
  };
  const goingToo = (object: KubeObject): KubeObject =>
    anObject({ ...object, metadata: { ...object.metadata, deletionTimestamp: 'now' } });

  it('leave it to the older one', async () => {
    const { pass, teleport } = both();
    const { outcome } = await pass(young);
    expect(outcome).toMatchObject({ type: 'failed', reason: 'NameConflict' });
    expect(outcome).toHaveProperty('message', expect.stringContaining('TeleportRoleV6 teleport/engineer'));
    expect(teleport.calls).toEqual([]);
  });

  it('touch nothing when the younger one goes, and hand over when the older one goes', async () => {
    const { pass, teleport, released, claims } = both();
    const { object: heir } = await pass(young);
    expect((await pass(goingToo(heir))).outcome).toEqual({ type: 'gone', resource: 'notOurs' });
    claims.set('role/engineer', claimOf(heir));
    expect((await pass(goingToo(old))).outcome).toEqual({ type: 'gone', resource: 'handedOver' });
    expect([teleport.calls, released]).toEqual([[], ['engineer', 'engineer']]);
  });

  it('go with the resource where the younger one is deleted while the older one is handing over', async () => {
    const { pass, teleport, finalized, role, claims } = both();
    teleport.resources.set('engineer', ownRole());
    const { object: heir } = await pass(young);
    expect(finalized).toEqual(['engineer']);
    claims.set('role/engineer', claimOf(heir));
    expect((await pass(goingToo(old))).outcome).toEqual({ type: 'gone', resource: 'handedOver' });
    expect((await pass(goingToo(heir))).outcome).toEqual({ type: 'gone', resource: 'deleted' });
    expect(role()).toBeUndefined();
    // The older one's release was lost to a conflict, and is tried again.
    expect((await pass(goingToo(old))).outcome).toEqual({ type: 'gone', resource: 'notOurs' });
  });

  describe('of which the younger one has no finalizer, since it is ignored, only observed or new,', () => {
    const waiting = async (more: ObjectWith['metadata'] = {}) => {
      const all = both();
      all.teleport.resources.set('engineer', ownRole());
      const object = goingToo({ ...old, metadata: { ...old.metadata, ...more } });
      return { ...all, object, outcome: (await all.pass(object)).outcome };
    };

    it('keep each other: the older one waits, or nobody would delete the resource after it', async () => {
      const { outcome, released, role } = await waiting();
      expect(outcome).toMatchObject({ type: 'failed', reason: 'NameConflict', next: 'backoff' });
      expect(outcome).toHaveProperty('message', expect.stringContaining('TeleportRoleV7 teleport/engineer'));
      expect(role()).toBeDefined();
      expect(released).toEqual([]);
    });

    it('say so at once where that one is ignored or only observed, and else not before it had time to be looked at', async () => {
      const patienceWith = async (annotated: ObjectWith['metadata'], dryRun = false) => {
        const { claims, pass, object, policy } = await waiting();
        policy.dryRun = dryRun;
        claims.set('role/engineer', claimOf({ ...young, metadata: { ...young.metadata, ...annotated } }));
        const { outcome } = await pass(object);
        return { patience: outcome.type === 'failed' ? (outcome.patience ?? 0) : 0, outcome };
      };
      for (const annotated of [{ [annotations.ignore]: 'true' }, { [annotations.mode]: 'observe' }]) {
        const { patience, outcome } = await patienceWith({ annotations: annotated });
        expect(patience).toBe(0);
        expect(outcome).toHaveProperty('message', expect.stringContaining('ignored or only observed'));
      }
      const { patience, outcome } = await patienceWith({});
      expect(patience).toBeGreaterThanOrEqual(5_000);
      expect(outcome).toHaveProperty('message', expect.stringContaining('was not looked at yet'));
      // Under -dry-run it never will be held.
      expect((await patienceWith({}, true)).patience).toBe(0);
    });

    it('part when that one is held: handed over', async () => {
      const { pass, claims, object } = await waiting();
      const heir = anObject({ ...young, metadata: { ...young.metadata, finalizers: [finalizer] } });
      expect(claims.set('role/engineer', claimOf(heir))).toEqual(['role/engineer']);
      expect((await pass(object)).outcome).toEqual({ type: 'gone', resource: 'handedOver' });
    });

    it.each([
      ['ignored', { [annotations.ignore]: 'true' }],
      ['only observed', { [annotations.mode]: 'observe' }],
    ])(
      'keep each other also where that one is held, and %s now: nobody would write its own content',
      async (_, annotated) => {
        const { pass, claims, object, role, released } = await waiting();
        const idle = { ...young.metadata, finalizers: [finalizer], annotations: annotated };
        const heir = anObject({ ...young, metadata: idle });
        claims.set('role/engineer', claimOf(heir));
        const { outcome } = await pass(object);
        expect(outcome).toMatchObject({ type: 'failed', reason: 'NameConflict', next: 'backoff' });
        expect(outcome).toHaveProperty('message', expect.stringContaining('ignored or only observed'));
        expect(outcome).not.toHaveProperty('message', expect.stringContaining('no finalizer'));
        expect([role() !== undefined, released]).toEqual([true, []]);
        const active = anObject({ ...young, metadata: { ...idle, annotations: {} } });
        expect(claims.set('role/engineer', claimOf(active))).toEqual(['role/engineer']);
        expect((await pass(object)).outcome).toEqual({ type: 'gone', resource: 'handedOver' });
      },
    );

    it('part when that one goes: the resource goes with the older one', async () => {
      const { pass, claims, object, role } = await waiting();
      claims.remove(claimOf(young).owner);
      expect((await pass(object)).outcome).toEqual({ type: 'gone', resource: 'deleted' });
      expect(role()).toBeUndefined();
    });

    it('keep each other also where a third one is held: that one is younger still, and would not have the resource', async () => {
      const { pass, claims, object, role } = await waiting();
      const third = anObject({
        kind: 'TeleportRoleV8',
        metadata: { uid: 'c', creationTimestamp: '2026-01-03T00:00:00Z', finalizers: [finalizer] },
      });
      claims.set('role/engineer', claimOf(third));
      const { outcome } = await pass(object);
      expect(outcome).toHaveProperty('message', expect.stringContaining('TeleportRoleV7 teleport/engineer'));
      // Had it been handed over, this one would go without it, and nobody were left to delete it.
      expect((await pass(goingToo(third))).outcome).toEqual({ type: 'gone', resource: 'notOurs' });
      claims.remove(claimOf(third).owner);
      claims.remove(claimOf(young).owner);
      expect((await pass(object)).outcome).toEqual({ type: 'gone', resource: 'deleted' });
      expect(role()).toBeUndefined();
    });

    it('part where the resource is to be kept, and where the namespace goes', async () => {
      const kept = await waiting({ annotations: { [annotations.keep]: 'true' } });
      expect(kept.outcome).toEqual({ type: 'gone', resource: 'kept' });
      const { pass, object, teardown } = await waiting();
      teardown.ending = 'its namespace';
      expect((await pass(object)).outcome).toMatchObject({ type: 'gone', resource: 'left' });
    });
  });

  it('are one where the older one was let go before, and is there only for a finalizer of others', async () => {
    const leaving = { deletionTimestamp: 'now', finalizers: ['others/finalizer'] };
    const released = anObject({ ...old, metadata: { ...old.metadata, ...leaving } });
    const { pass, claims, role } = world();
    for (const object of [young, released]) claims.set('role/engineer', claimOf(object));
    expect((await pass(released)).outcome).toEqual({ type: 'gone', resource: 'untouched' });
    const { object, outcome } = await pass(young);
    expect(outcome).toMatchObject({ wrote: 'created' });
    expect((await pass(goingToo(object))).outcome).toEqual({ type: 'gone', resource: 'deleted' });
    expect(role()).toBeUndefined();
  });

  it('are not held where nothing is to be written', async () => {
    const { pass, finalized } = both();
    const looks = { ...young.metadata, annotations: { [annotations.mode]: 'observe' } };
    expect((await pass({ ...young, metadata: looks })).outcome).toMatchObject({ reason: 'NameConflict' });
    expect(finalized).toEqual([]);
  });
});

describe('an object whose rivals can not be read', () => {
  const lost = (more: ObjectWith['metadata'] = {}): KubeObject =>
    anObject({
      metadata: { finalizers: [finalizer], creationTimestamp: '2026-01-02T00:00:00Z', ...more },
      status: { conditions: [{ type: 'Ready', status: 'False', reason: 'NameConflict' }] },
    });
  const madeByV6 = (): RoleV6 => {
    const stored = ownRole();
    stored.Version = 'v6';
    return stored;
  };
  const hiding = (hidden: AnyKind = roleV6) => {
    const all = world();
    all.claims.hide(hidden, 'forbidden');
    return all;
  };

  it('does not come into what it lost before, and its deletion touches nothing', async () => {
    const { pass, teleport } = hiding();
    const { outcome } = await pass(lost());
    expect(outcome).toMatchObject({ type: 'failed', reason: 'NameConflict', next: 'onChange' });
    expect(outcome).toHaveProperty('message', expect.stringContaining('TeleportRoleV6'));
    const { outcome: end } = await pass(lost({ deletionTimestamp: 'now' }));
    expect(end).toEqual({ type: 'gone', resource: 'notOurs' });
    expect(teleport.calls).toEqual([]);
  });

  it('comes into it when they can be read and there is none, when asked for, and where the rival was another', async () => {
    const seen = hiding();
    seen.claims.hide(roleV6, undefined);
    expect((await seen.pass(lost())).outcome).toMatchObject({ wrote: 'created' });
    const asked = lost({ annotations: { [annotations.adopt]: 'true' } });
    expect((await hiding().pass(asked)).outcome).toMatchObject({ wrote: 'created' });
    expect((await hiding(user).pass(lost())).outcome).toMatchObject({ wrote: 'created' });
    const known = hiding();
    const rival = anObject({ kind: 'TeleportRoleV8', metadata: { creationTimestamp: '2026-01-01' } });
    for (const object of [lost(), rival]) known.claims.set('role/engineer', claimOf(object));
    known.claims.remove('TeleportRoleV8 teleport/engineer');
    expect((await known.pass(lost())).outcome).toMatchObject({ wrote: 'created' });
  });

  it('says what keeps each kind from being read: a right, or lists that fail', async () => {
    const { pass, claims } = hiding();
    const message = async () => {
      const { outcome } = await pass(lost());
      return outcome.type === 'failed' ? outcome.message : '';
    };
    expect(await message()).toContain('may not list and watch teleportrolesv6');
    expect(await message()).not.toContain('fails');
    claims.hide(roleV6, 'unlisted');
    expect(await message()).toContain('listing teleportrolesv6 fails');
    expect(await message()).not.toContain('may not');
    claims.hide(roleV8, 'forbidden');
    expect(await message()).toContain('may not list and watch teleportrolesv8');
    expect(await message()).toContain('listing teleportrolesv6 fails');
  });

  it('does not take over what one of them made, and does not delete it', async () => {
    const { pass, teleport } = hiding();
    teleport.resources.set('engineer', madeByV6());
    expect((await pass(anObject())).outcome).toMatchObject({ reason: 'NameConflict' });
    expect((await pass(going())).outcome).toEqual({ type: 'gone', resource: 'notOurs' });
    expect(teleport.calls).toEqual(['get', 'get']);
    const asked = anObject({ metadata: { annotations: { [annotations.adopt]: 'true' } } });
    expect((await pass(asked)).outcome).toMatchObject({ wrote: 'updated' });
  });

  it('takes over what none of them writes', async () => {
    const { pass, teleport } = hiding(roleV8);
    teleport.resources.set('engineer', madeByV6());
    expect((await pass(anObject())).outcome).toMatchObject({ wrote: 'updated' });
  });
});
