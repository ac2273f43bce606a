// The Machine ID bot inside the operator's process: joins, takes on the roles it may, keeps both certificates fresh,
// and hands out one client that always uses the good ones. It never gives up: whatever fails is retried, and the
// state says what it is. Keys live in this object's memory only.
import { Backoff } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Metrics } from '../core/metrics.js';
import { type BotListener, type BotState, StateKeeper } from './bot-state.js';
import { watchAuthorities } from './ca-watcher.js';
import { callMetrics } from './call-metrics.js';
import type { TeleportClient } from './client.js';
import { Connection } from './connection.js';
import { UntrustedServer } from './dial.js';
import { TeleportError } from './errors.js';
import { type CallReport, createClient } from './grpc-client.js';
import { Health } from './health.js';
import { runHeartbeats } from './heartbeat.js';
import { Identities, iso } from './identities.js';
import { findJoinMethod } from './join/index.js';
import type { JoinOptions } from './join/join.js';
import type { JoinMethod } from './join/method.js';
import { Nap } from './nap.js';
import { type BotSettings, validateBotSettings, warnAboutSettings } from './settings.js';
import { WayFinder } from './way-finder.js';
import type { Opened } from './ways.js';

export type { BotState } from './bot-state.js';
export { type BotSettings, validateBotSettings } from './settings.js';

export interface Bot {
  /** Calls as the impersonated identity. Before the first join they fail with Unavailable and the reason. */
  readonly client: TeleportClient;
  /** Resolves once calls can be made. @throws the signal's reason. */
  ready(signal?: AbortSignal): Promise<void>;
  state(): BotState;
  /** Calls back at every change of the state; @returns the end of it. */
  subscribe(listener: BotListener): () => void;
  /** Ends everything that was started; calls in flight fail with Canceled. */
  stop(): Promise<void>;
}

export interface BotOptions {
  readonly settings: BotSettings;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** A number in [0, 1); Math.random by default. */
  readonly random?: () => number;
}

/**
 * Starts a bot; it joins in the background.
 * @throws TeleportError (BadParameter) with all mistakes when the settings are wrong.
 */
export function startBot(options: BotOptions): Bot {
  const mistakes = validateBotSettings(options.settings);
  const method = findJoinMethod(options.settings.joinMethod);
  if (mistakes.length > 0 || method === undefined)
    throw new TeleportError('BadParameter', mistakes.join('; '));
  return new RunningBot(options, method);
}

/** After a failure, half of it random: up to 5 min where Teleport refuses, up to 1 min where nobody answers. */
const retry = { baseMs: 1000, factor: 2, maxMs: 300_000, jitter: 0.5 };
const awayMs = 60_000;
/** What a server may ask for with Retry-After; more would outlast certificates. */
const longestRetryAfterMs = 600_000;
/** Renewals of many operators should not meet: up to this share of the time earlier. */
const renewalJitter = 0.1;

class RunningBot implements Bot {
  readonly client: TeleportClient;
  readonly #options: BotOptions;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #repeatable: boolean;
  readonly #keeper = new StateKeeper();
  readonly #finder: WayFinder;
  readonly #identities: Identities;
  readonly #connection: Connection;
  readonly #health: Health;
  readonly #stop = new AbortController();
  readonly #loops: Promise<unknown>;
  readonly #nap: Nap;
  /** The authorities changed since the last step began. */
  #outdated = false;

