import fc from 'fast-check';
import { expect, test } from 'vitest';
import { VirtualClock } from '../core/virtual-clock.js';
import { DelayHeap } from './delay-heap.js';

test('keys fall due at their earliest time, in order, with one timer; deleted ones do not', async () => {
  const step = fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    ms: fc.integer({ min: 1, max: 100 }),
    del: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const clock = new VirtualClock();
      const due: { key: string; at: number }[] = [];
      const heap = new DelayHeap(clock, (key) => due.push({ key, at: clock.monotonic() }));
      const expected = new Map<string, number>();
      for (const { key, ms, del } of steps) {
        if (del) {
          heap.delete(key);
          expected.delete(key);
        } else {
          heap.add(key, ms);
          expected.set(key, Math.min(ms, expected.get(key) ?? Number.POSITIVE_INFINITY));
        }
        expect(clock.pending).toBeLessThanOrEqual(1);
      }
      expect(heap.size).toBe(expected.size);
      await clock.advance(200);
      expect(due.map(({ key }) => key).sort()).toEqual([...expected.keys()].sort());
      // A key may come up to a millisecond early, never late.
      for (const { key, at } of due) {
        expect(expected.get(key)! - at).toBeLessThanOrEqual(1);
        expect(at).toBeLessThanOrEqual(expected.get(key)!);
      }
      expect(clock.pending).toBe(0);
    }),
  );
});
