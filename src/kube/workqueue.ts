// The queue between informers and workers. It carries keys: a key waits once, however often it was added, is
// given to one worker at a time, and comes again if it was added meanwhile. Knows nothing of objects.
import { type BackoffPolicy, backoffDelay } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import type { Counter, Histogram, Metrics } from '../core/metrics.js';
import { DelayHeap } from './delay-heap.js';
import type { ObjectKey } from './object.js';

export interface WorkQueueOptions {
  /** The queue's name in metrics. */
  readonly name: string;
  readonly clock: Clock;
  /** Delays of `retry`, per key. */
  readonly policy: BackoffPolicy;
  readonly metrics?: Metrics;
  readonly random?: () => number;
}

/** So many fresh keys may pass a waiting retried one. */
const freshInARow = 8;

/** Buckets of client-go's workqueue metrics, in seconds. */
const buckets = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000];

/**
 * Two lanes: keys that something has happened to, and keys whose delay is over (retries, resyncs). Fresh ones go
 * first, so that what fails often doesn't hold up what just came in.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #clock: Clock;
  /** Waiting keys with the time they came (monotonic ms), oldest first. */
  readonly #fresh = new Map<ObjectKey, number>();
  readonly #later = new Map<ObjectKey, number>();
  readonly #delayed: DelayHeap;
  /** Keys that a worker has, with the time it took them. */
  readonly #active = new Map<ObjectKey, number>();
  /** Keys added while a worker had them. */
  readonly #again = new Set<ObjectKey>();
  readonly #failures = new Map<ObjectKey, number>();
  readonly #takers: { readonly give: (key: ObjectKey | undefined) => void }[] = [];
  #freshTaken = 0;
  #closed = false;
  readonly #meters: Meters;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#delayed = new DelayHeap(options.clock, (key) => this.#enqueue(key, this.#later));
    this.#meters = makeMeters(options, this);
  }

  /** Keys that wait for a worker now; those with a delay, and those being worked on, are not counted. */
  get length(): number {
    return this.#fresh.size + this.#later.size;
  }

  /** Keys whose delay is not over. */
  get delayedLength(): number {
    return this.#delayed.size;
  }

  /** How long the oldest waiting key has waited, in milliseconds; 0 if none waits. */
  get oldestAgeMs(): number {
    const oldest = Math.min(firstOf(this.#fresh), firstOf(this.#later));
    return oldest === Number.POSITIVE_INFINITY ? 0 : this.#clock.monotonic() - oldest;
  }

  /** How long the workers have had their keys, summed, in milliseconds. */
  get unfinishedMs(): number {
    let sum = 0;
    for (const since of this.#active.values()) sum += this.#clock.monotonic() - since;
    return sum;
  }

  /** Something happened to the key. */
  add(key: ObjectKey): void {
    this.#enqueue(key, this.#fresh);
  }

  /** Adds the key after `delayMs`; of several appointments the earliest counts, and taking the key ends it. */
  addAfter(key: ObjectKey, delayMs: number): void {
    if (this.#closed) return;
    if (delayMs <= 0) this.#enqueue(key, this.#later);
    else this.#delayed.add(key, delayMs);
  }

  /**
   * The key failed: adds it after a delay that grows with each failure in a row.
   * @param maxMs a limit below the policy's
   * @returns the delay in milliseconds
   */
  retry(key: ObjectKey, maxMs = Number.POSITIVE_INFINITY): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const { policy, random } = this.#options;
    const limited = { ...policy, maxMs: Math.min(policy.maxMs, maxMs) };
    const delay = backoffDelay(limited, failures, random);
    this.#meters.retries.inc(this.#meters.labels);
    this.addAfter(key, delay);
    return delay;
  }

  /** The key went well: its next failure is its first. */
  forget(key: ObjectKey): void {
    this.#failures.delete(key);
  }

  /** Whether a worker has the key now. */
  isActive(key: ObjectKey): boolean {
    return this.#active.has(key);
  }

  /** Failures of the key in a row. */
  failures(key: ObjectKey): number {
    return this.#failures.get(key) ?? 0;
  }

  /**
   * The next key, for this caller alone until it calls `done`. Waits for one.
   * @returns undefined once the queue is shut down
   * @throws the signal's reason
   */
  take(signal: AbortSignal): Promise<ObjectKey | undefined> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#closed) return Promise.resolve(undefined);
    const key = this.#next();
    if (key !== undefined) return Promise.resolve(key);
    return new Promise((resolve, reject) => {
      const taker = {
        give: (given: ObjectKey | undefined): void => {
          signal.removeEventListener('abort', onAbort);
          resolve(given);
        },
      };
      const onAbort = (): void => {
        this.#takers.splice(this.#takers.indexOf(taker), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#takers.push(taker);
    });
  }

  /** The worker is through with the key. */
  done(key: ObjectKey): void {
    const since = this.#active.get(key);
    if (since === undefined) return;
    this.#active.delete(key);
    this.#meters.work.observe((this.#clock.monotonic() - since) / 1000, this.#meters.labels);
    if (this.#again.delete(key)) this.#enqueue(key, this.#fresh, false);
  }

  /** Ends all waiting: takers get undefined, later additions are dropped. */
  shutDown(): void {
    this.#closed = true;
    this.#fresh.clear();
    this.#later.clear();
    this.#again.clear();
    this.#delayed.clear();
    for (const taker of this.#takers.splice(0)) taker.give(undefined);
  }

  #enqueue(key: ObjectKey, lane: Map<ObjectKey, number>, counted = true): void {
    if (this.#closed) return;
    if (this.#active.has(key)) {
      if (counted && !this.#again.has(key)) this.#meters.adds.inc(this.#meters.labels);
      this.#again.add(key);
      return;
    }
    if (this.#fresh.has(key)) return;
    const since = this.#later.get(key);
    if (since !== undefined) {
      if (lane === this.#later) return;
      this.#later.delete(key);
    } else if (counted) {
      this.#meters.adds.inc(this.#meters.labels);
    }
    lane.set(key, since ?? this.#clock.monotonic());
    const taker = this.#takers.shift();
    if (taker) taker.give(this.#next());
  }

  #next(): ObjectKey | undefined {
    const fresh = this.#fresh.keys().next();
    const later = this.#later.keys().next();
    const preferLater = fresh.done || (!later.done && this.#freshTaken >= freshInARow);
    const [lane, first] = preferLater ? [this.#later, later] : [this.#fresh, fresh];
    if (first.done) return undefined;
    this.#freshTaken = preferLater ? 0 : this.#freshTaken + 1;
    const key = first.value;
    const now = this.#clock.monotonic();
    this.#meters.waited.observe((now - (lane.get(key) ?? now)) / 1000, this.#meters.labels);
    lane.delete(key);
    this.#delayed.delete(key);
    this.#active.set(key, now);
    return key;
  }
}

function firstOf(lane: ReadonlyMap<ObjectKey, number>): number {
  const first = lane.values().next();
  return first.done ? Number.POSITIVE_INFINITY : first.value;
}

interface Meters {
  readonly labels: { readonly name: string };
  readonly adds: Pick<Counter, 'inc'>;
  readonly retries: Pick<Counter, 'inc'>;
  readonly waited: Pick<Histogram, 'observe'>;
  readonly work: Pick<Histogram, 'observe'>;
}

/** client-go's workqueue metrics, by its names. */
function makeMeters({ name, metrics }: WorkQueueOptions, queue: WorkQueue): Meters {
  const labels = { name };
  const none = { inc: () => {}, observe: () => {} };
  if (!metrics) return { labels, adds: none, retries: none, waited: none, work: none };
  const names = ['name'];
  metrics.collect('workqueue_depth', 'Keys that wait in the queue.', names, () => [[labels, queue.length]]);
  metrics.collect(
    'workqueue_unfinished_work_seconds',
    'How long the keys being worked on have been so, summed.',
    names,
    () => [[labels, queue.unfinishedMs / 1000]],
  );
  metrics.collect(
    'teleport_operator_workqueue_oldest_age_seconds',
    'How long the oldest waiting key has waited.',
    names,
    () => [[labels, queue.oldestAgeMs / 1000]],
  );
  return {
    labels,
    adds: metrics.counter('workqueue_adds_total', 'Keys added to the queue.', names),
    retries: metrics.counter('workqueue_retries_total', 'Keys added again because they failed.', names),
    waited: metrics.histogram(
      'workqueue_queue_duration_seconds',
      'How long keys waited in the queue.',
      buckets,
      names,
    ),
    work: metrics.histogram(
      'workqueue_work_duration_seconds',
      'How long keys were worked on.',
      buckets,
      names,
    ),
  };
}
