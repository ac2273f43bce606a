// A wait that others may end early.
import { childSignal, sleep } from '../core/abort.js';
import type { Clock } from '../core/clock.js';

/** Between looks at the wall clock, in milliseconds. */
const lookMs = 60_000;

export class Nap {
  readonly #clock: Clock;
  #wake: Pick<AbortController, 'abort'> | undefined;

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
  take(delayMs: number, signal: AbortSignal): Promise<boolean> {
    return this.#pass((wake) => sleep(this.#clock, delayMs, wake), signal);
  }

  /**
   * As take, by whichever clock says first that the time is over: timers stand still while the machine sleeps, and what ends
   * at an hour of the day does not.
   */
  takeByWall(delayMs: number, signal: AbortSignal): Promise<boolean> {
    const clock = this.#clock;
    const [due, end] = [clock.now() + delayMs, clock.monotonic() + delayMs];
    const left = (): number => Math.min(due - clock.now(), end - clock.monotonic());
    return this.#pass(async (wake) => {
      for (let ms = left(); ms > 0; ms = left()) await sleep(clock, Math.min(ms, lookMs), wake);
    }, signal);
  }

  async #pass(wait: (wake: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    const wake = childSignal(signal);
    this.#wake = wake;
    try {
      await wait(wake.signal);
      return true;
    } catch {
      return false;
    } finally {
      wake.abort();
      if (this.#wake === wake) this.#wake = undefined;
    }
  }
}
