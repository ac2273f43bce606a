// Waiting for what a server will show soon: reads of Teleport are up to a second stale after a write
// (observed.md 3), and the operator needs its time. Polls with a deadline; never sleeps for a fixed time.
import { setTimeout as pause } from 'node:timers/promises';

export interface EventuallyOptions {
  /** Milliseconds until the last failure is thrown; 10,000 when not given. */
  readonly timeoutMs?: number;
  /** Milliseconds between two tries; 50 when not given. */
  readonly intervalMs?: number;
}

/**
 * Runs `attempt` until it neither throws nor answers false, and answers its result.
 * @throws the last try's own error once the time is over, so that the failing expectation is what a test shows.
 */
export async function eventually<T>(
  attempt: () => T | Promise<T>,
  options: EventuallyOptions = {},
): Promise<T> {
  const { timeoutMs = 10_000, intervalMs = 50 } = options;
  const end = performance.now() + timeoutMs;
  for (;;) {
    let failure: unknown;
    try {
      const result = await attempt();
      if (result !== false) return result;
      failure = new Error(`still false after ${timeoutMs} ms`);
    } catch (error) {
      failure = error;
    }
    if (performance.now() >= end) throw failure;
    await pause(intervalMs);
  }
}
