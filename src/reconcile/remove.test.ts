// The object goes: what becomes of its resource, and when the object is let go. Not whether a CRD or namespace ends
// (teardown.test.ts), nor a write of which nobody knows whether it was made (doubt.test.ts).
import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { anObject, type ObjectWith } from '../../test/builders/object.js';
import { foreignRole, going, held, readyOf, world } from '../../test/builders/reconciler-world.js';
import { FeaturesSchema } from '../gen/teleport/client/authservice_pb.js';
import { UserV2Schema } from '../gen/teleport/types/user_pb.js';
import { roleV7 } from '../kinds/role.js';
import { TeleportError } from '../teleport/errors.js';
import { claimOf } from './claims.js';
import type { Mirror } from './mirror.js';
import { annotations } from './names.js';
import type { Outcome } from './outcome.js';
import { statusOf } from './status.js';

const statusAfter = (outcome: Outcome) => ({ conditions: statusOf(outcome)?.conditions });

function mirrorUsers(mirror: Mirror, roles: Record<string, string[]>): void {
  for (const [Name, Roles] of Object.entries(roles)) {
    mirror.put(
      'user',
      create(UserV2Schema, { Kind: 'user', Version: 'v2', Metadata: { Name }, Spec: { Roles } }),
    );
  }
  mirror.replaced('user', new Set(Object.keys(roles)), new Set());
}

describe('a deletion', () => {
  it('deletes the resource, then releases the object', async () => {
    const { pass, role, released } = world();
    await pass(anObject());
    const { outcome } = await pass(going());
    expect(outcome).toEqual({ type: 'gone', resource: 'deleted' });
    expect(role()).toBeUndefined();
    expect(released).toEqual(['engineer']);
  });

  it('works where the spec can not be read', async () => {
    const { pass, role } = world();
    await pass(anObject());
    await pass(going({ spec: { allow: { logins: 5 } } }));
    expect(role()).toBeUndefined();
  });

  it('releases the object where the resource is gone or is not ours', async () => {
    const { pass, teleport, released, role } = world();
    expect((await pass(going())).outcome).toEqual({ type: 'gone', resource: 'absent' });
    teleport.resources.set('engineer', foreignRole('engineer'));
    expect((await pass(going())).outcome).toEqual({ type: 'gone', resource: 'notOurs' });
    expect(role()).toBeDefined();
    expect(released).toEqual(['engineer', 'engineer']);
  });

  it('keeps the resource when asked to, so that another kind can take it over', async () => {
    const { pass, role, released } = world();
    await pass(anObject());
    const { outcome } = await pass(going({ metadata: { annotations: { [annotations.keep]: 'true' } } }));
    expect(outcome).toEqual({ type: 'gone', resource: 'kept' });
    expect(role()).toBeDefined();
    expect(released).toEqual(['engineer']);
  });

  it('holds the object while Teleport refuses', async () => {
    const { pass, teleport, released, role } = world();
    await pass(anObject());
    teleport.failNext.set('delete', new TeleportError('Unknown', 'role engineer is still in use by a user'));
    const { outcome } = await pass(going());
    expect(outcome).toMatchObject({ type: 'failed', step: 'delete', reason: 'InUse', next: 'backoff' });
    expect(released).toEqual([]);
    expect(role()).toBeDefined();
  });

  it('is done where somebody else was first, though a stale read still shows the resource', async () => {
    const { pass, teleport, released } = world();
    await pass(anObject());
    teleport.failNext.set('delete', new TeleportError('NotFound', 'role engineer is not found'));
    const { outcome } = await pass(going());
    expect(outcome).toEqual({ type: 'gone', resource: 'deleted' });
    expect(released).toEqual(['engineer']);
  });

  it('deletes what was made a moment ago, though Auth does not find it yet', async () => {
    const { pass, teleport, role, released } = world();
    await pass(anObject());
    teleport.failNext.set('get', new TeleportError('NotFound', 'role engineer is not found'));
    expect((await pass(going())).outcome).toEqual({ type: 'gone', resource: 'deleted' });
    expect(role()).toBeUndefined();
    expect(released).toEqual(['engineer']);
  });

  it('leaves an object alone that does not carry our finalizer', async () => {
    const { pass, teleport, released } = world();
    const { outcome } = await pass(going({ metadata: { finalizers: ['other/finalizer'] } }));
    expect(outcome).toEqual({ type: 'gone', resource: 'untouched' });
    expect(teleport.calls).toEqual([]);
    expect(released).toEqual([]);
  });

  it('does not take a stale read for a new resource, nor a new resource for a stale read', async () => {
    const { pass, teleport, role } = world();
    await pass(anObject());
    const stale = role();
    await pass(going());
    if (stale) teleport.resources.set('engineer', stale);
    expect((await pass(going())).outcome).toEqual({ type: 'gone', resource: 'absent' });
    teleport.resources.set('engineer', foreignRole('engineer'));
    expect((await pass(anObject())).outcome).toMatchObject({ reason: 'NotOwned' });
  });

  it('that is refused names the objects that hold the resource', async () => {
    const { pass, teleport, claims, mirror, policy } = world();
    await pass(anObject());
    mirrorUsers(mirror, { alice: ['engineer'], bob: ['engineer'], carol: [] });
    claims.set('user/alice', claimOf(anObject({ kind: 'TeleportUser', name: 'alice' })));
    teleport.failNext.set('delete', new TeleportError('Unknown', 'role engineer is still in use by a user'));
    const { outcome } = await pass(going());
    expect(outcome).toHaveProperty(
      'message',
      expect.stringContaining('Used by TeleportUser teleport/alice and 1 resource without an object.'),
    );
    // their names only where the operator is told to
    policy.nameUnmanaged = true;
    teleport.failNext.set('delete', new TeleportError('Unknown', 'role engineer is still in use by a user'));
    expect((await pass(going())).outcome).toHaveProperty(
      'message',
      expect.stringContaining('and 1 resource without an object (user bob).'),
    );
  });
});

