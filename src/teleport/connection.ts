// The one connection that calls travel on, however often it has to be made again. A session that ends is
// replaced at the next call; a better one (a new certificate) is swapped in and the old one drained.
import { Backoff } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import { TeleportError } from './errors.js';
import type { Session } from './session.js';

/** Where a client gets the session for its next call. */
export interface SessionSource {
  /**
   * @param until whose signal, which is asked for only where there is something to wait for, ends the wait
   * @throws TeleportError, or the signal's reason.
   */
  session(until: Pick<AbortController, 'signal'>): Promise<Session>;
}

export interface ConnectionOptions {
  readonly clock: Clock;
  /** Dials and proves a session (open.ts). */
  readonly dial: (signal: AbortSignal) => Promise<Session>;
  readonly random?: () => number;
}

/** Between dials that failed, calls fail at once with the last reason: a server that is away is not stormed. */
const redial = { baseMs: 250, factor: 2, maxMs: 10_000, jitter: 0.5 };

export class Connection implements SessionSource {
  readonly #options: ConnectionOptions;
  readonly #backoff: Backoff;
  readonly #stop = new AbortController();
  #current: Session | undefined;
  #dialing: Promise<Session> | undefined;
  #refused: { readonly error: unknown; readonly until: number } | undefined;
  /** Sessions that still carry calls after they were replaced. */
  readonly #old = new Set<Session>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#backoff = new Backoff(redial, options.random);
  }

  async session(until: Pick<AbortController, 'signal'>): Promise<Session> {
    if (this.#stop.signal.aborted)
      throw new TeleportError('Canceled', 'the connection to Teleport was closed');
    if (this.#current?.usable) return this.#current;
    if (this.#refused !== undefined && this.#options.clock.monotonic() < this.#refused.until)
      throw this.#refused.error;
    until.signal.throwIfAborted();
    this.#dialing ??= this.#dial();
    return raceAbort(this.#dialing, until.signal);
  }

  /** New calls go to `session`; what is in flight on the present one finishes there. */
  adopt(session: Session): void {
    if (this.#stop.signal.aborted) {
      session.destroy();
      return;
    }
    const old = this.#current;
    this.#current = session;
    this.#refused = undefined;
    this.#backoff.reset();
    if (old !== undefined && old !== session) {
      old.drain();
      for (const one of this.#old) if (one.finished) this.#old.delete(one);
      if (!old.finished) this.#old.add(old);
    }
  }

  /** Gives up a session that does not answer; calls on it fail, the next call dials. */
  drop(session: Session, reason: Error): void {
    session.destroy(reason);
    if (this.#current === session) this.#current = undefined;
  }

  /** The session in use, if any. */
  get current(): Session | undefined {
    return this.#current;
  }

  /** Forgets a failed dial, so that the next call dials at once. */
  retryNow(): void {
    this.#refused = undefined;
  }

  /** Ends every session and every dial. */
  close(): void {
    const reason = new TeleportError('Canceled', 'the connection to Teleport was closed');
    this.#stop.abort(reason);
    this.#current?.destroy(reason);
    for (const one of this.#old) one.destroy(reason);
    this.#old.clear();
  }

  async #dial(): Promise<Session> {
    const { clock, dial } = this.#options;
    try {
      const session = await dial(this.#stop.signal);
      // A session adopted meanwhile is newer than ours.
      if (this.#current?.usable) {
        session.destroy();
        return this.#current;
      }
      this.adopt(session);
      return session;
    } catch (error) {
      this.#refused = { error, until: clock.monotonic() + this.#backoff.next() };
      throw error;
    } finally {
      this.#dialing = undefined;
    }
  }
}

/** The promise's result, unless the signal comes first; the promise goes on for others. */
export function raceAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
