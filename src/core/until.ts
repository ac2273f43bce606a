// The end of a piece of work, which may be made in stages: a time limit and a caller's signal as one. There is an AbortSignal only
// where one is asked for: with its listeners it costs a third of what a request does.
import { whenAborted } from './abort.js';
import type { Clock, Timer } from './clock.js';

export class Until {
  readonly #timer: Timer | undefined;
  readonly #release: (() => void) | undefined;
  #over = false;
  #reason: unknown;
  #callOff: ((reason: unknown) => void) | undefined;
  #controller: AbortController | undefined;

  /** Over after `limitMs` milliseconds with `late()` for its reason, or with `parent` and that one's. Call `done` at the end. */
  constructor(clock: Clock, limitMs: number, late: () => Error, parent?: AbortSignal) {
    if (parent?.aborted) {
      this.#end(parent.reason);
      return;
    }
    this.#timer = clock.after(limitMs, () => this.#end(late()));
    this.#release = parent && whenAborted(parent, () => this.#end(parent.reason));
  }

  get over(): boolean {
    return this.#over;
  }

  /** Why it is over. */
  get reason(): unknown {
    return this.#reason;
  }

  /** The same as a signal, for what takes one; made when it is first asked for. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#over) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /**
   * A new stage, with what calls it off; that of the stage before is forgotten. Called at once where it is over already.
   * @returns to be called when the stage has ended
   */
  when(callOff: (reason: unknown) => void): () => void {
    this.#callOff = callOff;
    if (this.#over) callOff(this.#reason);
    return () => {
      if (this.#callOff === callOff) this.#callOff = undefined;
    };
  }

  /** A stage that can't be called off itself: it is let go of. @throws the reason */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.when(reject);
      work.then(resolve, reject);
    });
  }

  /** Nothing is called off from now on. */
  done(): void {
    this.#timer?.cancel();
    this.#release?.();
    this.#callOff = undefined;
  }

  #end(reason: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#reason = reason;
    const callOff = this.#callOff;
    this.done();
    this.#controller?.abort(reason);
    callOff?.(reason);
  }
}
