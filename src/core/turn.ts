// Gives timers and sockets their turn while much is done that waits for nothing. Passes over thousands of unchanged
// objects make no call, so one would follow the other without an end, and the Lease would not be renewed meanwhile.
import type { Clock } from './clock.js';

/** Work of one turn of the event loop before the others have theirs, in milliseconds. */
const spanMs = 10;

/** Shared by all that works in one process. */
export class Turn {
  readonly #clock: Clock;
  /** When the work of this turn of the event loop began; undefined before any. */
  #began: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** To be awaited between two pieces of work: at once while this turn is young, else in the next turn. */
  async yield(): Promise<void> {
    const now = this.#clock.monotonic();
    if (this.#began === undefined) {
      this.#began = now;
      setImmediate(() => {
        this.#began = undefined;
      });
    } else if (now - this.#began >= spanMs) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
