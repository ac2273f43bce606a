// Decides which Events are worth sending: the same one once in ten minutes, and not too many about one object.
// Pure apart from its memory, which is bounded.
import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.js';

/** The same text about the same object is sent once in this time. */
const repeatMs = 10 * 60_000;
/** So many Events about one object at once, then one for each refill. */
const burst = 25;
const refillMs = 60_000;
/** Entries beyond this are dropped, oldest first. */
const remembered = 20_000;

interface Bucket {
  tokens: number;
  at: number;
}

export class EventFilter {
  readonly #clock: Clock;
  readonly #sent = new Map<string, number>();
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Whether to send it; counts it as sent if so.
   * @param object the object's uid
   * @param text type, reason and message
   */
  admit(object: string, text: string): boolean {
    const now = this.#clock.monotonic();
    // Texts can be long and many; a digest is enough to know one again.
    const key = createHash('sha256').update(`${object}\n${text}`).digest('base64').slice(0, 22);
    const last = this.#sent.get(key);
    if (last !== undefined && now - last < repeatMs) return false;
    const bucket = this.#buckets.get(object) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / refillMs);
    if (tokens < 1) return false;
    remember(this.#buckets, object, { tokens: tokens - 1, at: now });
    remember(this.#sent, key, now);
    return true;
  }
}

function remember<T>(memory: Map<string, T>, key: string, value: T): void {
  memory.delete(key);
  memory.set(key, value);
  if (memory.size <= remembered) return;
  const oldest = memory.keys().next();
  if (!oldest.done) memory.delete(oldest.value);
}
