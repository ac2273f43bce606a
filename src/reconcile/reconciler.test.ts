// From the object to Teleport and back: what one pass does to a Teleport in memory. Not the queue, not the
// status (status.test.ts), not the wire.
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { inMemory } from '../../test/builders/memory-kind.js';
import { anObject, type ObjectWith } from '../../test/builders/object.js';
import { VirtualClock } from '../core/virtual-clock.js';
import type { AccessList } from '../gen/teleport/accesslist/v1/accesslist_pb.js';
import { type Features, FeaturesSchema } from '../gen/teleport/client/authservice_pb.js';
import { type RoleV6, RoleV6Schema } from '../gen/teleport/types/role_pb.js';
import { UserV2Schema } from '../gen/teleport/types/user_pb.js';
import { accessList } from '../kinds/access-list.js';
import { autoupdateVersion } from '../kinds/autoupdate-version.js';
import { githubConnector } from '../kinds/github-connector.js';
import type { AnyKind } from '../kinds/kind.js';
import { oidcConnector } from '../kinds/oidc-connector.js';
import { opensshServer } from '../kinds/openssh-server.js';
import { provisionToken } from '../kinds/provision-token.js';
import { roleV6, roleV7, roleV8 } from '../kinds/role.js';
import { trustedCluster } from '../kinds/trusted-cluster.js';
import { user } from '../kinds/user.js';
import type { KubeObject } from '../kube/object.js';
import type { TeleportClient } from '../teleport/client.js';
import { TeleportError } from '../teleport/errors.js';
import { readApplied, storedHash } from './applied.js';
import { DeletionBrake } from './brake.js';
import { Claims, claimOf } from './claims.js';
import { Absences } from './dependencies.js';
import { Fights } from './fights.js';
import { LatestReads } from './latest.js';
import { Mirror } from './mirror.js';
import { annotations, finalizer, originLabel } from './names.js';
import type { Outcome } from './outcome.js';
import type { Passed } from './parts.js';
import { RecentWrites } from './recent.js';
import { reconcile } from './reconciler.js';
import { allowAnnotation } from './secret-lookup.js';
import { mergedStatus, statusOf } from './status.js';

function world(base: AnyKind = roleV7, features?: Features, brake = 0) {
  const { kind, teleport } = inMemory(base);
  const clock = new VirtualClock();
  const finalized: string[] = [];
  const released: string[] = [];
  const teardown: { ending?: 'its CRD' | 'its namespace' } = {};
  const mirror = new Mirror([kind, user]);
  const secrets = new Map<string, KubeObject>();
  const parts = {
    kind,
    teleport: {} as TeleportClient,
    recent: new RecentWrites(clock),
    latest: new LatestReads(),
    clock,
    mirror,
    absences: new Absences(mirror, clock),
    claims: new Claims(),
    fights: new Fights(clock),
    brake: new DeletionBrake(brake, clock),
    teardown: { ending: async () => teardown.ending },
    policy: { drift: 'correct' as const, dryRun: false, nameUnmanaged: false },
    features: () => features,
    secrets: { get: async (_namespace: string, name: string) => secrets.get(name) },
    objects: {
      addFinalizer: async (object: KubeObject) => {
        finalized.push(object.metadata.name);
        return { ...object, metadata: { ...object.metadata, finalizers: [finalizer] } };
      },
      removeFinalizer: async (object: KubeObject) => {
        released.push(object.metadata.name);
      },
      record: async (object: KubeObject, fields: object) => ({
        ...object,
        status: { ...object.status, ...fields },
      }),
    },
  };
  return {
    teleport,
    clock,
    secrets,
    mirror,
    policy: parts.policy,
    claims: parts.claims,
    finalized,
    released,
    teardown,
    pass: (object: KubeObject): Promise<Passed> => reconcile(parts, object, new AbortController().signal),
    role: (name = 'engineer') => teleport.resources.get(name) as RoleV6 | undefined,
  };
}

const held = (given: ObjectWith = {}): KubeObject =>
  anObject({ ...given, metadata: { finalizers: [finalizer], ...given.metadata } });

const going = (given: ObjectWith = {}): KubeObject =>
  held({ ...given, metadata: { deletionTimestamp: '2026-11-21T00:00:00Z', ...given.metadata } });

/** The object as it is after its status was written. */
function remembered({ object, outcome }: Passed): KubeObject {
  const status = statusOf(outcome);
  return status
    ? { ...object, status: mergedStatus(object, status, object.metadata.generation, () => []) }
    : object;
}

function readyOf(outcome: Outcome): string {
  const ready = statusOf(outcome)?.conditions.find(({ type }) => type === 'Ready');
  return `${ready?.status} ${ready?.reason}`;
}

function mirrorUsers(mirror: Mirror, roles: Record<string, string[]>): void {
  for (const [Name, Roles] of Object.entries(roles)) {
    mirror.put(
      'user',
      create(UserV2Schema, { Kind: 'user', Version: 'v2', Metadata: { Name }, Spec: { Roles } }),
    );
  }
  mirror.replaced('user', new Set(Object.keys(roles)), new Set());
}

const foreignRole = (name: string): RoleV6 =>
  create(RoleV6Schema, {
    Kind: 'role',
    Version: 'v7',
    Metadata: { Name: name, Revision: 'x', Labels: {} },
    Spec: {},
  });

