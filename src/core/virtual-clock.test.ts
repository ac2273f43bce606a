import { expect, test } from 'vitest';
import { sleep } from './abort.js';
import { VirtualClock } from './virtual-clock.js';

test('timers fire in the order of their times, each at its own time, and those set on the way too', async () => {
  const clock = new VirtualClock(1_000);
  const seen: string[] = [];
  const note = (name: string) => () => seen.push(`${name}@${clock.now()}`);
  clock.after(20, note('b'));
  clock.after(10, () => {
    note('a')();
    clock.after(5, note('nested'));
  });
  clock.after(20, note('c'));
  clock.after(31, note('late'));
  await clock.advance(30);
  expect(seen).toEqual(['a@1010', 'nested@1015', 'b@1020', 'c@1020']);
  expect(clock.now()).toBe(1_030);
  expect(clock.monotonic()).toBe(30);
  expect(clock.pending).toBe(1);
  expect(clock.untilNext).toBe(1);
});

test('a cancelled timer does not fire and is not counted', async () => {
  const clock = new VirtualClock();
  const seen: number[] = [];
  const timer = clock.after(10, () => seen.push(1));
  timer.cancel();
  expect(clock.pending).toBe(0);
  await clock.advance(100);
  expect(seen).toEqual([]);
});

test('a chain of awaited sleeps is followed through one advance', async () => {
  const clock = new VirtualClock(0);
  const seen: number[] = [];
  const run = (async () => {
    for (let round = 0; round < 3; round++) {
      await sleep(clock, 100);
      await Promise.resolve();
      seen.push(clock.now());
    }
  })();
  await clock.advance(350);
  await run;
  expect(seen).toEqual([100, 200, 300]);
});
