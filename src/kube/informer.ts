// Keeps a copy of one resource's objects: lists them in pages, then follows the watch, for ever. Callers read
// the copy (copy.ts) by key and hear of changes; which of these matter is predicate.ts's judgement.
import { setMaxListeners } from 'node:events';
import { aborted, isAbort, sleep } from '../core/abort.js';
import { Backoff, type BackoffPolicy } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Counter, Metrics } from '../core/metrics.js';
import { unforeseen } from '../core/mistake.js';
import { Until } from '../core/until.js';
import type { KubeClient, WatchEvent } from './client.js';
import { ObjectCopy } from './copy.js';
import { from, type KubeError } from './errors.js';
import { IdleLimit, silent } from './idle-limit.js';
import { type ApiResource, type KubeObject, keyOf, type ObjectKey } from './object.js';
import type { Change } from './predicate.js';

/** What is known of the resource as a whole. */
export type InformerState = 'starting' | 'synced' | Unavailable;

/** The server has no such resource (its CRD is not installed), or does not let us see it. */
export interface Unavailable {
  readonly unavailable: 'missing' | 'forbidden';
  readonly message: string;
}

export interface InformerOptions {
  readonly client: KubeClient;
  readonly resource: ApiResource;
  /** All namespaces when absent. */
  readonly namespace?: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: Metrics;
  /** Called for each object that has become another one (by resourceVersion), is new or is gone. */
  readonly onChange: (key: ObjectKey, change: Change<KubeObject>) => void;
  readonly onState?: (state: InformerState) => void;
  readonly random?: () => number;
}

const pageSize = 500;
/** The server is asked to end a watch after 5 to 10 minutes, so that not all end together. */
const watchSeconds = { shortest: 300, longest: 600 };
/** What a stream may last or be silent beyond its own end. */
const graceMs = 30_000;
/** The API server sends a bookmark each minute; a stream that had one and then none for so long is dead. */
const silentMs = 180_000;
/** How often a missing or forbidden resource is tried again. */
const unavailableRetryMs = 30_000;
/** A watch that held so long, or brought an event, ends a row of failures. */
const provedMs = 10_000;
/** Failures in a row after which one line is logged as a warning. */
const warnAfter = 3;
const policy: BackoffPolicy = { baseMs: 500, factor: 2, maxMs: 15_000, jitter: 0.5 };

/** One resource's informer. `run` it once; everything else may be called at any time. */
export class Informer {
  readonly #options: InformerOptions;
  readonly #name: string;
  readonly #random: () => number;
  readonly #backoff: Backoff;
  readonly #relists: Counter | undefined;
  readonly #copy: ObjectCopy;
  #state: InformerState = 'starting';
  #version = '';
  #trouble: string | undefined;
  readonly #waiting = new Set<() => void>();

