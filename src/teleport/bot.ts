// The Machine ID bot inside the operator's process: joins, takes on the roles it may, keeps both certificates fresh,
// and hands out one client that always uses the good ones. It never gives up: whatever fails is retried, and the
// state says what it is. Keys live in this object's memory only.
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
import { Renewals } from './renewals.js';
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
  /** Gets a fresh identity now: the bot may take on other roles. */
  renew(): void;
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

class RunningBot implements Bot {
  readonly client: TeleportClient;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #repeatable: boolean;
  readonly #keeper: StateKeeper;
  readonly #finder: WayFinder;
  readonly #identities: Identities;
  readonly #connection: Connection;
  readonly #health: Health;
  readonly #stop = new AbortController();
  readonly #loops: Promise<unknown>;
  readonly #renewals: Renewals;

  constructor(options: BotOptions, method: JoinMethod) {
    const { settings, clock, log, metrics } = options;
    this.#clock = clock;
    this.#log = log;
    this.#random = options.random ?? Math.random;
    this.#repeatable = method.repeatable;
    this.#keeper = new StateKeeper(clock);
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
    this.#renewals = new Renewals({
      identities: this.#identities,
      intervalMs: settings.renewalIntervalMs,
      clock,
      metrics,
      random: this.#random,
      onStep: (opened) => this.#stepped(opened),
      onFailure: (failure, delayMs) => this.#stepFailed(failure, delayMs),
    });
    for (const warning of warnAboutSettings(settings)) log.warn(warning);
    this.#loops = Promise.all([
      this.#renewals.run(this.#stop.signal),
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
          this.#renewals.outdated();
        },
        signal: this.#stop.signal,
        random: this.#random,
      }),
    ]);
  }

  state(): BotState {
    return this.#keeper.state;
  }

  subscribe(listener: BotListener): () => void {
    return this.#keeper.subscribe(listener);
  }

  ready(signal?: AbortSignal): Promise<void> {
    return this.#keeper.whenReady(this.#stop.signal, signal);
  }

  renew(): void {
    this.#renewals.outdated();
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
      roles: this.#identities.output?.roles,
      botRole: this.#identities.botRole,
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
      if (this.#identities.failures > 0) this.#renewals.wake();
      return;
    }
    const denied = failure.kind === 'AccessDenied';
    const untrusted = failure instanceof UntrustedServer;
    const reason = denied ? explainDenial(failure) : `Teleport does not answer: ${failure.message}`;
    this.#log.warn('Teleport does not work for the bot; trying again', { reason });
    this.#keeper.update({ phase: 'failed-retrying', ready: false, reason });
    // A new join would tell why, and may help (a rotation that passed us by); the used token of method token cannot.
    if ((denied || untrusted) && this.#repeatable) this.#renewals.wake();
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
