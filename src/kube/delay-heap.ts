// Keys with times, earliest first, each key once. A binary heap whose outdated entries are skipped on the way
// out, and one timer for all of them.
import type { Clock, Timer } from '../core/clock.js';

interface Entry {
  readonly key: string;
  readonly at: number;
  /** Among equal times, what was added first comes first. */
  readonly order: number;
}

function before(one: Entry, other: Entry): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

/** Hands out keys when their time has come. */
export class DelayHeap {
  readonly #clock: Clock;
  readonly #due: (key: string) => void;
  readonly #heap: Entry[] = [];
  readonly #entries = new Map<string, Entry>();
  #timer: Timer | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #order = 0;

  constructor(clock: Clock, due: (key: string) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Calls `due` with the key after `delayMs`; an earlier appointment of the key stands. */
  add(key: string, delayMs: number): void {
    const at = this.#clock.monotonic() + delayMs;
    const known = this.#entries.get(key);
    if (known && known.at <= at) return;
    const entry = { key, at, order: this.#order++ };
    this.#entries.set(key, entry);
    this.#push(entry);
    this.#arm();
  }

  delete(key: string): void {
    this.#entries.delete(key);
    if (this.#entries.size === 0) this.clear();
  }

  clear(): void {
    this.#entries.clear();
    this.#heap.length = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  #arm(): void {
    this.#skipOutdated();
    const first = this.#heap[0];
    if (!first || (this.#timer && this.#timerAt <= first.at)) return;
    this.#timer?.cancel();
    this.#timerAt = first.at;
    this.#timer = this.#clock.after(Math.max(0, first.at - this.#clock.monotonic()), () => this.#fire());
  }

  #fire(): void {
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    // Timers of the system may fire a fraction of a millisecond early.
    const now = this.#clock.monotonic() + 1;
    for (let first = this.#heap[0]; first && first.at <= now; first = this.#heap[0]) {
      this.#pop();
      if (this.#entries.get(first.key) !== first) continue;
      this.#entries.delete(first.key);
      this.#due(first.key);
    }
    this.#arm();
  }

  #skipOutdated(): void {
    for (let first = this.#heap[0]; first && this.#entries.get(first.key) !== first; first = this.#heap[0]) {
      this.#pop();
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (!above || before(above, entry)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const right = heap[child + 1];
      let lower = heap[child];
      if (lower && right && before(right, lower)) {
        child++;
        lower = right;
      }
      if (!lower || before(last, lower)) break;
      heap[index] = lower;
      index = child;
    }
    heap[index] = last;
  }
}
