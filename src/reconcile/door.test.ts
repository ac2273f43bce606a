import { describe, expect, it } from 'vitest';
import { anObject } from '../../test/builders/object.js';
import { Door, isNews } from './door.js';
import { finalizer } from './names.js';

describe('Door', () => {
  it('admits what no pass has seen, and what changed since', () => {
    const door = new Door();
    expect(door.admits('k', anObject())).toBe(true);
    door.settle('k', anObject());
    expect(door.admits('k', anObject())).toBe(false);
    expect(door.admits('k', anObject({ metadata: { generation: 2 } }))).toBe(true);
    expect(door.admits('k', anObject({ metadata: { labels: { a: 'b' } } }))).toBe(true);
    expect(door.admits('k', anObject({ metadata: { annotations: { a: 'b' } } }))).toBe(true);
    expect(door.admits('k', anObject({ metadata: { finalizers: [] } }))).toBe(true);
    expect(door.admits('k', anObject({ metadata: { uid: 'another' } }))).toBe(true);
  });

  it('does not admit for a status or a new resourceVersion', () => {
    const door = new Door();
    door.settle('k', anObject());
    expect(door.admits('k', anObject({ status: { x: 1 }, metadata: { resourceVersion: '9' } }))).toBe(false);
  });

  it('admits once when forced', () => {
    const door = new Door();
    door.settle('k', anObject());
    door.force('k');
    expect(door.admits('k', anObject())).toBe(true);
    expect(door.admits('k', anObject())).toBe(false);
  });
});

describe('isNews', () => {
  const bare = anObject({ metadata: { finalizers: ['a/b'] } });
  const held = anObject({ metadata: { finalizers: ['a/b', finalizer], resourceVersion: '2' } });

  it('is not our own finalizer being added, and nothing else', () => {
    expect(isNews({ old: bare, new: held })).toBe(false);
    expect(isNews({ old: anObject(), new: anObject({ metadata: { finalizers: [finalizer] } }) })).toBe(false);
  });

  it('is our finalizer being taken away, or anything that came with it', () => {
    expect(isNews({ old: held, new: bare })).toBe(true);
    expect(isNews({ old: bare, new: { ...held, metadata: { ...held.metadata, generation: 2 } } })).toBe(true);
    expect(isNews({ old: bare, new: anObject({ metadata: { finalizers: [finalizer] } }) })).toBe(true);
  });

  it('is a new object, and one that is gone', () => {
    expect(isNews({ new: held })).toBe(true);
    expect(isNews({ old: held })).toBe(true);
  });
});
