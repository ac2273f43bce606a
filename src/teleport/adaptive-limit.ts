// How many things may be under way at once, found by trying: a little more while it goes well, a good part less
// when it does not (additive increase, multiplicative decrease). What goes well is the caller's judgement.

export interface AdaptiveLimitOptions {
  readonly start: number;
  /** More is never tried. */
  readonly most: number;
}

export class AdaptiveLimit {
  #limit: number;
  readonly #most: number;
  #active = 0;
  /** Grows with every shrinking; what began in an earlier round says nothing about this one. */
  #round = 0;

  constructor({ start, most }: AdaptiveLimitOptions) {
    this.#limit = start;
    this.#most = most;
  }

  /** Whole number, 1 or more. */
  get limit(): number {
    return Math.max(1, Math.floor(this.#limit));
  }

  get active(): number {
    return this.#active;
  }

  get hasRoom(): boolean {
    return this.#active < this.limit;
  }

  /** One more is under way. @returns what `shrink` wants to know of it */
  begin(): number {
    this.#active++;
    return this.#round;
  }

  end(): void {
    this.#active--;
  }

  /** One went well. Counts only where the limit is what holds us: an idle line proves nothing. */
  grow(): void {
    if (this.#active * 2 < this.#limit) return;
    this.#limit = Math.min(this.#most, this.#limit + 1 / this.#limit);
  }

  /**
   * One did not go well. Of all that began before the last shrinking none counts again: they tell of the same
   * trouble.
   */
  shrink(factor: number, round: number): void {
    if (round < this.#round) return;
    this.#round++;
    this.#limit = Math.max(1, this.#limit * factor);
  }
}
