// From the object to Teleport and back: what one pass does to a Teleport in memory, whatever the kind. Deletions, Secrets,
// drift and adoption, rivals, races, and what is special about kinds have files of their own. Not the queue, not the status
// (status.test.ts), not the wire.
import { describe, expect, it } from 'vitest';
import { anObject } from '../../test/builders/object.js';
import { foreignRole, going, held, remembered, world } from '../../test/builders/reconciler-world.js';
import type { RoleV6 } from '../gen/teleport/types/role_pb.js';
import type { AnyKind } from '../kinds/kind.js';
import { opensshServer } from '../kinds/openssh-server.js';
import { roleV7 } from '../kinds/role.js';
import { TeleportError } from '../teleport/errors.js';
import { readApplied, storedHash } from './applied.js';
import { annotations, finalizer, originLabel } from './names.js';
import { statusOf } from './status.js';

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
});
