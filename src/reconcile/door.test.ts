import { describe, expect, it } from 'vitest';
import { anObject } from '../../test/builders/object.js';
import { Door } from './door.js';

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
