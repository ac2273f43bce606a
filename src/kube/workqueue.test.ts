import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PromMetrics } from '../core/metrics-prom.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { WorkQueue } from './workqueue.js';

const never = new AbortController().signal;
const policy = { baseMs: 100, factor: 2, maxMs: 10_000, jitter: 0 };

function make(metrics?: PromMetrics) {
  const clock = new VirtualClock();
  const queue = new WorkQueue({ name: 'q', clock, policy, ...(metrics && { metrics }) });
  return { clock, queue };
}

test('a key waits once and comes in the order of additions', async () => {
  const { queue } = make();
  for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
  expect(queue.length).toBe(3);
  expect([await queue.take(never), await queue.take(never), await queue.take(never)]).toEqual([
    'a',
    'b',
    'c',
  ]);
  expect(queue.length).toBe(0);
});

test('a key added while a worker has it comes again after done, once', async () => {
  const { queue } = make();
  queue.add('a');
  await queue.take(never);
  queue.add('a');
  queue.add('a');
  expect(queue.length).toBe(0);
  queue.done('a');
  expect(queue.length).toBe(1);
  expect(await queue.take(never)).toBe('a');
  queue.done('a');
  expect(queue.length).toBe(0);
});

test('a waiting taker gets the key that is added', async () => {
  const { queue } = make();
  const taken = queue.take(never);
  queue.add('a');
  expect(await taken).toBe('a');
});

test('an aborted taker gets nothing and loses nothing', async () => {
  const { queue } = make();
  const stop = new AbortController();
  const first = queue.take(stop.signal);
  const second = queue.take(never);
  stop.abort(new Error('stop'));
  await expect(first).rejects.toThrow('stop');
  queue.add('a');
  expect(await second).toBe('a');
});