describe('a pass over a new object', () => {
  it('adds the finalizer and creates the resource with labels, origin and description', async () => {
    const { pass, role, finalized } = world();
    const { outcome, object } = await pass(
      anObject({
        metadata: { labels: { team: 'a' }, annotations: { [annotations.description]: 'For engineers' } },
      }),
    );
    expect(outcome).toMatchObject({ type: 'synced', wrote: 'created', owned: 'NewResource' });
    expect(finalized).toEqual(['engineer']);
    expect(object.metadata.finalizers).toEqual([finalizer]);
    expect(role()?.Metadata).toMatchObject({
      Name: 'engineer',
      Description: 'For engineers',
      Labels: { team: 'a', [originLabel]: 'kubernetes' },
    });
    expect(role()?.Spec?.Allow?.Logins).toEqual(['ubuntu']);
  });

  it('is written again by nobody: the next pass does nothing, also after a restart', async () => {
    const { pass, teleport, clock } = world();
    const first = await pass(anObject());
    await clock.advance(60_000);
    const second = await pass(remembered(first));
    expect(second.outcome).toMatchObject({ type: 'synced', wrote: 'nothing' });
    expect(teleport.calls).toEqual(['get', 'create', 'get']);
  });

  it('leaves a resource alone that somebody else made', async () => {
    const { pass, teleport, role } = world();
    teleport.resources.set('engineer', foreignRole('engineer'));
    const { outcome } = await pass(anObject());
    expect(outcome).toMatchObject({ type: 'failed', reason: 'NotOwned', step: 'ownership' });
    expect(role()?.Spec?.Allow).toBeUndefined();
    expect(teleport.calls).toEqual(['get']);
  });

  it('does not overwrite a resource that appeared between look and write', async () => {
    const { pass, teleport, role } = world();
    const get = teleport.resources.get.bind(teleport.resources);
    teleport.failNext.set('get', new TeleportError('NotFound', 'role engineer is not found'));
    teleport.resources.set('engineer', foreignRole('engineer'));
    const { outcome } = await pass(anObject());
    expect(outcome).toMatchObject({ type: 'failed', step: 'ownership', reason: 'NotOwned' });
    expect(get('engineer')).toBe(role());
    expect(role()?.Spec?.Allow).toBeUndefined();
  });

  describe('of a kind that the mirror knows', () => {
    function mirrored(base: AnyKind = roleV7) {
      const made = world(base);
      made.mirror.replaced(base.resource.kind, new Set(), new Set());
      return made;
    }

    it('creates the resource without a look', async () => {
      const { pass, teleport, role } = mirrored();
      const { outcome } = await pass(anObject());
      expect(outcome).toMatchObject({ type: 'synced', wrote: 'created', owned: 'NewResource' });
      expect(role()?.Spec?.Allow?.Logins).toEqual(['ubuntu']);
      expect(teleport.calls).toEqual(['create']);
    });

    it('looks after all where Teleport has one that the mirror missed, and leaves it alone', async () => {
      const { pass, teleport, role } = mirrored();
      teleport.resources.set('engineer', foreignRole('engineer'));
      const { outcome } = await pass(anObject());
      expect(outcome).toMatchObject({ type: 'failed', reason: 'NotOwned', step: 'ownership' });
      expect(role()?.Spec?.Allow).toBeUndefined();
    });

    it('finds what it made itself before it died', async () => {
      const { pass, teleport } = mirrored();
      await pass(anObject());
      const other = mirrored();
      for (const [name, resource] of teleport.resources) other.teleport.resources.set(name, resource);
      const { outcome } = await other.pass(held());
      expect(outcome).toMatchObject({ type: 'synced', wrote: 'nothing', owned: 'OriginLabelMatching' });
    });

    it('looks before it writes to a server that has no RPC of that sort', async () => {
      const { pass, teleport, role } = mirrored();
      teleport.resources.set('engineer', foreignRole('engineer'));
      teleport.failNext.set('create', new TeleportError('NotImplemented', 'unknown method CreateRole'));
      const { outcome } = await pass(anObject());
      expect(outcome).toMatchObject({ reason: 'NotOwned' });
      expect(role()?.Spec?.Allow).toBeUndefined();
    });

    it('looks where creating would overwrite', async () => {
      const { pass, teleport } = mirrored(opensshServer);
      await pass(anObject({ kind: 'TeleportOpenSSHServerV2', spec: { hostname: 'a', addr: 'a:22' } }));
      expect(teleport.calls[0]).toBe('get');
    });

    it('looks where something was written before, or only asked what would be', async () => {
      const { pass, teleport, clock } = mirrored();
      const first = await pass(anObject());
      teleport.resources.clear();
      await clock.advance(60_000);
      teleport.calls.length = 0;
      await pass(remembered(first));
      expect(teleport.calls).toEqual(['get', 'create']);
      teleport.calls.length = 0;
      await pass(anObject({ metadata: { annotations: { [annotations.mode]: 'observe' } } }));
      expect(teleport.calls).toEqual(['get']);
    });
  });

  it('names the field of a spec that can not be read, and writes nothing', async () => {
    const { pass, teleport } = world();
    const { outcome } = await pass(anObject({ spec: { allow: { node_labels: { env: 1 } } } }));
    expect(outcome).toMatchObject({
      type: 'failed',
      step: 'decode',
      reason: 'FailedToDecode',
      next: 'onChange',
    });
    expect(outcome).toHaveProperty('message', expect.stringContaining('spec.allow.node_labels'));
    expect(teleport.calls).toEqual([]);
  });

  it('says that what the spec refers to is missing', async () => {
    const { pass, teleport } = world();
    teleport.failNext.set('create', new TeleportError('NotFound', 'role nothing is not found'));
    const { outcome } = await pass(anObject());
    expect(outcome).toMatchObject({ reason: 'DependencyNotReady', next: 'backoff' });
    expect(outcome).toHaveProperty('message', expect.stringContaining('role nothing is not found'));
  });

  it('does not call a resource synced that was stored in another version', async () => {
    const { pass } = world({
      ...roleV7,
      defaults: (role) => {
        (role as RoleV6).Version = 'v8';
      },
    });
    const { outcome } = await pass(anObject());
    expect(outcome).toMatchObject({ type: 'failed', reason: 'VersionMismatch' });
  });

  it('remembers what was stored in another version, so that its own write is no news, and not as applied', async () => {
    const other = { ...roleV7, defaults: (role: unknown) => void ((role as RoleV6).Version = 'v8') };
    const { pass, role } = world(other);
    const failed = await pass(anObject());
    const applied = readApplied(remembered(failed));
    const stored = role();
    expect(stored && applied?.resourceHash).toBe(stored && storedHash(roleV7, stored));
    expect((await pass(remembered(failed))).outcome).toMatchObject({ reason: 'VersionMismatch' });
  });
});