describe('deletions that nobody meant', () => {
  it.each(['its CRD', 'its namespace'] as const)('are not made when %s goes', async (ending) => {
    const { pass, role, teardown, released } = world();
    await pass(anObject());
    teardown.ending = ending;
    expect((await pass(going())).outcome).toEqual({ type: 'gone', resource: 'left', ending });
    expect(role()).toBeDefined();
    expect(released).toEqual(['engineer']);
  });

  it('wait where the object is ignored, also when its namespace goes and where the resource is to be kept', async () => {
    const { pass, role, teardown, released } = world();
    await pass(anObject());
    teardown.ending = 'its namespace';
    for (const more of [{}, { [annotations.keep]: 'true' }]) {
      const ignored = going({ metadata: { annotations: { [annotations.ignore]: 'true', ...more } } });
      expect((await pass(ignored)).outcome).toEqual({ type: 'ignored', deleting: true });
    }
    expect(role()).toBeDefined();
    expect(released).toEqual([]);
  });

  it('wait when there are too many, unless they are confirmed', async () => {
    const { pass, teleport, released, clock } = world(roleV7, undefined, 1);
    for (const name of ['a', 'b', 'c']) await pass(anObject({ name }));
    expect((await pass(going({ name: 'a' }))).outcome).toEqual({ type: 'gone', resource: 'deleted' });
    const held = await pass(going({ name: 'b' }));
    expect(held.outcome).toMatchObject({ step: 'delete', reason: 'DeletionPaused', next: 'backoff' });
    const confirmed = going({
      name: 'c',
      metadata: { annotations: { [annotations.confirmDelete]: 'true' } },
    });
    expect((await pass(confirmed)).outcome).toEqual({ type: 'gone', resource: 'deleted' });
    expect([...teleport.resources.keys()]).toEqual(['b']);
    expect(released).toEqual(['a', 'c']);
    // Time does not let it go, nor does a restart; what was not stopped goes on.
    await clock.advance(60_000);
    const paused = {
      ...going({ name: 'b' }),
      status: { conditions: [{ type: 'Ready', reason: 'DeletionPaused' }] },
    };
    teleport.calls.length = 0;
    expect((await pass(paused)).outcome).toMatchObject({ reason: 'DeletionPaused' });
    expect(teleport.calls).toEqual([]);
    expect((await pass(going({ name: 'b' }))).outcome).toEqual({ type: 'gone', resource: 'deleted' });
  });

  const paused = (meanwhile: ObjectWith = {}) =>
    going({ ...meanwhile, status: { conditions: [{ type: 'Ready', reason: 'DeletionPaused' }] } });
  const made = async (all: ReturnType<typeof world>) => {
    await all.pass(anObject());
    return all;
  };

  it('stay paused where the object is ignored for a while', async () => {
    const { pass, role, released } = await made(world(roleV7, undefined, 1));
    const ignored = paused({ metadata: { annotations: { [annotations.ignore]: 'true' } } });
    const { outcome } = await pass(ignored);
    expect(readyOf(outcome)).toBe('False DeletionPaused');
    expect(outcome).toHaveProperty(
      'message',
      expect.stringMatching(/confirm-delete.* teleport.dev\/ignore is on/),
    );
    expect((await pass({ ...paused(), status: statusAfter(outcome) })).outcome).toMatchObject({
      reason: 'DeletionPaused',
    });
    // Once it is confirmed it waits for the other annotation alone.
    const confirmed = { [annotations.ignore]: 'true', [annotations.confirmDelete]: 'true' };
    expect(readyOf((await pass(paused({ metadata: { annotations: confirmed } }))).outcome)).toBe(
      'Unknown Ignored',
    );
    expect(role()).toBeDefined();
    expect(released).toEqual([]);
  });

  it('stay paused where the licence lacks the kind for a while', async () => {
    const licensed = { ...roleV7, needs: ['OIDC'] as const };
    const { pass } = await made(world(licensed, create(FeaturesSchema, { OIDC: false }), 1));
    expect((await pass(paused())).outcome).toMatchObject({ reason: 'DeletionPaused', next: 'backoff' });
  });

  it('stay paused where a look under -dry-run would hand the resource to another object', async () => {
    const { pass, policy, claims } = await made(world(roleV7, undefined, 1));
    policy.dryRun = true;
    const old = paused({ metadata: { uid: 'a', creationTimestamp: '2026-01-01T00:00:00Z' } });
    const young = { uid: 'b', creationTimestamp: '2026-01-02T00:00:00Z' };
    const heir = held({ kind: 'TeleportRoleV6', metadata: young });
    for (const object of [old, heir]) claims.set('role/engineer', claimOf(object));
    const { outcome } = await pass(old);
    expect(readyOf(outcome)).toBe('False DeletionPaused');
    expect(outcome).toHaveProperty('message', expect.stringContaining('would be let go'));
  });

  it('go on where the brake is taken off meanwhile', async () => {
    const { pass, released } = await made(world());
    await pass(paused());
    expect(released).toEqual(['engineer']);
  });

  it('are not counted where Teleport refused them', async () => {
    const { pass, teleport } = world(roleV7, undefined, 1);
    for (const name of ['a', 'b']) await pass(anObject({ name }));
    teleport.failNext.set('delete', new TeleportError('BadParameter', 'role a is still in use'));
    expect((await pass(going({ name: 'a' }))).outcome).toMatchObject({ reason: 'InUse' });
    expect((await pass(going({ name: 'b' }))).outcome).toEqual({ type: 'gone', resource: 'deleted' });
  });
});
