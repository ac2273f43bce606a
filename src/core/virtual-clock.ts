// A clock that stands still until a test moves it. Tests own it; the operator runs on systemClock.
import type { Clock, Timer } from './clock.js';

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Virtual time: timers fire only inside `advance`, in the order of their times. */
export class VirtualClock implements Clock {
  #start: number;
  #elapsed = 0;
  #order = 0;
  readonly #timers = new Set<Pending>();

  /** @param start wall-clock milliseconds since the epoch at which the clock begins. */
  constructor(start: number = Date.UTC(2026, 0, 1)) {
    this.#start = start;
  }

  now(): number {
    return this.#start + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(delayMs: number, run: () => void): Timer {
    const timer: Pending = { at: this.#elapsed + Math.max(0, delayMs), order: this.#order++, run };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /** The wall clock jumps, and no timer hears of it: so it is after a machine has slept, or its clock was set. */
  jump(ms: number): void {
    this.#start += ms;
  }

  /** Timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next timer fires; undefined when there is none. */
  get untilNext(): number | undefined {
    const next = this.#next();
    return next && next.at - this.#elapsed;
  }

  /**
   * Moves time by `ms` milliseconds. Timers that fall due run one by one, each with the time set to its own,
   * and everything that promises set going is finished before the next one; timers set on the way run too.
   */
  async advance(ms: number): Promise<void> {
    const target = this.#elapsed + ms;
    await this.settle();
    for (let next = this.#next(); next && next.at <= target; next = this.#next()) {
      this.#timers.delete(next);
      this.#elapsed = Math.max(this.#elapsed, next.at);
      next.run();
      await this.settle();
    }
    this.#elapsed = target;
  }

  /** Lets everything run that waits for no timer. A turn of the event loop empties the microtask queue. */
  async settle(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  #next(): Pending | undefined {
    let first: Pending | undefined;
    for (const timer of this.#timers) {
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order))
        first = timer;
    }
    return first;
  }
}
