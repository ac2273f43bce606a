// Events that there was no room for, the latest of each object: tried again until there is room, unless they are
// withdrawn. Whether there is room, and how they are sent, is the owner's word.
import type { Clock, Timer } from '../core/clock.js';

/** Between tries, in milliseconds. */
const everyMs = 1_000;
/** Of more objects nothing is held back. */
const most = 5_000;

/** Sent, or not worth it any more: it is done with. No room for this one, or for any. */
export type Attempt = 'done' | 'noRoom' | 'noRoomAtAll';

export class HeldBack<E> {
  readonly #clock: Clock;
  readonly #attempt: (event: E) => Attempt;
  /** By the object, those that wait longest first. */
  readonly #held = new Map<string, E>();
  #timer: Timer | undefined;

  constructor(clock: Clock, attempt: (event: E) => Attempt) {
    this.#clock = clock;
    this.#attempt = attempt;
  }

  /** Keeps it in place of an earlier one about the object. @returns whether there is room for that */
  hold(object: string, event: E): boolean {
    if (!this.#held.has(object) && this.#held.size >= most) return false;
    this.#held.set(object, event);
    this.#timer ??= this.#clock.after(everyMs, () => this.#tryAll());
    return true;
  }

  /** It holds no longer, or something newer was said. */
  withdraw(object: string): void {
    this.#held.delete(object);
    if (this.#held.size === 0) this.#rest();
  }

  withdrawAll(): void {
    this.#held.clear();
    this.#rest();
  }

  #tryAll(): void {
    for (const [object, event] of this.#held) {
      const result = this.#attempt(event);
      if (result === 'noRoomAtAll') break;
      if (result === 'done') this.#held.delete(object);
    }
    this.#timer = this.#held.size > 0 ? this.#clock.after(everyMs, () => this.#tryAll()) : undefined;
  }

  #rest(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
