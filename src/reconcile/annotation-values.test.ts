// Annotations with a value that means nothing: what the pass must not do then, and what it says. What known values do is
// told where they count (drift.test.ts, observed.test.ts, remove.test.ts, rivals.test.ts).
import { describe, expect, it } from 'vitest';
import { anObject } from '../../test/builders/object.js';
import {
  foreignRole,
  going,
  held,
  readyOf,
  remembered,
  world,
} from '../../test/builders/reconciler-world.js';
import { roleV7 } from '../kinds/role.js';
import type { KubeObject } from '../kube/object.js';
import { claimOf } from './claims.js';
import { annotations } from './names.js';
import { statusOf } from './status.js';

const messageOf = (outcome: Parameters<typeof statusOf>[0]): string =>
  statusOf(outcome)?.conditions.find(({ type }) => type === 'Ready')?.message ?? '';

describe('an annotation of ours whose value is not known', () => {
  it.each([
    [annotations.mode, 'Observe', '"observe"'],
    [annotations.mode, 'observe\n', '"observe"'],
    [annotations.mode, 'true', '"observe"'],
    [annotations.drift, 'Report', '"correct", "report" or "ignore"'],
    [annotations.adopt, 'Preview', '"true", "false" or "preview"'],
    [annotations.adopt, 'yes', '"true", "false" or "preview"'],
  ])('stops the object: %s: %j', async (annotation, value, form) => {
    const { pass, teleport, finalized } = world();
    const { outcome } = await pass(anObject({ metadata: { annotations: { [annotation]: value } } }));
    expect(readyOf(outcome)).toBe('False InvalidAnnotation');
    for (const part of [annotation, JSON.stringify(value), form]) expect(messageOf(outcome)).toContain(part);
    expect([teleport.calls, finalized]).toEqual([[], []]);
  });

  it('stops a changed spec and a correction too, until it is mended', async () => {
    const { pass, role } = world();
    const first = remembered(await pass(anObject()));
    const edited = (drift: string): KubeObject => ({
      ...first,
      metadata: { ...first.metadata, generation: 2, annotations: { [annotations.drift]: drift } },
      spec: { allow: { logins: ['root'] } },
    });
    expect((await pass(edited('off'))).outcome).toMatchObject({ reason: 'InvalidAnnotation' });
    expect(role()?.Spec?.Allow?.Logins).toEqual(['ubuntu']);
    expect((await pass(edited('report'))).outcome).toMatchObject({ wrote: 'updated' });
    expect(role()?.Spec?.Allow?.Logins).toEqual(['root']);
  });

  it('names each of several', async () => {
    const metadata = { annotations: { [annotations.mode]: 'dry', [annotations.drift]: 'no' } };
    const { outcome } = await world().pass(anObject({ metadata }));
    expect(messageOf(outcome)).toContain('teleport.dev/mode holds "dry"');
    expect(messageOf(outcome)).toContain('teleport.dev/drift holds "no"');
  });

  it('is not told whole where it is long', async () => {
    const metadata = { annotations: { [annotations.mode]: 'x'.repeat(100_000) } };
    const { outcome } = await world().pass(anObject({ metadata }));
    expect(messageOf(outcome).length).toBeLessThan(500);
  });

  describe('of an object that is being deleted', () => {
    const deleting = async (given: Record<string, string>, brake = 0) => {
      const all = world(roleV7, undefined, brake);
      await all.pass(anObject());
      await all.clock.advance(10_000);
      const object = going({ metadata: { annotations: given } });
      return { ...all, object, outcome: (await all.pass(object)).outcome };
    };

    it.each([
      [annotations.mode, 'Observe'],
      [annotations.confirmDelete, 'no!'],
    ])('holds the deletion, and says so: %s: %j', async (annotation, value) => {
      const { pass, object, outcome, role, released } = await deleting({ [annotation]: value });
      expect(outcome).toMatchObject({ type: 'failed', step: 'delete', reason: 'InvalidAnnotation' });
      expect(messageOf(outcome)).toContain('The deletion waits');
      expect([role() !== undefined, released]).toEqual([true, []]);
      const mended = { ...object, metadata: { ...object.metadata, annotations: {} } };
      expect((await pass(mended)).outcome).toEqual({ type: 'gone', resource: 'deleted' });
    });

    it('holds it where the resource is another object’s then, too: it may be one that is only to be observed', async () => {
      const { pass, claims, released } = world();
      const metadata = {
        annotations: { [annotations.mode]: 'Observe' },
        uid: 'a',
        creationTimestamp: '2026',
      };
      const object = going({ metadata });
      const heir = held({ kind: 'TeleportRoleV6', metadata: { uid: 'b', creationTimestamp: '2027' } });
      for (const each of [object, heir]) claims.set('role/engineer', claimOf(each));
      expect((await pass(object)).outcome).toMatchObject({ type: 'planned', verb: 'release' });
      expect(released).toEqual([]);
    });

    it('holds nothing where it is not about deletions', async () => {
      const { outcome } = await deleting({ [annotations.drift]: 'Report', [annotations.adopt]: 'yes' });
      expect(outcome).toEqual({ type: 'gone', resource: 'deleted' });
    });

    it('leaves one paused that the brake has paused', async () => {
      const { pass, object } = await deleting({ [annotations.confirmDelete]: 'yes' }, 20);
      const status = { conditions: [{ type: 'Ready', reason: 'DeletionPaused' }] };
      const { outcome } = await pass({ ...object, status });
      expect(outcome).toMatchObject({ reason: 'DeletionPaused' });
      expect(messageOf(outcome)).toContain('teleport.dev/confirm-delete holds "yes"');
    });
  });

  it('keeps a resource from being handed over to its object', async () => {
    const { pass, claims, teleport } = world();
    const metadata = { uid: 'a', creationTimestamp: '2026' };
    const old = remembered(await pass(held({ metadata })));
    const heir = held({
      kind: 'TeleportRoleV6',
      metadata: { uid: 'b', creationTimestamp: '2027', annotations: { [annotations.drift]: 'off' } },
    });
    const gone = { ...old, metadata: { ...old.metadata, deletionTimestamp: 'now' } };
    for (const each of [gone, heir]) claims.set('role/engineer', claimOf(each));
    expect((await pass(gone)).outcome).toMatchObject({ step: 'delete', reason: 'NameConflict' });
    expect(teleport.resources.size).toBe(1);
  });

  it('is told of neither where it is empty, nor of one that may hold anything', async () => {
    const given = {
      [annotations.mode]: '',
      [annotations.drift]: '',
      [annotations.adopt]: '',
      [annotations.reconcileAt]: 'x',
    };
    const { outcome } = await world().pass(anObject({ metadata: { annotations: given } }));
    expect(outcome).toMatchObject({ wrote: 'created' });
  });

  it('is a known one in every form of a flag', async () => {
    for (const value of ['0', 'f', 'F', 'FALSE', 'false', 'False']) {
      const { pass, teleport } = world();
      teleport.resources.set('engineer', foreignRole('engineer'));
      const { outcome } = await pass(anObject({ metadata: { annotations: { [annotations.adopt]: value } } }));
      expect(outcome).toMatchObject({ reason: 'NotOwned' });
    }
  });
});

describe('an annotation of the Go operator’s that is no flag', () => {
  it.each([annotations.keep, annotations.ignore])(
    'counts as off, as there, and is told of: %s',
    async (annotation) => {
      const { pass } = world();
      const first = await pass(anObject({ metadata: { annotations: { [annotation]: 'yes' } } }));
      expect(readyOf(first.outcome)).toBe('True Synced');
      expect(messageOf(first.outcome)).toContain(`${annotation} holds "yes"`);
      const off = {
        ...remembered(first),
        metadata: { ...first.object.metadata, annotations: { [annotation]: 'false' } },
      };
      expect(messageOf((await pass(off)).outcome)).toBe('Teleport holds what the object says.');
    },
  );

  it('lets the resource be deleted', async () => {
    const { pass } = world();
    await pass(anObject());
    const { outcome } = await pass(going({ metadata: { annotations: { [annotations.keep]: 'yes' } } }));
    expect(outcome).toEqual({ type: 'gone', resource: 'deleted' });
  });
});
