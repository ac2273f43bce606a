// Delays between tries. Pure: the caller waits, this file only counts.

/** How delays grow. Milliseconds. */
export interface BackoffPolicy {
  readonly baseMs: number;
  readonly factor: number;
  readonly maxMs: number;
  /** Share of the delay that is random, 0 to 1: with 0.5 a delay of 10 s becomes 5 to 10 s. */
  readonly jitter: number;
}

/**
 * The delay before try number `attempt` (0 = the first retry), in milliseconds.
 * @param random a number in [0, 1); Math.random by default.
 */
export function backoffDelay(
  policy: BackoffPolicy,
  attempt: number,
  random: () => number = Math.random,
): number {
  const full = Math.min(policy.maxMs, policy.baseMs * policy.factor ** Math.min(attempt, 64));
  return full * (1 - policy.jitter * random());
}

/** Counts tries of one thing. */
export class Backoff {
  #attempt = 0;
  readonly #policy: BackoffPolicy;
  readonly #random: () => number;

  constructor(policy: BackoffPolicy, random: () => number = Math.random) {
    this.#policy = policy;
    this.#random = random;
  }

  /** Tries that failed since the last reset. */
  get attempts(): number {
    return this.#attempt;
  }

  /** The next delay in milliseconds; grows at each call. */
  next(): number {
    return backoffDelay(this.#policy, this.#attempt++, this.#random);
  }

  /** To be called after a success. */
  reset(): void {
    this.#attempt = 0;
  }
}