describe('a pass over a changed object', () => {
  it('updates with the revision of the existing resource', async () => {
    const { pass, role, teleport } = world();
    const first = remembered(await pass(anObject()));
    const edited = { ...first, spec: { allow: { logins: ['root'] } } };
    const { outcome } = await pass(edited);
    expect(outcome).toMatchObject({ type: 'synced', wrote: 'updated' });
    expect(role()?.Spec?.Allow?.Logins).toEqual(['root']);
    expect(teleport.calls).toEqual(['get', 'create', 'get', 'update']);
  });

  it('corrects a grant that was slipped into a field the spec does not state', async () => {
    const { pass, role, clock } = world();
    const first = remembered(await pass(anObject()));
    await clock.advance(60_000);
    const changed = role();
    if (!changed?.Spec?.Allow || !changed.Metadata) throw new Error('no role');
    changed.Spec.Allow.KubeGroups = ['system:masters'];
    changed.Metadata.Revision = 'changed';
    const { outcome } = await pass(first);
    expect(outcome).toMatchObject({ type: 'synced', wrote: 'corrected' });
    expect(role()?.Spec?.Allow?.KubeGroups).toEqual([]);
  });

  it('does not care for a new revision of the same content', async () => {
    const { pass, role, clock } = world();
    const first = remembered(await pass(anObject()));
    await clock.advance(60_000);
    const metadata = role()?.Metadata;
    if (metadata) metadata.Revision = 'other';
    expect((await pass(first)).outcome).toMatchObject({ wrote: 'nothing' });
  });

  it('takes over a resource of the Go operator without a write where it is as wanted', async () => {
    const { pass, clock, teleport } = world();
    await pass(anObject());
    await clock.advance(60_000);
    const { outcome } = await pass(held());
    expect(outcome).toMatchObject({ type: 'synced', wrote: 'nothing', owned: 'OriginLabelMatching' });
    expect(teleport.calls).toEqual(['get', 'create', 'get']);
  });
});

describe('an object that names what Teleport does without', () => {
  it('is written, says what is missing, and is looked at again when that comes', async () => {
    const { pass, mirror } = world();
    mirror.put('role', foreignRole('there'));
    mirror.replaced('role', new Set(['there']), new Set());
    const spec = { allow: { request: { roles: ['there', 'late', 'db-*', '^x$', '{{external.role}}'] } } };
    const { outcome, waitsFor } = await pass(anObject({ spec }));
    expect(outcome).toMatchObject({ type: 'synced', lacks: ['role late'] });
    expect([...(waitsFor ?? [])].sort()).toEqual(['role/late', 'role/there']);
    expect(statusOf(outcome)?.conditions[0]?.message).toContain('role late');
  });
});

describe('a race', () => {
  it('that somebody else won is looked at again in the same pass', async () => {
    const { pass, teleport, role } = world();
    const first = remembered(await pass(anObject()));
    teleport.failNext.set('update', new TeleportError('CompareFailed', 'revision does not match'));
    const edited = { ...first, spec: { allow: { logins: ['two'] } } };
    expect((await pass(edited)).outcome).toMatchObject({ type: 'synced', wrote: 'updated' });
    expect(role()?.Spec?.Allow?.Logins).toEqual(['two']);
    expect(teleport.calls.filter((call) => call === 'update')).toHaveLength(2);
  });

  it('that an older object won, which was not known when the pass began, is not run again', async () => {
    const { pass, teleport, role, claims } = world();
    const first = remembered(await pass(anObject({ metadata: { creationTimestamp: '2026-01-01' } })));
    claims.set('role/engineer', claimOf(first));
    teleport.hooks.get = () => {
      delete teleport.hooks.get;
      const older = anObject({ kind: 'TeleportRoleV6', metadata: { creationTimestamp: '2020-01-01' } });
      claims.set('role/engineer', claimOf(older));
      const stored = role();
      if (stored?.Metadata) stored.Metadata.Revision = 'by the older';
    };
    const edited = { ...first, spec: { allow: { logins: ['two'] } } };
    expect((await pass(edited)).outcome).toMatchObject({ type: 'failed', reason: 'NameConflict' });
    expect(role()?.Metadata?.Revision).toBe('by the older');
  });
});

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
});