describe('delays', () => {
  test('of several appointments the earliest counts', async () => {
    const { clock, queue } = make();
    queue.addAfter('a', 1_000);
    queue.addAfter('a', 200);
    queue.addAfter('a', 500);
    await clock.advance(199);
    expect(queue.length).toBe(0);
    await clock.advance(1);
    expect(queue.length).toBe(1);
    expect(await queue.take(never)).toBe('a');
    queue.done('a');
    await clock.advance(5_000);
    expect(queue.length).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test('taking a key ends its appointment, one made during the work stands', async () => {
    const { clock, queue } = make();
    queue.addAfter('a', 1_000);
    queue.add('a');
    await queue.take(never);
    expect(queue.delayedLength).toBe(0);
    queue.addAfter('a', 300);
    queue.done('a');
    await clock.advance(300);
    expect(queue.length).toBe(1);
  });

  test('an appointment that falls due while a worker has the key makes it come again', async () => {
    const { clock, queue } = make();
    queue.add('a');
    await queue.take(never);
    queue.addAfter('a', 10);
    await clock.advance(10);
    expect(queue.length).toBe(0);
    queue.done('a');
    expect(queue.length).toBe(1);
  });

  test('retries grow per key, to the most, and start again after forget', async () => {
    const { queue } = make();
    expect([0, 1, 2].map(() => queue.retry('a'))).toEqual([100, 200, 400]);
    expect(queue.retry('b')).toBe(100);
    for (let n = 0; n < 20; n++) queue.retry('a');
    expect(queue.retry('a')).toBe(10_000);
    queue.forget('a');
    expect(queue.failures('a')).toBe(0);
    expect(queue.retry('a')).toBe(100);
  });
});

test('fresh keys pass retried ones, but not for ever', async () => {
  const { clock, queue } = make();
  for (let n = 0; n < 3; n++) queue.retry(`failed-${n}`);
  await clock.advance(1_000);
  for (let n = 0; n < 20; n++) queue.add(`fresh-${n}`);
  const order: string[] = [];
  for (let n = 0; n < 23; n++) order.push((await queue.take(never))!);
  expect(order.slice(0, 8).every((key) => key.startsWith('fresh'))).toBe(true);
  expect(order.indexOf('failed-0')).toBe(8);
  expect(order.indexOf('failed-1')).toBe(17);
});

test('a retried key that something happens to becomes fresh and keeps its age', async () => {
  const { clock, queue } = make();
  queue.retry('a');
  queue.retry('b');
  await clock.advance(150);
  queue.add('b');
  expect([await queue.take(never), await queue.take(never)]).toEqual(['b', 'a']);
});

test('tells its length and the age of its oldest key', async () => {
  const { clock, queue } = make();
  expect(queue.oldestAgeMs).toBe(0);
  queue.add('a');
  await clock.advance(50);
  queue.add('b');
  await clock.advance(25);
  expect(queue.oldestAgeMs).toBe(75);
  await queue.take(never);
  expect(queue.oldestAgeMs).toBe(25);
  await clock.advance(10);
  expect(queue.unfinishedMs).toBe(10);
});

test('shutting down ends takers and timers and drops what comes later', async () => {
  const { clock, queue } = make();
  const taken = queue.take(never);
  queue.addAfter('a', 1_000);
  queue.shutDown();
  expect(await taken).toBeUndefined();
  queue.add('b');
  queue.retry('c');
  expect(await queue.take(never)).toBeUndefined();
  expect(queue.length).toBe(0);
  expect(clock.pending).toBe(0);
});

test('metrics have the names of client-go', async () => {
  const metrics = new PromMetrics({ process: false });
  const { clock, queue } = make(metrics);
  queue.add('a');
  queue.add('a');
  queue.add('b');
  await queue.take(never);
  await clock.advance(2_000);
  const during = (await metrics.render()).body;
  expect(during).toContain('workqueue_depth{name="q"} 1');
  expect(during).toContain('workqueue_adds_total{name="q"} 2');
  expect(during).toContain('workqueue_unfinished_work_seconds{name="q"} 2');
  queue.retry('a');
  queue.done('a');
  const after = (await metrics.render()).body;
  expect(after).toContain('workqueue_retries_total{name="q"} 1');
  expect(after).toContain('workqueue_work_duration_seconds_sum{name="q"} 2');
  expect(after).toContain('workqueue_queue_duration_seconds_count{name="q"} 1');
});

/** Any order of additions, delays, failures and passing time, with several workers. */
test('never two workers on one key, no key twice in the queue, nothing lost', async () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd');
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('add' as const), key }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('after' as const), key, ms: fc.integer({ min: 0, max: 500 }) }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('take' as const) }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('finish' as const), nth: fc.nat(3), retry: fc.boolean() }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 300 }) }),
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { clock, queue } = make();
      const working: string[] = [];
      /** Keys that must still be given out: added since their last take began. */
      const owed = new Set<string>();
      const taken = (given: string | undefined): void => {
        if (given === undefined) return;
        expect(working).not.toContain(given);
        working.push(given);
        owed.delete(given);
      };
      const takeNow = async (): Promise<boolean> => {
        const stop = new AbortController();
        const pending = queue.take(stop.signal).catch(() => undefined);
        stop.abort();
        const given = await pending;
        taken(given);
        return given !== undefined;
      };
      for (const now of steps) {
        if (now.do === 'add') {
          queue.add(now.key);
          owed.add(now.key);
        } else if (now.do === 'after') {
          queue.addAfter(now.key, now.ms);
          owed.add(now.key);
        } else if (now.do === 'take') {
          await takeNow();
        } else if (now.do === 'finish') {
          const done = working.splice(now.nth % Math.max(1, working.length), 1)[0];
          if (done !== undefined) {
            if (now.retry) {
              queue.retry(done);
              owed.add(done);
            }
            queue.done(done);
          }
        } else {
          await clock.advance(now.ms);
        }
        expect(queue.length).toBeLessThanOrEqual(4);
      }
      // In the end every key that is owed is given out, once all workers are through and all delays over.
      for (let round = 0; round < 6; round++) {
        for (const done of working.splice(0)) queue.done(done);
        await clock.advance(20_000);
        while (await takeNow());
      }
      expect([...owed]).toEqual([]);
      for (const done of working.splice(0)) queue.done(done);
      expect(queue.length).toBe(0);
      expect(clock.pending).toBe(0);
    }),
    { numRuns: 300 },
  );
});
