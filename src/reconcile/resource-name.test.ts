// The name of an object's resource: the annotation that gives it another than the object's, and that it never changes once a
// resource may have been made under it. How it is kept through a crash: test/faults.
import { describe, expect, it } from 'vitest';
import { anObject } from '../../test/builders/object.js';
import { held, readyOf, remembered, world } from '../../test/builders/reconciler-world.js';
import { user } from '../kinds/user.js';
import type { KubeObject } from '../kube/object.js';
import { TeleportError } from '../teleport/errors.js';
import { annotations } from './names.js';
import { statusOf } from './status.js';

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

  it('is not said to be that of a resource where none may have been made', async () => {
    const { pass, teleport } = world(user);
    teleport.failNext.set('create', new TeleportError('BadParameter', 'no such name'));
    const refused = remembered(await pass(alice('alice@')));
    expect(teleport.resources.size).toBe(0);
    const { outcome } = await pass(alice('alice@example.com', { status: refused.status! }));
    expect(outcome).toMatchObject({ reason: 'NameImmutable' });
    expect(outcome).toHaveProperty('message', expect.stringContaining('may have been made as "alice@"'));
  });

  it('is the object’s own where the annotation is empty, also the next time', async () => {
    const { pass, teleport } = world(user);
    const first = remembered(await pass(alice('')));
    expect([...teleport.resources.keys()]).toEqual(['alice']);
    expect((await pass(alice('', { status: first.status! }))).outcome).toMatchObject({ wrote: 'nothing' });
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

  describe('can not be given to a resource that may have its object’s name already, though no name is on record:', () => {
    const condition = (type: string, status = 'True') => ({ type, status, reason: 'r', message: 'm' });
    /** As the Go operator leaves it. */
    const byGo = (owned: 'True' | 'False' | undefined) => ({
      conditions: [
        condition('ValidStructure'),
        condition('SuccessfullyReconciled'),
        ...(owned ? [condition('TeleportResourceOwned', owned)] : []),
      ],
    });
    const ownResource = async () => {
      const all = world(user);
      await all.pass(alice(''));
      return all;
    };

    it('that of an object of the Go operator, which goes with it', async () => {
      const { pass, teleport } = await ownResource();
      const named = alice('alice@example.com', { status: byGo('True') });
      const { outcome } = await pass(named);
      expect(outcome).toMatchObject({ reason: 'NameImmutable' });
      expect(outcome).toHaveProperty('message', expect.stringContaining('Remove the annotation'));
      expect([...teleport.resources.keys()]).toEqual(['alice']);
      const going = { ...named, metadata: { ...named.metadata, deletionTimestamp: 'now' } };
      expect((await pass(going)).outcome).toEqual({ type: 'gone', resource: 'deleted' });
      expect(teleport.resources.size).toBe(0);
    });

    it('one of our own whose first write was not answered', async () => {
      const { pass, teleport } = world(user);
      teleport.hooks.create = () => {
        throw new TeleportError('Unavailable', 'the reply was lost');
      };
      const first = await pass(alice(''));
      expect(readyOf(first.outcome)).toBe('False TeleportUnavailable');
      const status = { conditions: statusOf(first.outcome)?.conditions };
      const { outcome } = await pass(alice('alice@example.com', { status }));
      expect(outcome).toMatchObject({ reason: 'NameImmutable' });
      expect([...teleport.resources.keys()]).not.toContain('alice@example.com');
    });

    it.each<[string, KubeObject]>([
      ['of an object that the Go operator never came to write', alice('a@b', { status: byGo(undefined) })],
      ['where the resource of its own name is somebody else’s', alice('a@b', { status: byGo('False') })],
      ['of a new object, which was only given the finalizer', alice('a@b')],
    ])('but to one %s', async (_, object) => {
      const { pass, teleport } = world(user);
      const { outcome } = await pass(object);
      expect(outcome).toMatchObject({ wrote: 'created' });
      expect([...teleport.resources.keys()]).toEqual(['a@b']);
    });
  });
});