describe('right after a write', () => {
  it('a read of what was before is not believed', async () => {
    const { pass, teleport, role } = world();
    const first = remembered(await pass(anObject()));
    const before = role();
    const second = remembered(await pass({ ...first, spec: { allow: { logins: ['root'] } } }));
    const after = role();
    if (before) teleport.resources.set('engineer', before);
    expect((await pass(second)).outcome).toMatchObject({ type: 'synced', wrote: 'nothing' });
    if (after) teleport.resources.set('engineer', after);
    expect((await pass(second)).outcome).toMatchObject({ type: 'synced', wrote: 'nothing' });
  });

  it('a change of somebody else is seen', async () => {
    const { pass, teleport } = world();
    const first = remembered(await pass(anObject()));
    teleport.resources.set('engineer', foreignRole('engineer'));
    expect((await pass(first)).outcome).toMatchObject({ reason: 'NotOwned' });
    expect((await pass(going())).outcome).toEqual({ type: 'gone', resource: 'notOurs' });
    teleport.resources.delete('engineer');
    expect((await pass(first)).outcome).toMatchObject({ type: 'synced', wrote: 'corrected' });
  });
});

describe('an ignored object', () => {
  it.each([anObject, held, going])('is not touched', async (build) => {
    const { pass, teleport, finalized, released } = world();
    const { outcome } = await pass(build({ metadata: { annotations: { [annotations.ignore]: 'true' } } }));
    expect(outcome.type).toBe('ignored');
    expect([teleport.calls, finalized, released]).toEqual([[], [], []]);
  });

  it.each([
    ['whose deletion waits', going, true],
    ['that others hold', () => going({ metadata: { finalizers: ['other/finalizer'] } }), false],
    ['that stays', held, false],
  ] as const)('%s says so', async (_, build, deleting) => {
    const { pass } = world();
    const object = build();
    const metadata = { ...object.metadata, annotations: { [annotations.ignore]: 'true' } };
    expect((await pass({ ...object, metadata })).outcome).toEqual({ type: 'ignored', deleting });
  });
});

describe('a role that changes kind', () => {
  it('becomes V7 where the V6 object was kept', async () => {
    const { pass, teleport } = world(roleV6);
    await pass(anObject());
    await pass(going({ metadata: { annotations: { [annotations.keep]: 'true' } } }));
    const next = world(roleV7);
    const kept = teleport.resources.get('engineer');
    if (kept) next.teleport.resources.set('engineer', kept);
    expect((await next.pass(anObject())).outcome).toMatchObject({ type: 'synced', wrote: 'updated' });
    expect(next.role()?.Version).toBe('v7');
  });
});

describe('a one-time token', () => {
  const token = (spec: Record<string, unknown>): KubeObject =>
    anObject({
      kind: 'TeleportProvisionToken',
      apiVersion: 'resources.teleport.dev/v2',
      spec: { join_method: 'token', roles: ['Bot'], bot_name: 'ci', ...spec },
    });

  it('is not made again for other labels or another description: its secret is spent', async () => {
    const { pass, teleport, clock } = world(provisionToken);
    const first = remembered(await pass(token({})));
    await clock.advance(60_000);
    teleport.resources.delete('engineer');
    const labels = { 'helm.sh/chart': 'tokens-2' };
    const metadata = { ...first.metadata, labels, annotations: { [annotations.description]: 'New' } };
    expect((await pass({ ...first, metadata })).outcome.type).toBe('consumed');
    expect(teleport.resources.size).toBe(0);
  });

  it('that is still there gets its other labels', async () => {
    const { pass, teleport } = world(provisionToken);
    const first = remembered(await pass(token({})));
    const metadata = { ...first.metadata, labels: { team: 'ci' } };
    expect((await pass({ ...first, metadata })).outcome).toMatchObject({ type: 'synced', wrote: 'updated' });
    expect(teleport.resources.get('engineer')).toMatchObject({ Metadata: { Labels: { team: 'ci' } } });
  });

  it('is not made again once Teleport has consumed it, until the spec changes', async () => {
    const { pass, teleport, clock } = world(provisionToken);
    const first = remembered(await pass(token({})));
    await clock.advance(60_000);
    teleport.resources.delete('engineer');
    const second = await pass(first);
    expect(second.outcome.type).toBe('consumed');
    expect(teleport.resources.size).toBe(0);
    await pass({ ...remembered(second), spec: { ...first.spec, bot_name: 'cd' } });
    expect(teleport.resources.size).toBe(1);
  });

  it('that is none (another join method) is made again', async () => {
    const { pass, teleport, clock } = world(provisionToken);
    const spec = { join_method: 'gcp', gcp: { allow: [{ project_ids: ['p'] }] } };
    const first = remembered(await pass(token(spec)));
    await clock.advance(60_000);
    teleport.resources.delete('engineer');
    await pass(first);
    expect(teleport.resources.size).toBe(1);
  });
});

