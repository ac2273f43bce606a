// A wait that others may end early.
import { sleep } from '../core/abort.js';
import type { Clock } from '../core/clock.js';

export class Nap {
  readonly #clock: Clock;
  #wake: AbortController | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends the wait that is going on, if there is one. */
  wake(): void {
    this.#wake?.abort();
  }

  /**
   * Waits, until the time is over, somebody wakes or the signal is aborted; never throws.
   * @returns true when the whole time has passed.
   */
  async take(delayMs: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    const wake = new AbortController();
    const onAbort = (): void => wake.abort();
    this.#wake = wake;
    // Not AbortSignal.any: on Node 20 each one stays with a signal that lives as long as the process.
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await sleep(this.#clock, delayMs, wake.signal);
      return true;
    } catch {
      return false;
    } finally {
      signal.removeEventListener('abort', onAbort);
      if (this.#wake === wake) this.#wake = undefined;
    }
  }
}