  constructor(options: InformerOptions) {
    this.#options = options;
    this.#name = options.resource.group
      ? `${options.resource.plural}.${options.resource.group}`
      : options.resource.plural;
    this.#copy = new ObjectCopy((key, change) => this.#tell(key, change));
    this.#random = options.random ?? Math.random;
    this.#backoff = new Backoff(policy, this.#random);
    this.#relists = options.metrics?.counter(
      'teleport_operator_kube_lists_total',
      'Full lists of a Kubernetes resource; more than one each start means that watches were lost.',
      ['resource'],
    );
  }

  /**
   * `starting` until the first list is in. A resource that turns unavailable keeps its last objects; one that is
   * missing at the second try too loses them: there can be none, and the word of their end may have been lost.
   */
  get state(): InformerState {
    return this.#state;
  }

  /** Why listing or watching fails again and again, so that changes are not heard of; undefined while it works. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  get(key: ObjectKey): KubeObject | undefined {
    return this.#copy.get(key);
  }

  keys(): IterableIterator<ObjectKey> {
    return this.#copy.keys();
  }

  items(): IterableIterator<KubeObject> {
    return this.#copy.items();
  }

  get size(): number {
    return this.#copy.size;
  }

  /**
   * Takes in what one of our own writes returned, so that the next read sees it before the watch brings it, and
   * the watch's echo is not announced. Only if our copy is exactly what the write was made on (and guarded by,
   * with its resourceVersion): otherwise somebody else's change would be swallowed.
   */
  wrote(base: KubeObject, result: KubeObject): void {
    this.#copy.wrote(base, result);
  }

  /**
   * Resolves when the objects are in, or when the resource turned out to be unavailable.
   * @throws the signal's reason
   */
  async whenSynced(signal: AbortSignal): Promise<void> {
    if (this.#state !== 'starting') return;
    let settled: (() => void) | undefined;
    const synced = new Promise<void>((resolve) => {
      settled = resolve;
      this.#waiting.add(resolve);
    });
    await Promise.race([synced, aborted(signal)]);
    if (settled) this.#waiting.delete(settled);
    signal.throwIfAborted();
  }

  /** Lists and watches until the signal is aborted. Never throws: what fails is tried again. */
  async run(signal: AbortSignal): Promise<void> {
    // Dozens of informers and all their requests listen to one signal; Node would take that for a leak.
    setMaxListeners(0, signal);
    while (!signal.aborted) {
      try {
        if (this.#version === '') await this.#list(signal);
        await this.#watch(signal);
      } catch (error) {
        if (signal.aborted || isAbort(error, signal)) return;
        await this.#recover(from(error), signal);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, resource, namespace } = this.#options;
    this.#relists?.inc({ resource: this.#name });
    const fresh = new Map<ObjectKey, KubeObject>();
    let page = '';
    let version = '';
    do {
      const list = await client.list(resource, {
        namespace,
        limit: pageSize,
        signal,
        ...(page && { continue: page }),
      });
      for (const object of list.items) fresh.set(keyOf(object), object);
      page = list.metadata.continue ?? '';
      version = list.metadata.resourceVersion ?? '';
    } while (page);
    const tell = this.#copy.replace(fresh);
    this.#version = version;
    this.#setState('synced');
    tell();
  }

  /** One watch, from the last known version to the stream's end. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { client, resource, namespace, clock } = this.#options;
    const { shortest, longest } = watchSeconds;
    const timeoutSeconds = Math.round(shortest + this.#random() * (longest - shortest));
    const started = clock.monotonic();
    const end = new Until(clock, timeoutSeconds * 1000 + graceMs, silent, signal);
    const idle = new IdleLimit(clock, silentMs, end.signal);
    const proved = clock.after(provedMs, () => this.#recovered());
    let events = 0;
    try {
      const stream = client.watch(resource, {
        namespace,
        resourceVersion: this.#version,
        allowBookmarks: true,
        timeoutSeconds,
        signal: idle.signal,
      });
      for await (const event of stream) {
        events++;
        idle.heard(event.type === 'BOOKMARK');
        this.#apply(event);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error !== end.signal.reason && error !== idle.signal.reason) throw error;
      this.#options.log.debug('a watch was silent and is opened again', { resource: this.#name });
    } finally {
      idle.done();
      end.done();
      proved.cancel();
      if (events > 0) this.#recovered();
    }
    // A server that ends each watch at once must not be asked in a circle.
    if (events === 0 && clock.monotonic() - started < 1_000) {
      await sleep(clock, this.#backoff.next(), signal);
    }
  }

  #apply(event: WatchEvent): void {
    const { object } = event;
    const version = object.metadata.resourceVersion;
    if (event.type === 'BOOKMARK') {
      if (version) this.#version = version;
      return;
    }
    if (event.type === 'DELETED') this.#copy.remove(keyOf(object));
    else this.#copy.put(object);
    if (version) this.#version = version;
  }

  #tell(key: ObjectKey, change: Change<KubeObject>): void {
    try {
      this.#options.onChange(key, change);
    } catch (error) {
      const about = { resource: this.#name, key, ...unforeseen(error) };
      this.#options.log.error('the handler of a change failed', about);
    }
  }

  async #recover(error: KubeError, signal: AbortSignal): Promise<void> {
    const { kind } = error;
    if (kind === 'Gone') {
      this.#version = '';
      // At once only the first time: a server that forgets each list at once must not be listed in a circle.
      const first = this.#backoff.attempts === 0;
      const delay = this.#backoff.next();
      if (!first) await this.#pause(delay, signal);
    } else if (kind === 'NotFound' || kind === 'Forbidden') {
      this.#version = '';
      const unavailable = kind === 'NotFound' ? 'missing' : 'forbidden';
      if (unavailable === 'missing' && nameOf(this.#state) === unavailable) this.#copy.replace(new Map())();
      this.#setState({ unavailable, message: error.message });
      await this.#pause(unavailableRetryMs * (1 + 0.1 * this.#random()), signal);
    } else {
      const delayMs = Math.round(Math.max(this.#backoff.next(), error.retryAfterMs ?? 0));
      this.#tellFailure(error, delayMs);
      if (kind === 'Invalid' || kind === 'BadRequest' || kind === 'Unknown') this.#version = '';
      await this.#pause(delayMs, signal);
    }
  }

  async #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    await sleep(this.#options.clock, delayMs, signal).catch(() => {});
  }

  #tellFailure(error: KubeError, delayMs: number): void {
    const { log } = this.#options;
    const fields = { resource: this.#name, error, delayMs };
    const known = this.#trouble !== undefined;
    if (known || this.#backoff.attempts >= warnAfter) this.#trouble = error.message;
    if (known || this.#trouble === undefined) log.debug('listing or watching failed, trying again', fields);
    else log.warn('listing or watching fails, trying on', fields);
  }

  #recovered(): void {
    this.#backoff.reset();
    if (this.#trouble !== undefined)
      this.#options.log.info('listing and watching works again', { resource: this.#name });
    this.#trouble = undefined;
  }

  #setState(state: InformerState): void {
    const before = this.#state;
    this.#state = state;
    for (const settle of this.#waiting) settle();
    this.#waiting.clear();
    if (nameOf(before) === nameOf(state)) return;
    const fields = { resource: this.#name };
    if (typeof state !== 'string') {
      const what = state.unavailable === 'missing' ? 'the server does not have it' : 'access is forbidden';
      this.#options.log.warn(`a Kubernetes resource can't be watched: ${what}`, {
        ...fields,
        error: state.message,
      });
    } else if (typeof before !== 'string') {
      this.#options.log.info('a Kubernetes resource can be watched now', fields);
    }
    this.#options.onState?.(state);
  }
}

function nameOf(state: InformerState): string {
  return typeof state === 'string' ? state : state.unavailable;
}