describe('a kind that the licence does not allow', () => {
  const oss = create(FeaturesSchema, { entitlements: { OIDC: { enabled: false } } });
  const oidc = (metadata: Partial<KubeObject['metadata']> = {}): KubeObject =>
    anObject({ kind: 'TeleportOIDCConnector', apiVersion: 'resources.teleport.dev/v3', metadata });

  it('is not written, and says what it needs', async () => {
    const { pass, teleport, finalized } = world(oidcConnector, oss);
    const { outcome } = await pass(oidc());
    expect(outcome).toMatchObject({ type: 'failed', step: 'gate', reason: 'KindDisabled', next: 'backoff' });
    expect(outcome).toHaveProperty('message', expect.stringContaining('needs Teleport Enterprise'));
    expect([teleport.calls, finalized]).toEqual([[], []]);
  });

  it('does not wait with the deletion of an object whose resource is kept', async () => {
    const { pass, released, teleport } = world(oidcConnector, oss);
    const kept = { [annotations.keep]: 'true' };
    const { outcome } = await pass(
      oidc({ deletionTimestamp: 'now', finalizers: [finalizer], annotations: kept }),
    );
    expect(outcome).toEqual({ type: 'gone', resource: 'kept' });
    expect([released, teleport.calls]).toEqual([['engineer'], []]);
  });

  it.each(['its CRD', 'its namespace'] as const)('lets its objects go when %s goes', async (ending) => {
    const { pass, released, teardown, teleport } = world(oidcConnector, oss);
    teardown.ending = ending;
    const { outcome } = await pass(oidc({ deletionTimestamp: 'now', finalizers: [finalizer] }));
    expect(outcome).toEqual({ type: 'gone', resource: 'left', ending });
    expect([released, teleport.calls]).toEqual([['engineer'], []]);
  });

  it('waits with its deletion', async () => {
    const { pass, released } = world(oidcConnector, oss);
    const { outcome } = await pass(oidc({ deletionTimestamp: 'now', finalizers: [finalizer] }));
    expect(outcome).toMatchObject({ type: 'failed', step: 'delete', reason: 'KindDisabled' });
    expect(released).toEqual([]);
  });

  it('works with the booleans of servers that know no entitlements', async () => {
    const { pass } = world(oidcConnector, create(FeaturesSchema, { OIDC: true }));
    expect((await pass({ ...oidc(), spec: {} })).outcome).toMatchObject({ type: 'synced' });
  });
});

describe('a singleton', () => {
  const version = (name: string, metadata: Partial<KubeObject['metadata']> = {}): KubeObject =>
    anObject({
      kind: 'TeleportAutoupdateVersionV1',
      name,
      spec: { tools: { target_version: '1.2.3' } },
      metadata,
    });

  it('is refused under another name, and the deletion of that object does not reach Teleport', async () => {
    const { pass, teleport, released } = world(autoupdateVersion);
    await pass(version('autoupdate-version'));
    expect((await pass(version('other'))).outcome).toMatchObject({ reason: 'NameNotAllowed' });
    const going = version('other', { deletionTimestamp: 'now', finalizers: [finalizer] });
    expect((await pass(going)).outcome).toEqual({ type: 'gone', resource: 'notOurs' });
    expect(teleport.resources.size).toBe(1);
    expect(released).toEqual(['other']);
  });
});

describe('a name that Kubernetes can not hold', () => {
  const alice = (annotation: string, more: Partial<KubeObject> = {}): KubeObject => {
    const object = held({ kind: 'TeleportUser', name: 'alice', spec: { roles: ['access'] } });
    return {
      ...object,
      ...more,
      metadata: { ...object.metadata, annotations: { [annotations.resourceName]: annotation } },
    };
  };

  it('comes from the annotation, is recorded, and is not changed', async () => {
    const { pass, teleport } = world(user);
    const first = remembered(await pass(alice('alice@example.com')));
    expect([...teleport.resources.keys()]).toEqual(['alice@example.com']);
    expect(first.status?.['resourceName']).toBe('alice@example.com');
    const renamed = alice('bob@example.com', { status: first.status! });
    expect((await pass(renamed)).outcome).toMatchObject({ reason: 'NameImmutable' });
    const going = { ...renamed, metadata: { ...renamed.metadata, deletionTimestamp: 'now' } };
    expect((await pass(going)).outcome).toEqual({ type: 'gone', resource: 'deleted' });
    expect(teleport.resources.size).toBe(0);
  });

  it('can not be given to a resource that has its object’s name already', async () => {
    const { pass } = world();
    const first = remembered(await pass(anObject()));
    const named = {
      ...first,
      metadata: { ...first.metadata, annotations: { [annotations.resourceName]: 'x y' } },
    };
    expect((await pass(named)).outcome).toMatchObject({ reason: 'NameImmutable' });
  });
});

