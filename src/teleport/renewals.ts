// When the bot takes the next step to a fresh identity: in time before a certificate ends, after a failure with growing
// delays, at once where somebody says that it is worth it. What a step does is the matter of identities.ts, what
// follows from it that of bot.ts.
import { Backoff } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import type { Metrics } from '../core/metrics.js';
import { TeleportError } from './errors.js';
import type { Identities } from './identities.js';
import { Nap } from './nap.js';
import type { Opened } from './ways.js';

/** After a failure, half of it random: up to 5 min where Teleport refuses, up to 1 min where nobody answers. */
const retry = { baseMs: 1000, factor: 2, maxMs: 300_000, jitter: 0.5 };
const awayMs = 60_000;
/** What a server may ask for with Retry-After; more would outlast certificates. */
const longestRetryAfterMs = 600_000;
/** Renewals of many operators should not meet: up to this share of the time earlier. */
const renewalJitter = 0.1;

export interface RenewalsParts {
  readonly identities: Pick<Identities, 'step' | 'failures' | 'untilRenewal'>;
  /** Between renewals at the most, in milliseconds. */
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly random: () => number;
  /** Called with the session that a step opened. */
  readonly onStep: (opened: Opened) => void;
  /** Called when a step failed; the next one follows after the delay. */
  readonly onFailure: (failure: TeleportError, delayMs: number) => void;
}

export class Renewals {
  readonly #parts: RenewalsParts;
  readonly #nap: Nap;
  /** What is trusted, or may be taken on, changed since the last step began. */
  #outdated = false;

  constructor(parts: RenewalsParts) {
    this.#parts = parts;
    this.#nap = new Nap(parts.clock);
  }

  /** The next step is worth it now; nothing where one is under way. */
  wake(): void {
    this.#nap.wake();
  }

  /** As wake; also a step that is under way is followed by another one. */
  outdated(): void {
    this.#outdated = true;
    this.#nap.wake();
  }

  /** Gets an identity, keeps it fresh, tries again after failures; ends with the signal. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const { identities, intervalMs, metrics, random, onStep, onFailure } = this.#parts;
    const backoff = new Backoff(retry, random);
    const renewals = metrics.counter(
      'teleport_operator_identity_renewals_total',
      'Attempts to get or renew the identity, by result.',
      ['result'],
    );
    while (!signal.aborted) {
      let delayMs: number;
      try {
        this.#outdated = false;
        onStep(await identities.step(signal));
        backoff.reset();
        renewals.inc({ result: 'success' });
        const jitter = 1 - renewalJitter * random();
        delayMs = Math.max(1000, identities.untilRenewal(intervalMs) * jitter);
      } catch (error) {
        if (signal.aborted) return;
        renewals.inc({ result: 'failure' });
        const failure = TeleportError.from(error);
        delayMs = backoff.next();
        if (failure.kind === 'Unavailable') delayMs = Math.min(delayMs, awayMs);
        delayMs = Math.max(delayMs, Math.min(failure.retryAfterMs ?? 0, longestRetryAfterMs));
        onFailure(failure, delayMs);
      }
      if (!this.#outdated || identities.failures > 0) await this.#nap.takeByWall(delayMs, signal);
    }
  }
}
