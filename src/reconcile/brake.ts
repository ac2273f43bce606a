// Holds deletions up when there are too many at once: a folder that vanished from Git, a loop gone wild. Off
// by default. Counts what was let through, for all kinds together; that what was stopped stays so is paused.ts's part.
import type { Clock } from '../core/clock.js';

const windowMs = 60_000;

export class DeletionBrake {
  readonly #limit: number;
  readonly #clock: Clock;
  #passed: number[] = [];

  /** @param limit deletions a minute; 0 for no limit. */
  constructor(limit: number, clock: Clock) {
    this.#limit = limit;
    this.#clock = clock;
  }

  /** Deletions a minute that are let through; 0 where there is no limit. */
  get limit(): number {
    return this.#limit;
  }

  /** Whether another deletion may be made now; it then counts. */
  admit(): boolean {
    if (this.#limit === 0) return true;
    const now = this.#clock.monotonic();
    this.#passed = this.#passed.filter((at) => now - at < windowMs);
    if (this.#passed.length >= this.#limit) return false;
    this.#passed.push(now);
    return true;
  }

  /** The deletion that was let through last was not made after all. */
  giveBack(): void {
    this.#passed.pop();
  }
}
