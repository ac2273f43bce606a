// Decides which Events are worth sending: the same one once in ten minutes, not too many about one object, and not
// too many in all: what happened to an object is in its status too, and a warning is held back until there is room
// (held-back.ts). Pure apart from its memory, which is bounded.
import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.js';

/** The same text about the same object is sent once in this time. */
const repeatMs = 10 * 60_000;
/** So many Events about one object at once, then one for each refill. */
const burst = 25;
const refillMs = 60_000;
/**
 * All objects together, by type: so many at once, then one for each refill. Each Event is a write, and a thousand objects
 * that come at once would cost a thousand; that all went well needs to be told of few of them.
 */
const wholeAllowance: Readonly<Record<EventType, Allowance>> = {
  Normal: { burst: 50, refillMs: 1_000 },
  Warning: { burst: 100, refillMs: 200 },
};
/** Entries beyond this are dropped, oldest first. */
const remembered = 20_000;

export type EventType = 'Normal' | 'Warning';

/** Sent; said of late; no room for more about the object; no room for more of its type about anything. */
export type Verdict = 'admitted' | 'repeated' | 'objectFull' | 'allFull';

export interface Allowance {
  readonly burst: number;
  readonly refillMs: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

export class EventFilter {
  readonly #clock: Clock;
  readonly #whole: Readonly<Record<EventType, Allowance>>;
  readonly #sent = new Map<string, number>();
  readonly #buckets = new Map<string, Bucket>();
  readonly #overall = new Map<EventType, Bucket>();

  constructor(clock: Clock, whole = wholeAllowance) {
    this.#clock = clock;
    this.#whole = whole;
  }

  /**
   * Whether to send it; counts it as sent if it is admitted.
   * @param object the object's uid
   * @param type those of a type share an allowance
   * @param text type, reason and message
   */
  admit(object: string, type: EventType, text: string): Verdict {
    const now = this.#clock.monotonic();
    // Texts can be long and many; a digest is enough to know one again.
    const key = createHash('sha256').update(`${object}\n${text}`).digest('base64').slice(0, 22);
    const last = this.#sent.get(key);
    if (last !== undefined && now - last < repeatMs) return 'repeated';
    const own = tokensOf(this.#buckets.get(object), { burst, refillMs }, now);
    const all = tokensOf(this.#overall.get(type), this.#whole[type], now);
    if (all < 1) return 'allFull';
    if (own < 1) return 'objectFull';
    remember(this.#buckets, object, { tokens: own - 1, at: now });
    this.#overall.set(type, { tokens: all - 1, at: now });
    remember(this.#sent, key, now);
    return 'admitted';
  }
}

function tokensOf(bucket: Bucket | undefined, allowance: Allowance, now: number): number {
  if (!bucket) return allowance.burst;
  return Math.min(allowance.burst, bucket.tokens + (now - bucket.at) / allowance.refillMs);
}

function remember<T>(memory: Map<string, T>, key: string, value: T): void {
  memory.delete(key);
  memory.set(key, value);
  if (memory.size <= remembered) return;
  const oldest = memory.keys().next();
  if (!oldest.done) memory.delete(oldest.value);
}
