// Reads that lag behind writes, as Auth's do.
import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/core/clock.js';
import { RoleV6Schema } from '../../../src/gen/teleport/types/role_pb.js';
import { Cache } from './cache.js';
import { roles } from './kinds.js';
import { Store } from './store.js';

function virtualClock() {
  let now = 0;
  const timers: { at: number; run: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    after: (delayMs, run) => {
      const timer = { at: now + delayMs, run };
      timers.push(timer);
      return { cancel: () => timers.splice(timers.indexOf(timer), 1) };
    },
  };
  const advance = (ms: number): void => {
    now += ms;
    for (const timer of timers.filter((each) => each.at <= now)) {
      timers.splice(timers.indexOf(timer), 1);
      timer.run();
    }
  };
  return { clock, advance };
}

const role = (Description: string) => create(RoleV6Schema, { Metadata: { Name: 'x', Description } });

describe('Cache', () => {
  it('finds what is new, and the old value of what was changed or deleted until the delay is over', () => {
    const { clock, advance } = virtualClock();
    const store = new Store(clock);
    const cache = new Cache(store, clock, 500);
    const seen: string[] = [];
    cache.subscribe((change) => seen.push(change.type));
    const description = () => cache.get(roles, 'x')?.Metadata?.Description;
    store.put(roles, role('first'));
    expect(description()).toBe('first');
    expect(cache.list(roles)).toEqual([]);
    advance(500);
    store.put(roles, role('second'));
    expect(description()).toBe('first');
    advance(500);
    expect(description()).toBe('second');
    store.delete(roles, 'x');
    expect(cache.has(roles, 'x')).toBe(true);
    expect(seen).toEqual(['put', 'put']);
    advance(500);
    expect(cache.has(roles, 'x')).toBe(false);
    expect(seen).toEqual(['put', 'put', 'delete']);
  });
});