  constructor(options: BotOptions, method: JoinMethod) {
    const { settings, clock, log, metrics } = options;
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#random = options.random ?? Math.random;
    this.#repeatable = method.repeatable;
    this.#nap = new Nap(clock);
    const measure = callMetrics(metrics);
    this.#finder = new WayFinder(settings, log);
    this.#identities = new Identities(this.#finder, joinOptions(options, method, measure));
    this.#connection = new Connection({
      clock,
      random: this.#random,
      dial: async (signal) => {
        if (this.#identities.output === undefined) throw notJoined(this.#keeper.state.reason);
        return (await this.#identities.open(signal)).session;
      },
    });
    this.client = createClient({
      source: this.#connection,
      clock,
      onCall: (report) => {
        measure(report);
        this.#health.saw(report);
      },
      onSilent: (session) =>
        this.#connection.drop(session, new Error('a call got no answer and nothing else came')),
    });
    this.#health = new Health({
      client: this.client,
      clock,
      random: this.#random,
      onChange: ({ failure }) => this.#healthChanged(failure),
      onAnswer: () => this.#keeper.update({ lastCallAt: clock.now() }),
      retryNow: () => this.#connection.retryNow(),
    });
    metrics.collect(
      'teleport_operator_identity_expiry_seconds',
      'When the certificate that calls use ends, in seconds since the epoch.',
      [],
      () => (this.#identities.output ? [[{}, this.#identities.output.notAfter / 1000]] : []),
    );
    for (const warning of warnAboutSettings(settings)) log.warn(warning);
    this.#loops = Promise.all([
      this.#run(),
      this.#health.run(this.#stop.signal),
      this.#heartbeats(method.name),
      watchAuthorities({
        client: this.client,
        clock,
        log,
        ready: (signal) => this.ready(signal),
        clusterName: () => this.#keeper.state.clusterName ?? '',
        trusted: () => this.#identities.output?.hostCas ?? [],
        onChange: (change) => {
          log.info("the cluster's authorities change; renewing the identity", change);
          this.#outdated = true;
          this.#nap.wake();
        },
        signal: this.#stop.signal,
        random: this.#random,
      }),
    ]);
  }

  state(): BotState {
    const { state } = this.#keeper;
    const end = state.identityExpiresAt;
    if (state.ready && end !== undefined && end <= this.#clock.now()) {
      return {
        ...state,
        ready: false,
        phase: 'failed-retrying',
        reason: `the certificate ended at ${iso(end)}`,
      };
    }
    return state;
  }

  subscribe(listener: BotListener): () => void {
    return this.#keeper.subscribe(listener);
  }

  ready(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      if (this.state().ready) {
        resolve();
        return;
      }
      const settle = (done: () => void): void => {
        end();
        signal?.removeEventListener('abort', onAbort);
        this.#stop.signal.removeEventListener('abort', onStop);
        done();
      };
      const onAbort = (): void => settle(() => reject(signal?.reason));
      const onStop = (): void => settle(() => reject(stopped()));
      const end = this.subscribe(() => {
        if (this.state().ready) settle(resolve);
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      if (this.#stop.signal.aborted) onStop();
      else this.#stop.signal.addEventListener('abort', onStop, { once: true });
    });
  }

  async stop(): Promise<void> {
    if (!this.#stop.signal.aborted) {
      this.#stop.abort(stopped());
      this.#connection.close();
    }
    await this.#loops;
    this.#identities.forget();
    this.#keeper.update({ phase: 'stopped', ready: false, reason: 'stopped' });
  }

  /** Gets an identity, keeps it fresh, tries again after failures; ends with the bot. */
  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { settings, metrics } = this.#options;
    const backoff = new Backoff(retry, this.#random);
    const renewals = metrics.counter(
      'teleport_operator_identity_renewals_total',
      'Attempts to get or renew the identity, by result.',
      ['result'],
    );
    while (!signal.aborted) {
      let delayMs: number;
      try {
        this.#outdated = false;
        this.#stepped(await this.#identities.step(signal));
        backoff.reset();
        renewals.inc({ result: 'success' });
        const jitter = 1 - renewalJitter * this.#random();
        delayMs = Math.max(1000, this.#identities.untilRenewal(settings.renewalIntervalMs) * jitter);
      } catch (error) {
        if (signal.aborted) return;
        renewals.inc({ result: 'failure' });
        const failure = TeleportError.from(error);
        delayMs = backoff.next();
        if (failure.kind === 'Unavailable') delayMs = Math.min(delayMs, awayMs);
        delayMs = Math.max(delayMs, Math.min(failure.retryAfterMs ?? 0, longestRetryAfterMs));
        this.#stepFailed(failure, delayMs);
      }
      if (!this.#outdated || this.#identities.failures > 0) await this.#nap.take(delayMs, signal);
    }
  }

  #heartbeats(joinMethod: string): Promise<void> {
    return runHeartbeats({
      client: this.client,
      clock: this.#clock,
      log: this.#log,
      joinMethod,
      ready: (signal) => this.ready(signal),
      signal: this.#stop.signal,
      random: this.#random,
    });
  }

  /** New calls go to the new session; those in flight end on the old one. */
  #stepped({ session, ping }: Opened): void {
    this.#connection.adopt(session);
    this.#health.proved();
    this.#keeper.update({
      phase: 'ready',
      ready: true,
      reason: undefined,
      clusterName: ping.ClusterName,
      serverVersion: ping.ServerVersion,
      features: ping.ServerFeatures,
      identityExpiresAt: this.#identities.output?.notAfter,
      lastCallAt: this.#clock.now(),
      via: this.#finder.way?.via,
    });
  }

  #stepFailed(error: TeleportError, delayMs: number): void {
    const { joined, output } = this.#identities;
    const usable = output !== undefined && output.notAfter > this.#clock.now();
    const what = joined ? 'renewing the identity failed' : 'joining Teleport failed';
    const why = joined ? explainDenial(error) : error.message;
    this.#log[usable ? 'warn' : 'error'](`${what}; trying again`, {
      reason: why,
      retryInSeconds: Math.round(delayMs / 1000),
      ...(output ? { identityEndsAt: iso(output.notAfter) } : {}),
    });
    const ready = usable && this.#keeper.state.ready;
    this.#keeper.update({
      phase: ready ? 'ready' : 'failed-retrying',
      ready,
      reason: `${what}: ${why}`,
    });
  }

  #healthChanged(failure: TeleportError | undefined): void {
    if (this.#identities.output === undefined || this.#stop.signal.aborted) return;
    if (failure === undefined) {
      this.#keeper.update({ phase: 'ready', ready: true, reason: undefined });
      this.#log.info('Teleport answers again');
      if (this.#identities.failures > 0) this.#nap.wake();
      return;
    }
    const denied = failure.kind === 'AccessDenied';
    const untrusted = failure instanceof UntrustedServer;
    const reason = denied ? explainDenial(failure) : `Teleport does not answer: ${failure.message}`;
    this.#log.warn('Teleport does not work for the bot; trying again', { reason });
    this.#keeper.update({ phase: 'failed-retrying', ready: false, reason });
    // A new join would tell why, and may help (a rotation that passed us by); the used token of method token cannot.
    if ((denied || untrusted) && this.#repeatable) this.#nap.wake();
  }
}

function joinOptions(
  { settings, clock, log }: BotOptions,
  method: JoinMethod,
  onCall: (report: CallReport) => void,
): Omit<JoinOptions, 'signal'> {
  const { token, certificateTtlMs, caPins, insecure, env, kubernetesTokenPath } = settings;
  return {
    method,
    token,
    ttlMs: certificateTtlMs,
    caPins,
    insecure,
    env,
    clock,
    log,
    onCall,
    ...(kubernetesTokenPath ? { kubernetesTokenPath } : {}),
    ...(settings.methodSettings ? { methodSettings: settings.methodSettings } : {}),
    ...(settings.store ? { store: settings.store } : {}),
  };
}

function notJoined(reason = 'joining'): TeleportError {
  return new TeleportError('Unavailable', `not joined yet: ${reason}`);
}

/** Teleport says no more than `access denied` to a bot that is locked or gone (observed.md 13). */
function explainDenial(error: TeleportError): string {
  if (error.kind !== 'AccessDenied' || !/^access denied$/i.test(error.message)) return error.message;
  return (
    'Teleport denies the bot every call: its user or instance is locked (`tctl get locks`), or the bot was deleted. ' +
    `Teleport says: ${error.message}`
  );
}

function stopped(): TeleportError {
  return new TeleportError('Canceled', 'the bot was stopped');
}
