// Kubernetes Events about our objects, as `kubectl describe` shows them. Sent in the background with the verb
// create alone; a lost Event never fails a pass.
import { randomBytes } from 'node:crypto';
import { sleep } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import { cut } from '../core/cut.js';
import type { Logger } from '../core/log.js';
import { Until } from '../core/until.js';
import type { KubeClient } from './client.js';
import { rfc3339 } from './conditions.js';
import { from, isKubeError } from './errors.js';
import { EventFilter, type EventType, type Verdict } from './event-filter.js';
import { HeldBack } from './held-back.js';
import type { ApiResource, KubeObject, ObjectMeta } from './object.js';

const events: ApiResource = { group: '', version: 'v1', plural: 'events' };

export interface EventText {
  readonly type: EventType;
  /** One word in CamelCase. */
  readonly reason: string;
  readonly message: string;
}

export interface EventRecorderOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** Who tells it, such as `teleport-operator`. */
  readonly component: string;
  /** Which process of it: the Pod's name. */
  readonly instance: string;
}

/** core/v1 Event, the fields that we set. */
interface CoreEvent {
  apiVersion: 'v1';
  kind: 'Event';
  metadata: ObjectMeta;
  involvedObject: Record<string, string | undefined>;
  type: EventType;
  reason: string;
  message: string;
  source: { component: string; host: string };
  firstTimestamp: string;
  lastTimestamp: string;
  count: 1;
  reportingComponent: string;
  reportingInstance: string;
}

/** Events that wait to be sent; more are dropped, for what happened is in status and log too. */
const longestQueue = 1_000;
const longestMessage = 1_024;
const tries = 3;

const uidOf = ({ metadata }: KubeObject): string => metadata.uid ?? '';

/** Records Events. */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #filter: EventFilter;
  readonly #queue: CoreEvent[] = [];
  readonly #held: HeldBack<CoreEvent>;
  readonly #stop = new AbortController();
  #sending: Promise<void> | undefined;
  #toldForbidden = false;
  #dropped = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#filter = new EventFilter(options.clock);
    this.#held = new HeldBack(options.clock, (event) => {
      const verdict = this.#admit(event.involvedObject['uid'] ?? '', event, () => event);
      if (verdict === 'allFull') return 'noRoomAtAll';
      return verdict === 'objectFull' ? 'noRoom' : 'done';
    });
  }

  /** Events that were not sent because the queue was full or the server refused them. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * Records an Event about the object; returns at once. Repeated ones are left out, and too frequent ones too, but for a
   * warning: that is sent when there is room, unless something else is recorded about the object, or it is withdrawn.
   */
  record(object: KubeObject, text: EventText): void {
    if (this.#stop.signal.aborted) return;
    const verdict = this.#admit(uidOf(object), text, () => this.#make(object, text));
    const waits = verdict === 'objectFull' || verdict === 'allFull';
    if (!waits || text.type !== 'Warning') this.withdraw(object);
    else if (!this.#held.hold(uidOf(object), this.#make(object, text))) this.#dropped++;
  }

  /** What was not sent yet about the object holds no longer. */
  withdraw(object: KubeObject): void {
    this.#held.withdraw(uidOf(object));
  }

  /** What was not sent yet is not ours to tell any more. */
  withdrawAll(): void {
    this.#held.withdrawAll();
  }

  /** Sends it, if it may be; of most of a crowd nothing is made. */
  #admit(object: string, { type, reason, message }: EventText, make: () => CoreEvent): Verdict {
    const verdict = this.#filter.admit(object, type, `${type}\n${reason}\n${cut(message, longestMessage)}`);
    if (verdict !== 'admitted') return verdict;
    if (this.#queue.length >= longestQueue) this.#dropped++;
    else {
      this.#queue.push(make());
      this.#sending ??= this.#send();
    }
    return verdict;
  }

  /** Sends what waits, for at most `timeoutMs`, and ends. Later Events are dropped. */
  async stop(timeoutMs: number): Promise<void> {
    const limit = new Until(this.#options.clock, timeoutMs, () => new DOMException('stopped', 'AbortError'));
    const giveUp = (): void => this.#stop.abort(limit.signal.reason);
    limit.signal.addEventListener('abort', giveUp, { once: true });
    if (timeoutMs <= 0) giveUp();
    await this.#sending;
    limit.done();
    this.withdrawAll();
    this.#stop.abort(new DOMException('stopped', 'AbortError'));
  }

  async #send(): Promise<void> {
    for (let event = this.#queue.shift(); event; event = this.#queue.shift()) {
      if (this.#stop.signal.aborted) break;
      await this.#sendOne(event);
    }
    this.#sending = undefined;
  }

  async #sendOne(event: CoreEvent): Promise<void> {
    const { client, clock, log } = this.#options;
    const { signal } = this.#stop;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await client.create(events, event, { signal });
        return;
      } catch (thrown) {
        if (signal.aborted) return;
        const error = from(thrown);
        const again = isKubeError(error, 'Unavailable', 'Timeout', 'TooManyRequests') && attempt < tries;
        if (!again) {
          this.#dropped++;
          const loud = error.kind === 'Forbidden' && !this.#toldForbidden;
          if (loud) this.#toldForbidden = true;
          const text = 'a Kubernetes Event could not be written';
          if (loud) log.warn(text, { error, reason: event.reason });
          else log.debug(text, { error, reason: event.reason });
          return;
        }
        await sleep(clock, error.retryAfterMs ?? 1_000 * attempt, signal).catch(() => {});
      }
    }
  }

  #make(object: KubeObject, { type, reason, message }: EventText): CoreEvent {
    const { clock, component, instance } = this.#options;
    const { name, namespace = 'default', uid, resourceVersion } = object.metadata;
    const now = rfc3339(clock.now());
    return {
      apiVersion: 'v1',
      kind: 'Event',
      // Names may have 253 characters; the object's own may need all of them.
      metadata: { name: `${name.slice(0, 230)}.${randomBytes(8).toString('hex')}`, namespace },
      involvedObject: {
        apiVersion: object.apiVersion,
        kind: object.kind,
        name,
        namespace: object.metadata.namespace,
        uid,
        resourceVersion,
      },
      type,
      reason,
      message: cut(message, longestMessage),
      source: { component, host: instance },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      reportingComponent: component,
      reportingInstance: instance,
    };
  }
}
