// Does Teleport work for us right now? Every call is a sign; when there was none for a while, a Ping is sent.
import { Backoff } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import type { TeleportClient } from './client.js';
import { UntrustedServer } from './dial.js';
import { TeleportError } from './errors.js';
import type { CallReport } from './grpc-client.js';
import { Nap } from './nap.js';

export interface HealthOptions {
  readonly client: TeleportClient;
  readonly clock: Clock;
  readonly random: () => number;
  /** Called when Teleport stops or starts to work; `failure` says why it does not. */
  readonly onChange: (health: { failure: TeleportError | undefined }) => void;
  /** Called at each answer. */
  readonly onAnswer: () => void;
  /** Called before a Ping, so that a failed dial of just now does not answer for it. */
  readonly retryNow: () => void;
}

/** Milliseconds without an answer after which a Ping asks: with its deadline, a dead peer is noticed within a minute. */
const idleMs = 44_500;
/** Milliseconds after an answered Ping in which a denied call does not cause another. */
const denialMs = 10_000;
/** Milliseconds for the Ping: a dead peer is noticed soon after. */
const pingMs = 10_000;
/** Between Pings while Teleport does not work. */
const retry = { baseMs: 1000, factor: 2, maxMs: 60_000, jitter: 0.5 };

/** Somebody answers who is not believed: another trouble than that nobody answers. */
const isDistrust = (error: TeleportError): boolean => error instanceof UntrustedServer;

export class Health {
  readonly #options: HealthOptions;
  readonly #backoff: Backoff;
  /** Monotonic time of the last answer; undefined until there was one. */
  #answered: number | undefined;
  #failure: TeleportError | undefined;
  readonly #nap: Nap;
  #asking = false;
  /** Monotonic time of the last Ping that was answered. */
  #pinged = -Infinity;

  constructor(options: HealthOptions) {
    this.#options = options;
    this.#backoff = new Backoff(retry, options.random);
    this.#nap = new Nap(options.clock);
  }

  /** A call ended. An answer of Teleport, even a refusal of what was asked, shows that it works. */
  saw({ code }: CallReport): void {
    if (code === 'Unavailable' || code === 'DeadlineExceeded' || code === 'AccessDenied') {
      // A Ping shall tell whether it is this call or everything; not for each of many calls that lack a permission.
      if (code === 'AccessDenied' && this.#options.clock.monotonic() - this.#pinged < denialMs) return;
      if (this.#answered !== undefined && this.#failure === undefined && !this.#asking) {
        this.#answered = -Infinity;
        this.#nap.wake();
      }
      return;
    }
    if (code !== 'Canceled') this.#good();
  }

  /** A connection was made and proven. */
  proved(): void {
    this.#good();
    this.#nap.wake();
  }

  /** Asks whenever it is time to; ends with the signal. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      if (this.#failure !== undefined) {
        if (await this.#nap.take(this.#backoff.next(), signal)) await this.#ask(signal);
        continue;
      }
      const due = this.#answered === undefined ? idleMs : this.#answered + idleMs - clock.monotonic();
      if (due > 0) await this.#nap.take(due, signal);
      else await this.#ask(signal);
    }
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { client, retryNow, onChange } = this.#options;
    this.#asking = true;
    try {
      if (this.#failure !== undefined) retryNow();
      const ping = await client.unary(AuthService.method.ping, {}, { timeoutMs: pingMs, signal });
      this.#pinged = this.#options.clock.monotonic();
      if (ping.ClusterName === '')
        throw new TeleportError('Unavailable', 'Auth answers without a cluster name');
    } catch (error) {
      if (signal.aborted) return;
      const before = this.#failure;
      this.#failure = TeleportError.from(error);
      if (before === undefined || isDistrust(before) !== isDistrust(this.#failure))
        onChange({ failure: this.#failure });
    } finally {
      this.#asking = false;
    }
  }

  #good(): void {
    const { clock, onAnswer, onChange } = this.#options;
    this.#answered = clock.monotonic();
    onAnswer();
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#backoff.reset();
    onChange({ failure: undefined });
  }
}
