// Tells a stream that is quiet from one that is dead.
import type { Clock, Timer } from '../core/clock.js';
import { KubeError } from './errors.js';

/** The reason that a dead stream is ended with. */
export function silent(): Error {
  return new KubeError('Timeout', 'the watch was silent for too long');
}

/** Ends a stream that has proved to send bookmarks and then sends nothing. */
export class IdleLimit {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #parent: AbortSignal;
  readonly #stop = new AbortController();
  readonly #onParent = (): void => this.#stop.abort(this.#parent.reason);
  #timer: Timer | undefined;
  #armed = false;
  #heardAt = 0;

  constructor(clock: Clock, limitMs: number, parent: AbortSignal) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#parent = parent;
    if (parent.aborted) this.#onParent();
    else parent.addEventListener('abort', this.#onParent, { once: true });
  }

  /** Aborted with `silent()` when the stream is dead, or with the parent. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Something came. The limit holds from the first bookmark on. */
  heard(bookmark: boolean): void {
    this.#heardAt = this.#clock.monotonic();
    if (!bookmark || this.#armed) return;
    this.#armed = true;
    this.#arm(this.#limitMs);
  }

  /** The stream has ended; stops the timer. */
  done(): void {
    this.#timer?.cancel();
    this.#parent.removeEventListener('abort', this.#onParent);
  }

  /** One timer that looks when it fires, instead of one per event. */
  #arm(delayMs: number): void {
    this.#timer = this.#clock.after(delayMs, () => {
      const left = this.#heardAt + this.#limitMs - this.#clock.monotonic();
      if (left > 0) this.#arm(left);
      else this.#stop.abort(silent());
    });
  }
}
