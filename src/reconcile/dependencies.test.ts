// A user and the roles without which Teleport refuses it: when the write is held, what that costs, and when it is not.
import { create } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inMemory } from '../../test/builders/memory-kind.js';
import { messageArbitrary } from '../../test/builders/message-arbitrary.js';
import { anObject } from '../../test/builders/object.js';
import { reconcilerParts } from '../../test/builders/reconciler-parts.js';
import { remembered } from '../../test/builders/reconciler-world.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { AccessListSpecSchema, MembershipKind } from '../gen/teleport/accesslist/v1/accesslist_pb.js';
import { RoleV6Schema } from '../gen/teleport/types/role_pb.js';
import { type UserV2, UserV2Schema } from '../gen/teleport/types/user_pb.js';
import { accessList } from '../kinds/access-list.js';
import { kinds } from '../kinds/index.js';
import type { Reference } from '../kinds/kind.js';
import { roleV7 } from '../kinds/role.js';
import { user } from '../kinds/user.js';
import type { KubeObject } from '../kube/object.js';
import { TeleportError } from '../teleport/errors.js';
import { idOf } from './dependencies.js';
import { Mirror } from './mirror.js';
import { annotations, finalizer, originLabel } from './names.js';
import type { Passed } from './parts.js';
import { reconcile } from './reconciler.js';

const role = (Name: string) =>
  create(RoleV6Schema, { Kind: 'role', Version: 'v7', Metadata: { Name, Revision: '1' }, Spec: {} });

function world(given: { there?: readonly string[]; mirrored?: readonly string[]; current?: boolean } = {}) {
  const { there = [], mirrored = there, current = true } = given;
  const users = inMemory(user);
  const roles = inMemory(roleV7);
  const clock = new VirtualClock();
  const mirror = new Mirror([users.kind, roles.kind]);
  for (const name of there) roles.teleport.resources.set(name, role(name));
  for (const name of mirrored) mirror.put('role', role(name));
  if (current) for (const kind of ['role', 'user']) mirror.replaced(kind, new Set(mirrored), new Set());
  const parts = reconcilerParts({ kind: users.kind, clock, mirror });
  return {
    users: users.teleport,
    roles: roles.teleport,
    recent: parts.recent,
    mirror,
    clock,
    pass: (object: KubeObject): Promise<Passed> => reconcile(parts, object, new AbortController().signal),
    stored: (name = 'alice') => (users.teleport.resources.get(name) as UserV2 | undefined)?.Spec?.Roles,
  };
}

const named = (roles: readonly string[], name = 'alice', more: object = {}): KubeObject =>
  anObject({ kind: 'TeleportUser', metadata: { name, finalizers: [finalizer], ...more }, spec: { roles } });

const waits = { type: 'failed', step: 'dependency', reason: 'DependencyNotReady', next: 'backoff' };

describe('a user whose role is missing', () => {
  it('is not written; the outcome names all that is missing, waits for it, and goes on', async () => {
    const { pass, users, roles, mirror, stored } = world({ there: ['access'] });
    const { outcome, waitsFor } = await pass(named(['b', 'access', 'a']));
    expect(outcome).toMatchObject(waits);
    expect(outcome).toHaveProperty(
      'message',
      expect.stringMatching(/^Nothing was written.* role a, role b\./),
    );
    expect(waitsFor).toEqual(new Set(['role/a', 'role/b']));
    expect(users.calls).toEqual([]);
    expect(roles.calls).toEqual(['get']);
    for (const name of ['a', 'b']) {
      roles.resources.set(name, role(name));
      mirror.put('role', role(name));
    }
    expect((await pass(named(['b', 'access', 'a']))).outcome).toMatchObject({ wrote: 'created' });
    expect(stored()).toEqual(['b', 'access', 'a']);
  });

  it('does not bring a role back into the mirror that went while it was asked for', async () => {
    const { pass, roles, mirror } = world();
    roles.resources.set('late', role('late'));
    roles.hooks.get = () => {
      mirror.put('role', role('late'));
      mirror.delete('role', 'late');
    };
    await pass(named(['late']));
    expect(mirror.get('role', 'late')).toBeUndefined();
  });

  it('keeps its last good state when an edit names the role', async () => {
    const { pass, stored, users } = world({ there: ['access'] });
    const first = remembered(await pass(named(['access'])));
    const { outcome } = await pass({ ...first, spec: { roles: ['access', 'late'] } });
    expect(outcome).toMatchObject(waits);
    expect(outcome).toHaveProperty('message', expect.stringContaining('stays as it is'));
    expect(stored()).toEqual(['access']);
    expect(users.calls).not.toContain('update');
  });

  it('is held too when the edit is another and the role has vanished, and left alone without one', async () => {
    const { pass, roles, mirror, users } = world({ there: ['access'] });
    const first = remembered(await pass(named(['access'])));
    roles.resources.delete('access');
    mirror.delete('role', 'access');
    expect((await pass(first)).outcome).toMatchObject({ type: 'synced', wrote: 'nothing' });
    const edited = { ...first, spec: { roles: ['access'], traits: { logins: ['root'] } } };
    expect((await pass(edited)).outcome).toMatchObject(waits);
    expect(users.calls).not.toContain('update');
  });

  it('is not put right, nor counted as fought over, when it was changed in Teleport', async () => {
    const { pass, roles, mirror, users, clock } = world({ there: ['access'] });
    const first = remembered(await pass(named(['access'])));
    await clock.advance(60_000);
    const changed = users.resources.get('alice') as UserV2;
    changed.Spec!.Roles = [];
    changed.Metadata!.Revision = 'changed';
    roles.resources.delete('access');
    mirror.delete('role', 'access');
    for (let times = 0; times < 4; times++) expect((await pass(first)).outcome).toMatchObject(waits);
    mirror.put('role', role('access'));
    expect((await pass(first)).outcome).toMatchObject({ wrote: 'corrected' });
  });

  it('is not adopted', async () => {
    const { pass, users } = world();
    users.resources.set(
      'alice',
      create(UserV2Schema, { Kind: 'user', Version: 'v2', Metadata: { Name: 'alice', Revision: '1' } }),
    );
    const { outcome } = await pass(named(['a'], 'alice', { annotations: { [annotations.adopt]: 'true' } }));
    expect(outcome).toMatchObject(waits);
    expect(outcome).not.toHaveProperty('owned');
    expect((users.resources.get('alice') as UserV2).Metadata?.Labels[originLabel]).toBeUndefined();
  });

  it('can be deleted', async () => {
    const { pass } = world();
    const { outcome } = await pass(
      named(['a'], 'alice', { deletionTimestamp: '2026-11-21T00:00:00Z', finalizers: [finalizer] }),
    );
    expect(outcome).toMatchObject({ type: 'gone' });
  });
});