describe('a field that can not change', () => {
  it('is a status, not an endless retry', async () => {
    const { pass, teleport } = world(trustedCluster);
    const spec = { enabled: true, web_proxy_addr: 'root:443', tunnel_addr: 'root:443' };
    const first = remembered(await pass(anObject({ name: 'root', spec })));
    const { outcome } = await pass({ ...first, spec: { ...spec, web_proxy_addr: 'other:443' } });
    expect(outcome).toMatchObject({ reason: 'FieldImmutable', next: 'onChange' });
    expect(teleport.calls).toEqual(['get', 'create', 'get']);
  });
});

describe('a resource that Teleport takes and does not show', () => {
  it('is written once and reported', async () => {
    const { pass, teleport, clock } = world(opensshServer);
    // Hides the resource itself: it is not found however often it is looked for.
    const hide = (): void => teleport.resources.clear();
    const server = anObject({
      kind: 'TeleportOpenSSHServerV2',
      name: 'n1',
      spec: { addr: '1.2.3.4:22', hostname: 'a' },
    });
    const { create: run } = teleport.hooks;
    teleport.hooks.create = () => {
      run?.();
      hide();
    };
    const passing = pass(server);
    await clock.advance(5_000);
    const first = await passing;
    expect(first.outcome).toMatchObject({ type: 'failed', reason: 'NotReadable' });
    expect((await pass(remembered(first))).outcome).toMatchObject({ reason: 'NotReadable' });
    expect(teleport.calls.filter((call) => call === 'create')).toEqual(['create']);
  });
});

describe('a secret:// reference', () => {
  const secret = (data: Record<string, string>, allow?: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'github-secret',
      uid: 'u',
      resourceVersion: '7',
      ...(allow === undefined ? {} : { annotations: { [allowAnnotation]: allow } }),
    },
    data,
  });
  const connector = (reference: string): KubeObject =>
    anObject({
      kind: 'TeleportGithubConnector',
      name: 'github',
      spec: {
        client_id: 'id',
        client_secret: reference,
        teams_to_roles: [{ organization: 'o', team: 't', roles: ['access'] }],
      },
    });
  const value = Buffer.from('s3cret').toString('base64');
  const stored = (teleport: { resources: Map<string, unknown> }): string | undefined =>
    (teleport.resources.get('github') as { Spec?: { ClientSecret?: string } } | undefined)?.Spec
      ?.ClientSecret;

  it('becomes the value of the Secret, which appears nowhere else', async () => {
    const { pass, teleport, secrets } = world(githubConnector);
    secrets.set('github-secret', secret({ key: value }, '*'));
    const first = await pass(connector('secret://github-secret/key'));
    expect(stored(teleport)).toBe('s3cret');
    expect([...(first.secrets ?? [])]).toEqual(['github-secret']);
    expect(JSON.stringify(remembered(first))).not.toContain('s3cret');
  });

  it('is written once where nothing is remembered: secrets can not be compared', async () => {
    const { pass, teleport, secrets } = world(githubConnector);
    secrets.set('github-secret', secret({ key: value }, '*'));
    await pass(connector('secret://github-secret/key'));
    expect((await pass(held(connector('secret://github-secret/key')))).outcome).toMatchObject({
      wrote: 'updated',
    });
    expect(stored(teleport)).toBe('s3cret');
  });

  it('is written again when the Secret has changed, and only then', async () => {
    const { pass, teleport, secrets } = world(githubConnector);
    const first = secret({ key: value }, 'github, other');
    secrets.set('github-secret', first);
    const after = remembered(await pass(connector('secret://github-secret/key')));
    expect((await pass(after)).outcome).toMatchObject({ wrote: 'nothing' });
    secrets.set('github-secret', {
      ...secret({ key: Buffer.from('new').toString('base64') }, 'github'),
      metadata: { ...first.metadata, resourceVersion: '8' },
    });
    expect((await pass(after)).outcome).toMatchObject({ wrote: 'updated' });
    expect(stored(teleport)).toBe('new');
  });

  it.each<[string, KubeObject | undefined, string]>([
    ['secret:///key', undefined, 'name of the Secret is missing'],
    ['secret://github-secret', undefined, 'key is missing'],
    ['secret://github-secret/', undefined, 'key is missing'],
    ['secret://%zz/key', undefined, "can't be read"],
    ['secret://github-secret/%', undefined, "can't be read"],
    ['secret://github-secret/key', undefined, 'does not exist'],
    ['secret://github-secret/constructor', secret({ key: value }, '*'), 'has no key'],
    ['secret://github-secret/key', secret({ key: value }), 'lacks the annotation'],
    ['secret://github-secret/key', secret({ key: value }, 'other'), 'does not allow'],
    ['secret://github-secret/key', secret({ key: value }, 'a, *'), 'does not allow'],
    ['secret://github-secret/key', secret({ other: value }, '*'), 'has no key'],
  ])('%s with %j says why', async (reference, given, words) => {
    const { pass, teleport, secrets } = world(githubConnector);
    if (given) secrets.set('github-secret', given);
    const { outcome } = await pass(connector(reference));
    expect(outcome).toMatchObject({ type: 'failed', step: 'lookup', reason: 'SecretLookupFailed' });
    expect(outcome).toHaveProperty('message', expect.stringContaining(words));
    expect(JSON.stringify(outcome)).not.toContain(value);
    expect(teleport.resources.size).toBe(0);
  });
});

