// An object that is only looked at, by its annotation or under -dry-run: nothing is written on either side, and the plan
// tells what would become of it, also of one that is being deleted.
import { describe, expect, it } from 'vitest';
import { anObject } from '../../test/builders/object.js';
import { foreignRole, going, held, readyOf, world } from '../../test/builders/reconciler-world.js';
import { roleV6, roleV7 } from '../kinds/role.js';
import type { KubeObject } from '../kube/object.js';
import { claimOf } from './claims.js';
import { annotations } from './names.js';
import { statusOf } from './status.js';

const observed = { [annotations.mode]: 'observe' };

describe('an object that is only observed', () => {
  it('gets no finalizer and no resource, and says what would be done', async () => {
    const { pass, teleport, finalized } = world();
    const { outcome } = await pass(anObject({ metadata: { annotations: observed } }));
    expect(outcome).toEqual({ type: 'planned', verb: 'create', fields: [] });
    expect([teleport.calls, finalized]).toEqual([['get'], []]);
  });
});

describe('the deletion of an object that is only observed', () => {
  /** One that a pass in earnest was made over, and which is deleted under -dry-run. */
  const dry = async (brake = 0) => {
    const all = world(roleV7, undefined, brake);
    await all.pass(anObject());
    await all.clock.advance(10_000);
    all.policy.dryRun = true;
    const plan = async (deleted: KubeObject = going()) => {
      const { outcome } = await all.pass(deleted);
      const ready = statusOf(outcome)?.conditions.find(({ type }) => type === 'Ready');
      return `${ready?.reason}: ${ready?.message}`;
    };
    return { ...all, plan };
  };
  const waits = 'The deletion waits';

  it('waits, and says that the resource would be deleted', async () => {
    const { plan, role, released } = await dry();
    expect(await plan()).toMatch(/^Observed: .* would be deleted/);
    expect(await plan()).toContain(waits);
    expect(role()).toBeDefined();
    expect(released).toEqual([]);
  });

  it.each<[string, string, KubeObject, (all: Awaited<ReturnType<typeof dry>>) => void]>([
    [
      'is to be kept',
      'teleport.dev/keep',
      going({ metadata: { annotations: { [annotations.keep]: 'true' } } }),
      () => {},
    ],
    [
      'goes with its namespace',
      'its namespace',
      going(),
      ({ teardown }) => void (teardown.ending = 'its namespace'),
    ],
    ['is gone', 'no such resource', going(), ({ teleport }) => teleport.resources.clear()],
    [
      'is somebody else’s',
      'not this operator',
      going(),
      ({ teleport }) => teleport.resources.set('engineer', foreignRole('engineer')),
    ],
    [
      'is another object’s then',
      'another object',
      going(),
      ({ claims }) => {
        const heir = held({
          kind: 'TeleportRoleV6',
          metadata: { uid: 'b', creationTimestamp: '2027-01-01T00:00:00Z' },
        });
        for (const object of [going(), heir]) claims.set('role/engineer', claimOf(object));
      },
    ],
  ])('waits as well where the resource %s, and says so', async (_, why, object, arrange) => {
    const all = await dry();
    arrange(all);
    const before = all.teleport.calls.length;
    expect(await all.plan(object)).toMatch(/^Observed: .* would be let go/);
    expect(await all.plan(object)).toContain(why);
    expect(await all.plan(object)).toContain(waits);
    expect(all.teleport.calls.slice(before).filter((call) => call !== 'get')).toEqual([]);
    expect(all.released).toEqual([]);
    all.policy.dryRun = false;
    expect((await all.pass(object)).outcome).toMatchObject({ type: 'gone' });
    expect(all.released).toEqual(['engineer']);
  });

  it('of the winner of a conflict leaves the resource its own until it goes', async () => {
    const { pass, claims, policy, released } = await dry();
    const old = going({ metadata: { uid: 'a', creationTimestamp: '2026-01-01T00:00:00Z' } });
    const heir = held({
      kind: 'TeleportRoleV6',
      metadata: { uid: 'b', creationTimestamp: '2026-01-02T00:00:00Z' },
    });
    for (const object of [old, heir]) claims.set('role/engineer', claimOf(object));
    await pass(old);
    policy.dryRun = false;
    expect((await pass(heir)).outcome).toMatchObject({ reason: 'NameConflict' });
    expect(released).toEqual([]);
  });

  it('of the loser of one says NameConflict still: what it lost is not its to delete afterwards', async () => {
    const { pass, claims, policy, released, role } = await dry();
    const young = going({ metadata: { uid: 'b', creationTimestamp: '2026-01-02T00:00:00Z' } });
    const old = held({
      kind: 'TeleportRoleV6',
      metadata: { uid: 'a', creationTimestamp: '2026-01-01T00:00:00Z' },
    });
    for (const object of [young, old]) claims.set('role/engineer', claimOf(object));
    const lost = await pass(young);
    expect(readyOf(lost.outcome)).toBe('False NameConflict');
    expect(lost.outcome).toHaveProperty('message', expect.stringContaining(waits));
    expect(released).toEqual([]);
    // Its rival can't be read any more, after a restart.
    for (const { owner } of claims.of('role/engineer')) claims.remove(owner);
    claims.hide(roleV6, 'forbidden');
    const says = { ...young, status: { conditions: statusOf(lost.outcome)?.conditions } };
    expect((await pass(says)).outcome).toMatchObject({ reason: 'NameConflict' });
    expect(released).toEqual([]);
    policy.dryRun = false;
    expect((await pass(says)).outcome).toEqual({ type: 'gone', resource: 'notOurs' });
    expect(role()).toBeDefined();
  });

  it('that the brake has paused is paused still when an older rival comes, which it tells of, and when that goes', async () => {
    const { plan, pass, claims, policy, role, released } = await dry(20);
    const paused = going({
      metadata: { uid: 'b', creationTimestamp: '2026-01-02T00:00:00Z' },
      status: { conditions: [{ type: 'Ready', reason: 'DeletionPaused' }] },
    });
    const old = held({
      kind: 'TeleportRoleV6',
      metadata: { uid: 'a', creationTimestamp: '2026-01-01T00:00:00Z' },
    });
    for (const object of [paused, old]) claims.set('role/engineer', claimOf(object));
    expect(await plan(paused)).toMatch(
      /^DeletionPaused: .* belongs to the older object TeleportRoleV6 teleport\/engineer\. The deletion waits/,
    );
    const { outcome } = await pass(paused);
    const says = { ...paused, status: { conditions: statusOf(outcome)?.conditions } };
    for (const left of claims.remove(claimOf(old).owner)) expect(left).toBe('role/engineer');
    policy.dryRun = false;
    expect((await pass(says)).outcome).toMatchObject({ reason: 'DeletionPaused' });
    expect(role()).toBeDefined();
    claims.set('role/engineer', claimOf(old));
    expect((await pass(says)).outcome).toEqual({ type: 'gone', resource: 'notOurs' });
    expect(released).toEqual(['engineer']);
  });

  it('that the brake has paused stays paused, and one that it has not uses nothing of it up', async () => {
    const { plan, policy, pass } = await dry(1);
    const paused = going({ status: { conditions: [{ type: 'Ready', reason: 'DeletionPaused' }] } });
    expect(await plan(paused)).toMatch(/^DeletionPaused/);
    for (let i = 0; i < 3; i++) expect(await plan()).toMatch(/^Observed/);
    policy.dryRun = false;
    expect((await pass(going())).outcome).toEqual({ type: 'gone', resource: 'deleted' });
  });
});