describe('Teleport is asked', () => {
  it('before anything is held: a role that the mirror missed is found, and the mirror told', async () => {
    const { pass, mirror, stored } = world({ there: ['a'], mirrored: [] });
    expect((await pass(named(['a']))).outcome).toMatchObject({ wrote: 'created' });
    expect(stored()).toEqual(['a']);
    expect(mirror.get('role', 'a')).toBeDefined();
  });

  it('once for a role that many wait for, however often they try', async () => {
    const { pass, roles, clock, users } = world();
    const all = Array.from({ length: 50 }, (_, at) => named(['a'], `user-${at}`));
    await Promise.all(all.map(pass));
    for (const object of all) expect((await pass(object)).outcome).toMatchObject(waits);
    expect(roles.calls).toEqual(['get']);
    await clock.advance(61_000);
    for (const object of all) await pass(object);
    expect(roles.calls).toEqual(['get', 'get']);
    expect(users.calls).not.toContain('create');
  });

  it('about the first that is missing only', async () => {
    const { pass, roles } = world();
    await pass(named(['a', 'b', 'c']));
    expect(roles.calls).toEqual(['get']);
  });

  it('anew when the role came and went', async () => {
    const { pass, roles, mirror } = world();
    await pass(named(['a']));
    mirror.put('role', role('a'));
    mirror.delete('role', 'a');
    await pass(named(['a']));
    expect(roles.calls).toEqual(['get', 'get']);
  });

  it('not, where the mirror is not current: Teleport judges the write', async () => {
    const { pass, users, roles } = world({ current: false });
    users.failNext.set('create', new TeleportError('NotFound', 'role a is not found'));
    const { outcome } = await pass(named(['a']));
    expect(outcome).toMatchObject({ ...waits, step: 'write' });
    expect(outcome).toHaveProperty('message', expect.stringContaining('role a is not found'));
    expect(roles.calls).toEqual([]);
  });

  it('and where it can not tell, the write is tried', async () => {
    const { pass, roles, stored } = world();
    roles.failNext.set('get', new TeleportError('AccessDenied', 'access denied'));
    expect((await pass(named(['a']))).outcome).toMatchObject({ wrote: 'created' });
    expect(stored()).toEqual(['a']);
  });

  it('not about what this process has just made, before the mirror hears of it', async () => {
    const { pass, recent, roles } = world();
    recent.put(roleV7, 'a', role('a'), '');
    expect((await pass(named(['a']))).outcome).toMatchObject({ wrote: 'created' });
    expect(roles.calls).toEqual([]);
  });

  it('not about a pattern, which is left to its judgement', async () => {
    const { pass, roles } = world();
    await pass(named(['{{external.roles}}', 'dev-*', '^db-.*$']));
    expect(roles.calls).toEqual([]);
  });
});

it('no two kinds wait for one another: hard references lead to kinds that have none, or to an access list', () => {
  const leadTo = new Map<string, Set<string>>();
  for (const kind of kinds) {
    const to = leadTo.get(kind.resource.kind) ?? new Set<string>();
    leadTo.set(kind.resource.kind, to);
    const names = { name: 'any', description: '', labels: {} };
    fc.assert(
      fc.property(messageArbitrary(kind.spec.schema, kind.spec.hidden), (spec) => {
        const resource = kind.form.build(kind.resource, names, spec);
        for (const reference of kind.references(resource)) to.add(reference.kind);
      }),
      { numRuns: 50 },
    );
  }
  const edges = [...leadTo].flatMap(([from, all]) => [...all].map((to) => `${from} to ${to}`));
  // Lists that own one another are no deadlock of ours: Teleport refuses them in any order.
  expect(edges.sort()).toEqual([
    'access_list to access_list',
    'saml to role',
    'trusted_cluster to role',
    'user to role',
  ]);
});

it('an access list holds the roles that it grants or asks for, and the lists that own it', () => {
  const resource = accessList.form.build(
    accessList.resource,
    { name: 'list', description: '', labels: {} },
    create(AccessListSpecSchema, {
      owners: [{ name: 'alice' }, { name: 'owners', membershipKind: MembershipKind.LIST }],
      grants: { roles: ['granted'] },
      ownerGrants: { roles: ['for-owners'] },
      membershipRequires: { roles: ['asked'] },
    }),
  );
  const ids = (named: readonly Reference[]) => named.map(idOf);
  expect(ids(accessList.references(resource))).toEqual(['access_list/owners']);
  expect(ids(accessList.holds(resource))).toEqual(['role/asked', 'role/granted', 'access_list/owners']);
  expect(ids(accessList.mentions(resource))).toEqual(['role/asked', 'role/for-owners', 'role/granted']);
});