describe('a resource that was changed in Teleport', () => {
  const slipIn = (role: RoleV6 | undefined, logins: string[]): void => {
    if (!role?.Spec?.Allow || !role.Metadata) throw new Error('no role');
    role.Spec.Allow.Logins = logins;
    role.Metadata.Revision = `by-hand-${logins.length}`;
  };
  const withDrift = (object: KubeObject, mode: string): KubeObject => ({
    ...object,
    metadata: { ...object.metadata, annotations: { [annotations.drift]: mode } },
  });

  it('is put right, with the names of the fields', async () => {
    const { pass, role } = world();
    const first = remembered(await pass(anObject()));
    slipIn(role(), ['ubuntu', 'root']);
    expect((await pass(first)).outcome).toMatchObject({ wrote: 'corrected', fields: ['spec.allow.logins'] });
  });

  it('is reported and left when the object asks for that', async () => {
    const { pass, role } = world();
    const first = remembered(await pass(anObject()));
    slipIn(role(), ['root']);
    const { outcome } = await pass(withDrift(first, 'report'));
    expect(outcome).toMatchObject({ type: 'failed', reason: 'Drifted', next: 'onChange' });
    expect(outcome).toHaveProperty('message', expect.stringContaining('spec.allow.logins'));
    expect(role()?.Spec?.Allow?.Logins).toEqual(['root']);
  });

  it('is left where drift is ignored, and the status does not say that all is as wanted', async () => {
    const { pass, role } = world();
    const first = remembered(await pass(anObject()));
    slipIn(role(), ['root']);
    const { outcome } = await pass(withDrift(first, 'ignore'));
    expect(outcome).toMatchObject({ type: 'synced', wrote: 'nothing', ignored: ['spec.allow.logins'] });
    expect(role()?.Spec?.Allow?.Logins).toEqual(['root']);
    const [ready] = statusOf(outcome)?.conditions ?? [];
    expect(ready).toMatchObject({ type: 'Ready', status: 'True', reason: 'DriftIgnored' });
    expect(ready?.message).toContain('spec.allow.logins');
    // put back by whoever changed it
    slipIn(role(), ['ubuntu']);
    expect(readyOf((await pass(withDrift(first, 'ignore'))).outcome)).toBe('True Synced');
  });

  it.each([
    ['ignore', 'False Missing'],
    ['report', 'False Drifted'],
  ])('to the point of being deleted is not called ready under %s', async (mode, expected) => {
    const { pass, teleport } = world();
    const first = remembered(await pass(anObject()));
    teleport.resources.clear();
    const { outcome } = await pass(withDrift(first, mode));
    expect(readyOf(outcome)).toBe(expected);
    expect(outcome).toMatchObject({ next: 'onChange' });
    expect(outcome).toHaveProperty('message', expect.stringContaining('deleted in Teleport'));
    expect(outcome).toHaveProperty('message', expect.stringContaining(`drift: ${mode}`));
    expect(statusOf(outcome)?.conditions.map(({ type }) => type)).toContain('Stalled');
    expect(teleport.resources.size).toBe(0);
    // a new wish is written all the same
    const edited = { ...withDrift(first, mode), spec: { allow: { logins: ['two'] } } };
    expect((await pass(edited)).outcome).toMatchObject({ wrote: 'created' });
  });

  it('is not fought over for ever', async () => {
    const { pass, role, clock } = world();
    const first = remembered(await pass(anObject()));
    const outcomes = [];
    for (let i = 0; i < 3; i++) {
      await clock.advance(5_000);
      slipIn(role(), ['root']);
      outcomes.push((await pass(first)).outcome);
    }
    expect(outcomes[1]).toMatchObject({ wrote: 'corrected' });
    expect(outcomes[2]).toMatchObject({ type: 'failed', reason: 'DriftUnresolvable', next: 'onChange' });
    await clock.advance(600_000);
    expect((await pass(first)).outcome).toMatchObject({ wrote: 'corrected' });
  });
});

describe('adoption', () => {
  const asking = (value: string): KubeObject =>
    anObject({ metadata: { annotations: { [annotations.adopt]: value } } });

  it('takes a resource over in one pass', async () => {
    const { pass, teleport, role } = world();
    teleport.resources.set('engineer', foreignRole('engineer'));
    const { outcome } = await pass(asking('true'));
    expect(outcome).toMatchObject({ type: 'synced', wrote: 'adopted' });
    expect(outcome).toHaveProperty(
      'fields',
      expect.arrayContaining(['metadata.labels', 'spec.allow.logins']),
    );
    expect(role()?.Metadata?.Labels[originLabel]).toBe('kubernetes');
  });

  it('shows what it would change and writes nothing', async () => {
    const { pass, teleport } = world();
    teleport.resources.set('engineer', foreignRole('engineer'));
    const { outcome } = await pass(asking('preview'));
    expect(outcome).toMatchObject({ type: 'failed', reason: 'AdoptionPending' });
    expect(teleport.calls).toEqual(['get']);
  });

  it.each([
    { [originLabel]: 'config-file' },
    { [originLabel]: 'defaults' },
    { [originLabel]: 'cloud' },
    { 'teleport.internal/resource-type': 'preset' },
  ])('is refused for %j', async (labels) => {
    const { pass, teleport } = world();
    const theirs = foreignRole('engineer');
    if (theirs.Metadata) theirs.Metadata.Labels = labels;
    teleport.resources.set('engineer', theirs);
    expect((await pass(asking('true'))).outcome).toMatchObject({ reason: 'AdoptionRefused' });
    expect(teleport.calls).toEqual(['get']);
  });
});

