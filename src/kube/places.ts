// So many at a time: who finds no place waits in turn. Node's agents could do that too, at a multiple of the cost: a
// request that waits there is bound to an asynchronous context and wakes through several events.

export class Places {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Takes a place where one is free, without a wait. */
  take(): boolean {
    if (this.#free === 0) return false;
    this.#free--;
    return true;
  }

  /** Calls back with a place, in turn. @returns to be called to wait no longer */
  wait(begin: () => void): () => void {
    this.#waiting.add(begin);
    return () => this.#waiting.delete(begin);
  }

  /** Gives a place back: to who has waited longest. */
  leave(): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
