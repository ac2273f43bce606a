// Time behind one interface, so that every wait in the operator can be run in virtual time.
// Nothing outside this file calls Date.now, setTimeout or setInterval.

/** A pending timer. */
export interface Timer {
  /** Stops the timer; harmless when it has fired already. */
  cancel(): void;
}

/** The time and the timers of the process. Milliseconds throughout. */
export interface Clock {
  /** Milliseconds since the epoch (wall clock; certificates are compared with it). */
  now(): number;
  /** Milliseconds of a clock that never jumps; for durations. */
  monotonic(): number;
  /** Calls `run` once after `delayMs`. The timer keeps the process alive. */
  after(delayMs: number, run: () => void): Timer;
}

/** setTimeout's own limit (2^31 - 1 ms); longer waits are made of several. */
const longestTimer = 0x7fffffff;

/** The real clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delayMs, run) => {
    let handle: NodeJS.Timeout;
    const arm = (left: number): void => {
      handle = setTimeout(
        () => (left > longestTimer ? arm(left - longestTimer) : run()),
        Math.min(Math.max(left, 0), longestTimer),
      );
    };
    arm(delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};