describe('an object that is only observed', () => {
  it('gets no finalizer and no resource, and says what would be done', async () => {
    const { pass, teleport, finalized } = world();
    const observed = anObject({ metadata: { annotations: { [annotations.mode]: 'observe' } } });
    expect((await pass(observed)).outcome).toEqual({ type: 'planned', verb: 'create', fields: [] });
    expect([teleport.calls, finalized]).toEqual([['get'], []]);
  });
});

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

  it('leave it to the older one', async () => {
    const { pass, teleport } = both();
    const { outcome } = await pass(young);
    expect(outcome).toMatchObject({ type: 'failed', reason: 'NameConflict' });
    expect(outcome).toHaveProperty('message', expect.stringContaining('TeleportRoleV6 teleport/engineer'));
    expect(teleport.calls).toEqual([]);
  });

  it('touch nothing when the younger one goes, and hand over when the older one goes', async () => {
    const { pass, teleport, released } = both();
    const going = (object: KubeObject): KubeObject => ({
      ...object,
      metadata: { ...object.metadata, finalizers: [finalizer], deletionTimestamp: 'now' },
    });
    expect((await pass(going(young))).outcome).toEqual({ type: 'gone', resource: 'notOurs' });
    expect((await pass(going(old))).outcome).toEqual({ type: 'gone', resource: 'handedOver' });
    expect([teleport.calls, released]).toEqual([[], ['engineer', 'engineer']]);
  });
});

describe('an object whose rivals can not be read', () => {
  const lost = (more: ObjectWith['metadata'] = {}): KubeObject =>
    anObject({
      metadata: { finalizers: [finalizer], creationTimestamp: '2026-01-02T00:00:00Z', ...more },
      status: { conditions: [{ type: 'Ready', status: 'False', reason: 'NameConflict' }] },
    });
  const madeByV6 = (): RoleV6 => {
    const stored = foreignRole('engineer');
    stored.Version = 'v6';
    if (stored.Metadata) stored.Metadata.Labels = { [originLabel]: 'kubernetes' };
    return stored;
  };
  const hiding = (hidden: AnyKind = roleV6) => {
    const all = world();
    all.claims.hide(hidden, true);
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
    seen.claims.hide(roleV6, false);
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

describe('with a mirror', () => {
  it('an unchanged object costs no call at all', async () => {
    const { pass, teleport, mirror, role } = world();
    const first = remembered(await pass(anObject()));
    const now = role();
    if (!now) throw new Error('no role');
    mirror.put('role', now);
    mirror.replaced('role', new Set(['engineer']), new Set());
    teleport.calls.length = 0;
    expect((await pass(first)).outcome).toMatchObject({ wrote: 'nothing' });
    expect(teleport.calls).toEqual([]);
    mirror.stale('role');
    expect((await pass(first)).outcome).toMatchObject({ wrote: 'nothing' });
    expect(teleport.calls).toEqual(['get']);
  });

  it('a deletion that is refused names the objects that hold the resource', async () => {
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

  it('are not counted where Teleport refused them', async () => {
    const { pass, teleport } = world(roleV7, undefined, 1);
    for (const name of ['a', 'b']) await pass(anObject({ name }));
    teleport.failNext.set('delete', new TeleportError('BadParameter', 'role a is still in use'));
    expect((await pass(going({ name: 'a' }))).outcome).toMatchObject({ reason: 'InUse' });
    expect((await pass(going({ name: 'b' }))).outcome).toEqual({ type: 'gone', resource: 'deleted' });
  });
});

describe('a field that counts at creation only', () => {
  it('is not taken back to what the object once said', async () => {
    const { pass, teleport } = world(accessList);
    const dated = (title: string, date: string) => ({
      title,
      owners: [{ name: 'alice' }],
      audit: { recurrence: { frequency: '6months' }, next_audit_date: date },
      grants: { roles: ['access'] },
    });
    const first = await pass(anObject({ name: 'al', spec: dated('one', '2027-01-01T00:00:00Z') }));
    expect(first.outcome).toMatchObject({ wrote: 'created' });
    const reviewed = teleport.resources.get('al') as AccessList;
    if (reviewed.spec?.audit) reviewed.spec.audit.nextAuditDate = timestampFromMs(Date.UTC(2027, 6, 1));
    const { outcome } = await pass({
      ...remembered(first),
      spec: dated('two', '2026-01-01T00:00:00Z'),
    });
    expect(outcome).toMatchObject({ wrote: 'updated' });
    const { spec } = teleport.resources.get('al') as AccessList;
    expect(spec?.title).toBe('two');
    expect(spec?.audit?.nextAuditDate?.seconds).toBe(BigInt(Date.UTC(2027, 6, 1) / 1000));
  });
});
