// Workers that take keys from a queue and hand them to a handler, one pass each. What a pass does is the
// handler's; when the key comes again follows from what it returns.
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { isAbort } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Metrics } from '../core/metrics.js';
import type { Turn } from '../core/turn.js';
import type { ObjectKey } from './object.js';
import type { WorkQueue } from './workqueue.js';

/** When a key is to come again: not before something happens, after a time, or with growing delays. */
export type Next =
  | { readonly done: true }
  | { readonly afterMs: number }
  /** Delays grow up to `maxMs`, where that is less than the queue's own limit. */
  | { readonly retry: true; readonly maxMs?: number };

export interface Pass {
  /** Aborted when the pass must end at once, without another write. */
  readonly signal: AbortSignal;
  /** Names the pass in the log. */
  readonly passId: string;
}

export interface ControllerOptions {
  /** In metrics and logs, such as the kind in lower case. */
  readonly name: string;
  readonly queue: WorkQueue;
  /** Passes that may run at the same time. */
  readonly workers: number;
  /** One pass. A thrown error counts as retry and is logged. */
  handle(key: ObjectKey, pass: Pass): Promise<Next>;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Asked between passes, so that those that wait for nothing don't hold everything else. */
  readonly turn: Turn;
  /** When aborted no further key is taken; passes that run may end. */
  readonly signal: AbortSignal;
  /** Aborts passes that run; `signal` when absent. */
  readonly passSignal?: AbortSignal;
}

/** Runs until the signal is aborted or the queue shut down, and the last pass has ended. Never throws. */
export async function runController(options: ControllerOptions): Promise<void> {
  const meters = makeMeters(options);
  // Every worker and every request of a pass listens to these; Node would take that for a leak.
  setMaxListeners(0, options.signal, options.passSignal ?? options.signal);
  const workers: Promise<void>[] = [];
  let idle = 0;
  const worker = async (): Promise<void> => {
    for (;;) {
      idle++;
      const key = await takeOrStop(options);
      idle--;
      if (key === undefined) return;
      if (idle === 0) hire();
      await runPass(key, options, meters);
      await options.turn.yield();
    }
  };
  // Most kinds have no objects: the next worker comes when the last idle one gets something to do.
  const hire = (): void => {
    if (workers.length < options.workers) workers.push(worker());
  };
  meters.workers(options.workers);
  hire();
  // by index: more may come while these end
  for (let i = 0; i < workers.length; i++) await workers[i];
}

async function takeOrStop({ queue, signal }: ControllerOptions): Promise<ObjectKey | undefined> {
  try {
    return await queue.take(signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

async function runPass(key: ObjectKey, options: ControllerOptions, meters: Meters): Promise<void> {
  const { queue, clock, log, name } = options;
  const signal = options.passSignal ?? options.signal;
  const passId = randomUUID();
  const started = clock.monotonic();
  meters.active(1);
  // Appointments are made before done(): if the key was added meanwhile, its next pass replaces them.
  try {
    const next = await options.handle(key, { signal, passId });
    if ('retry' in next) {
      queue.retry(key, next.maxMs);
      meters.result('requeue');
    } else {
      queue.forget(key);
      if ('afterMs' in next) queue.addAfter(key, next.afterMs);
      meters.result('afterMs' in next ? 'requeue_after' : 'success');
    }
  } catch (error) {
    if (signal.aborted && isAbort(error, signal)) {
      queue.add(key);
    } else {
      const retryMs = Math.round(queue.retry(key));
      log.error('a pass failed', { controller: name, object: key, passId, error, retryMs });
      meters.result('error');
    }
  } finally {
    queue.done(key);
    meters.active(-1);
    meters.took((clock.monotonic() - started) / 1000);
  }
}

interface Meters {
  workers(count: number): void;
  active(by: 1 | -1): void;
  result(result: 'success' | 'error' | 'requeue' | 'requeue_after'): void;
  took(seconds: number): void;
}

const timeBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** controller-runtime's metrics, by its names. */
function makeMeters({ metrics, name }: ControllerOptions): Meters {
  const labels = { controller: name };
  const names = ['controller'];
  const total = metrics.counter('controller_runtime_reconcile_total', 'Passes, by controller and result.', [
    'controller',
    'result',
  ]);
  const errors = metrics.counter(
    'controller_runtime_reconcile_errors_total',
    'Passes that failed, by controller.',
    names,
  );
  const seconds = metrics.histogram(
    'controller_runtime_reconcile_time_seconds',
    'How long passes took.',
    timeBuckets,
    names,
  );
  const most = metrics.gauge(
    'controller_runtime_max_concurrent_reconciles',
    'Passes that may run at the same time.',
    names,
  );
  const now = metrics.gauge('controller_runtime_active_workers', 'Passes that run now.', names);
  let active = 0;
  now.set(0, labels);
  for (const result of ['success', 'error', 'requeue', 'requeue_after']) total.inc({ ...labels, result }, 0);
  errors.inc(labels, 0);
  return {
    workers: (count) => most.set(count, labels),
    active: (by) => now.set((active += by), labels),
    result: (result) => {
      total.inc({ ...labels, result });
      if (result === 'error') errors.inc(labels);
    },
    took: (time) => seconds.observe(time, labels),
  };
}
