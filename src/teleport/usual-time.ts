// What a call usually takes, and whether one was slow measured by that. The best time of late is the measure: it
// is what Teleport needs when nothing is in its way.

/** So many calls make a window; the best of this one and of the one before it is the usual time. */
const windowCalls = 500;
/** Slow is a call that takes so many times the usual, */
const slowFactor = 8;
/** and longer than this in milliseconds: below it a busy machine and the network have larger whims. */
const neverSlowMs = 400;

export class UsualTime {
  #before = Number.POSITIVE_INFINITY;
  #best = Number.POSITIVE_INFINITY;
  #calls = 0;

  /** Takes the time of a call in, and judges it. */
  isSlow(tookMs: number): boolean {
    if (this.#calls++ >= windowCalls) {
      this.#before = this.#best;
      this.#best = Number.POSITIVE_INFINITY;
      this.#calls = 1;
    }
    this.#best = Math.min(this.#best, tookMs);
    const usual = Math.min(this.#best, this.#before);
    return tookMs > Math.max(neverSlowMs, usual * slowFactor);
  }
}
