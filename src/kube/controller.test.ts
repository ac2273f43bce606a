import { expect, test } from 'vitest';
import { sleep } from '../core/abort.js';
import { systemClock } from '../core/clock.js';
import type { LogFields, Logger } from '../core/log.js';
import { silentLogger } from '../core/log.js';
import { noMetrics } from '../core/metrics.js';
import { PromMetrics } from '../core/metrics-prom.js';
import { Turn } from '../core/turn.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { type ControllerOptions, type Next, runController } from './controller.js';
import { WorkQueue } from './workqueue.js';

function setUp(handle: ControllerOptions['handle'], more: Partial<ControllerOptions> = {}) {
  const clock = new VirtualClock();
  const queue = new WorkQueue({
    name: 'q',
    clock,
    policy: { baseMs: 100, factor: 2, maxMs: 1_000, jitter: 0 },
  });
  const stop = new AbortController();
  const running = runController({
    name: 'c',
    queue,
    workers: 2,
    handle,
    log: silentLogger,
    metrics: noMetrics,
    clock,
    turn: new Turn(clock),
    signal: stop.signal,
    ...more,
  });
  return { clock, queue, stop, running };
}

test('the outcome decides when the key comes again', async () => {
  const outcomes: Next[] = [
    { retry: true },
    { retry: true },
    { afterMs: 5_000 },
    { retry: true },
    { done: true },
  ];
  const at: number[] = [];
  const { clock, queue, stop, running } = setUp(async () => {
    at.push(clock.monotonic());
    return outcomes.shift()!;
  });
  queue.add('a');
  await clock.advance(60_000);
  expect(at).toEqual([0, 100, 300, 5_300, 5_400]);
  stop.abort();
  await running;
});

test('no more passes at a time than workers, never two for one key', async () => {
  let most = 0;
  const active: string[] = [];
  const { clock, queue, stop, running } = setUp(async (key) => {
    expect(active).not.toContain(key);
    active.push(key);
    most = Math.max(most, active.length);
    queue.add(key === 'a' ? 'b' : 'a');
    await sleep(clock, 10);
    active.splice(active.indexOf(key), 1);
    return { done: true };
  });
  for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key);
  await clock.advance(1_000);
  expect(most).toBe(2);
  stop.abort();
  await clock.advance(1_000);
  await running;
});

test('a thrown error is logged once with the pass and tried again', async () => {
  const lines: [string, LogFields | undefined][] = [];
  const log: Logger = { ...silentLogger, error: (message, fields) => void lines.push([message, fields]) };
  const metrics = new PromMetrics({ process: false });
  let passes = 0;
  const { clock, queue, stop, running } = setUp(
    async () => {
      if (passes++ === 0) throw new Error('boom');
      return { done: true };
    },
    { log, metrics },
  );
  queue.add('ns/a');
  await clock.advance(1_000);
  expect(passes).toBe(2);
  expect(lines).toHaveLength(1);
  expect(lines[0]?.[1]).toMatchObject({
    controller: 'c',
    object: 'ns/a',
    retryMs: 100,
    passId: expect.any(String),
  });
  const { body } = await metrics.render();
  expect(body).toContain('controller_runtime_reconcile_total{controller="c",result="error"} 1');
  expect(body).toContain('controller_runtime_reconcile_total{controller="c",result="success"} 1');
  expect(body).toContain('controller_runtime_reconcile_errors_total{controller="c"} 1');
  expect(body).toContain('controller_runtime_max_concurrent_reconciles{controller="c"} 2');
  expect(body).toContain('controller_runtime_active_workers{controller="c"} 0');
  expect(body).toContain('controller_runtime_reconcile_time_seconds_count{controller="c"} 2');
  stop.abort();
  await running;
});

test('stopping takes no more keys and waits for the passes that run', async () => {
  const done: string[] = [];
  const pass = new AbortController();
  const { clock, queue, stop, running } = setUp(
    async (key, { signal }) => {
      await sleep(clock, 1_000, signal);
      done.push(key);
      return { done: true };
    },
    { passSignal: pass.signal },
  );
  for (const key of ['a', 'b', 'c']) queue.add(key);
  await clock.advance(500);
  stop.abort();
  await clock.advance(1_000);
  await running;
  expect(done).toEqual(['a', 'b']);
  expect(queue.length).toBe(1);
});

test('a pass that is aborted is no failure, and its key stays in the queue', async () => {
  const pass = new AbortController();
  const lines: string[] = [];
  const log: Logger = { ...silentLogger, error: (message) => void lines.push(message) };
  const { clock, queue, stop, running } = setUp(
    async (_, { signal }) => {
      await sleep(clock, 60_000, signal);
      return { done: true };
    },
    { passSignal: pass.signal, log },
  );
  queue.add('a');
  await clock.settle();
  stop.abort();
  pass.abort();
  await running;
  expect(lines).toEqual([]);
  expect(queue.length).toBe(1);
  expect(queue.failures('a')).toBe(0);
});

test('passes that wait for nothing leave the event loop its turns', async () => {
  let turns = 0;
  const done = new Set<string>();
  const { queue, stop, running } = setUp(
    async (key) => {
      done.add(key);
      for (const end = systemClock.monotonic() + 2; systemClock.monotonic() < end; );
      return { done: true };
    },
    { turn: new Turn(systemClock) },
  );
  for (let key = 0; key < 100; key++) queue.add(String(key));
  for (; done.size < 100; turns++) await new Promise((resolve) => setImmediate(resolve));
  // 200 ms of work in pieces of 10.
  expect(turns).toBeGreaterThan(10);
  stop.abort();
  await running;
});
