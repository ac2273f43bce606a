// What the bot is doing, for probes, logs and whoever waits for it to be ready. What changes it is bot.ts's matter.
import type { Clock } from '../core/clock.js';
import type { Features } from '../gen/teleport/client/authservice_pb.js';

export interface BotState {
  readonly phase: 'joining' | 'ready' | 'failed-retrying' | 'stopped';
  /** A valid identity, and Teleport answered lately. */
  readonly ready: boolean;
  /** Why not ready, or what is in trouble although calls still work. */
  readonly reason?: string;
  readonly clusterName?: string;
  readonly serverVersion?: string;
  readonly features?: Features;
  /** Names of the roles that calls are made with. */
  readonly roles?: readonly string[];
  /** Name of the role that lets the bot take those on. */
  readonly botRole?: string;
  /** End of the certificate that calls use; milliseconds since the epoch. */
  readonly identityExpiresAt?: number;
  /** Last call that Teleport answered; milliseconds since the epoch. */
  readonly lastCallAt?: number;
  readonly via?: 'auth' | 'proxy';
}

export type BotListener = (state: BotState) => void;

/** Keeps the state and tells listeners of changes; a new `lastCallAt` alone is none. */
export class StateKeeper {
  readonly #clock: Clock;
  #state: BotState = { phase: 'joining', ready: false, reason: 'not joined yet' };
  readonly #listeners = new Set<BotListener>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The state by the clock: that the certificate has ended, nobody reports. */
  get state(): BotState {
    const state = this.#state;
    const end = state.identityExpiresAt;
    if (state.ready && end !== undefined && end <= this.#clock.now()) {
      return {
        ...state,
        ready: false,
        phase: 'failed-retrying',
        reason: `the certificate ended at ${new Date(end).toISOString()}`,
      };
    }
    return state;
  }

  /**
   * Resolves once the state is ready.
   * @throws the reason of the signal that is aborted before, of `ended` or the caller's
   */
  whenReady(ended: AbortSignal, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      if (this.state.ready) {
        resolve();
        return;
      }
      const settle = (done: () => void): void => {
        end();
        signal?.removeEventListener('abort', onAbort);
        ended.removeEventListener('abort', onEnded);
        done();
      };
      const onAbort = (): void => settle(() => reject(signal?.reason));
      const onEnded = (): void => settle(() => reject(ended.reason));
      const end = this.subscribe(() => {
        if (this.state.ready) settle(resolve);
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      if (ended.aborted) onEnded();
      else ended.addEventListener('abort', onEnded, { once: true });
    });
  }

  /** Replaces the fields given; an undefined one is removed. */
  update(change: { [K in keyof BotState]?: BotState[K] | undefined }): void {
    const merged = { ...this.#state, ...change };
    const next = Object.fromEntries(
      Object.entries(merged).filter(([, value]) => value !== undefined),
    ) as unknown as BotState;
    const changed = (Object.keys({ ...this.#state, ...next }) as (keyof BotState)[]).some(
      (key) => key !== 'lastCallAt' && this.#state[key] !== next[key],
    );
    this.#state = next;
    if (changed) for (const listener of this.#listeners) listener(next);
  }

  /** @returns a function that ends the subscription. */
  subscribe(listener: BotListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
