// The Machine ID bot inside the operator's process: joins, takes on the roles it may, keeps both certificates fresh,
// and hands out one client that always uses the good ones. It never gives up: whatever fails is retried, and the
// state says what it is. Keys live in this object's memory only.
import { isAbort, sleep } from '../core/abort.js';
import { Backoff } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Metrics } from '../core/metrics.js';
import type { PingResponse } from '../gen/teleport/client/authservice_pb.js';
import { type BotListener, type BotState, StateKeeper } from './bot-state.js';
import { impersonate, renew } from './certify.js';
import type { TeleportClient } from './client.js';
import { Connection } from './connection.js';
import { isTeleportError, TeleportError } from './errors.js';
import { type CallReport, createClient } from './grpc-client.js';
import { Health } from './health.js';
import { runHeartbeats } from './heartbeat.js';
import type { Identity } from './identity.js';
import { findJoinMethod } from './join/index.js';
import { type JoinOptions, rejoin } from './join/join.js';
import type { Session } from './session.js';
import { type BotSettings, validateBotSettings, warnAboutSettings } from './settings.js';
import { WayFinder } from './way-finder.js';
import { clientOn, describeWay } from './ways.js';

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

/** After a failure: 1 s to 5 min, half of it random. */
const retry = { baseMs: 1000, factor: 2, maxMs: 300_000, jitter: 0.5 };
/** A certificate is renewed at the latest when this share of its life is over. */
const latestShare = 2 / 3;
/** Failed refreshes after which a certificate is suspected, and a new join tried. */
const joinAfter = 3;
/** Renewals of many operators should not meet: up to this share of the interval earlier. */
const renewalJitter = 0.1;

class RunningBot implements Bot {
  readonly client: TeleportClient;
  readonly #options: BotOptions;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #join: Omit<JoinOptions, 'signal'>;
  readonly #keeper = new StateKeeper();
  readonly #finder: WayFinder;
  readonly #connection: Connection;
  readonly #health: Health;
  readonly #stop = new AbortController();
  readonly #loops: Promise<void>;
  readonly #renewals;
  /** The bot's own identity, good for renewals only. */
  #bot: Identity | undefined;
  /** The identity that calls use. */
  #output: Identity | undefined;
  #renewalDue = false;
  /** Since the last one that succeeded. */
  #refreshFailures = 0;
  #wake: AbortController | undefined;

  constructor(options: BotOptions, method: JoinOptions['method']) {
    const { settings, clock, log, metrics } = options;
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    const onCall = callMetrics(metrics, (report) => this.#health.saw(report));
    this.#join = {
      method,
      token: settings.token,
      ttlMs: settings.certificateTtlMs,
      caPins: settings.caPins,
      insecure: settings.insecure,
      env: settings.env,
      clock,
      log,
      onCall: callMetrics(metrics, () => {}),
      ...(settings.kubernetesTokenPath ? { kubernetesTokenPath: settings.kubernetesTokenPath } : {}),
    };
    this.#finder = new WayFinder(settings, log);
    const random = options.random ?? Math.random;
    this.#connection = new Connection({ clock, random, dial: (signal) => this.#dial(signal) });
    this.client = createClient({
      source: this.#connection,
      clock,
      onCall,
      onSilent: (session) =>
        this.#connection.drop(session, new Error('a call got no answer and nothing else came')),
    });
    this.#health = new Health({
      client: this.client,
      clock,
      random,
      onChange: (health) => this.#healthChanged(health.failure),
      onAnswer: () => this.#keeper.update({ lastCallAt: clock.now() }),
      retryNow: () => this.#connection.retryNow(),
    });
    this.#renewals = metrics.counter(
      'teleport_operator_identity_renewals_total',
      'Attempts to get or renew the identity, by result.',
      ['result'],
    );
    metrics.collect(
      'teleport_operator_identity_expiry_seconds',
      'When the certificate that calls use ends, in seconds since the epoch.',
      [],
      () => (this.#output ? [[{}, this.#output.notAfter / 1000]] : []),
    );
    for (const warning of warnAboutSettings(settings)) log.warn(warning);
    this.#loops = Promise.all([
      this.#run(),
      this.#health.run(this.#stop.signal),
      runHeartbeats({
        client: this.client,
        clock,
        log,
        joinMethod: method.name,
        ready: (signal) => this.ready(signal),
        signal: this.#stop.signal,
        random,
      }),
    ]).then(() => undefined);
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
    this.#bot = undefined;
    this.#output = undefined;
    this.#keeper.update({ phase: 'stopped', ready: false, reason: 'stopped' });
  }

  /** Gets an identity, keeps it fresh, tries again after failures; ends with the bot. */
  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const backoff = new Backoff(retry, this.#options.random);
    while (!signal.aborted) {
      let delayMs: number;
      try {
        await this.#refresh(signal);
        backoff.reset();
        this.#renewals.inc({ result: 'success' });
        delayMs = this.#untilRenewal();
        this.#refreshFailures = 0;
      } catch (error) {
        if (signal.aborted) return;
        this.#renewals.inc({ result: 'failure' });
        delayMs = backoff.next();
        this.#refreshFailures++;
        this.#refreshFailed(TeleportError.from(error), delayMs);
      }
      await this.#pause(delayMs, signal);
      // A failed step is taken up where it stopped: a certificate got just now is not renewed again.
      if (this.#refreshFailures === 0) this.#renewalDue = true;
    }
  }

  /** One step forward: join or renew where needed, then a fresh output identity on a fresh connection. */
  async #refresh(signal: AbortSignal): Promise<void> {
    const options: JoinOptions = { ...this.#join, signal };
    if (this.#bot === undefined || this.#bot.notAfter <= this.#clock.now()) {
      await this.#joinAnew(options);
    }
    let opened: Awaited<ReturnType<WayFinder['open']>>;
    try {
      opened = await this.#finder.open(this.#mustBot(), options);
    } catch (error) {
      if (!this.#needsJoin(error)) throw error;
      await this.#joinAnew(options);
      opened = await this.#finder.open(this.#mustBot(), options);
    }
    try {
      const client = clientOn(opened.session, options);
      if (this.#renewalDue) {
        const bot = this.#mustBot();
        const next = bot.renewable
          ? await renew(client, bot, options)
          : await rejoin(client, opened.ping.signatureAlgorithmSuite, options);
        this.#bot = next;
        this.#renewalDue = false;
        this.#logIdentity('identity renewed', next);
      }
      await this.#takeOutput(await impersonate(client, this.#mustBot(), options), options);
    } finally {
      opened.session.drain();
    }
  }

  /** Does Auth refuse the bot's certificate (a lock, a rotation, a deleted bot), so that only a new join tells or helps? */
  #needsJoin(error: unknown): boolean {
    if (!this.#join.method.repeatable) return false;
    if (isTeleportError(error, 'AccessDenied', 'NotFound')) return true;
    return isTeleportError(error, 'Unavailable') && this.#refreshFailures >= joinAfter;
  }

  async #joinAnew(options: JoinOptions): Promise<void> {
    const before = this.#bot;
    try {
      const knownHostCas = this.#output?.hostCas ?? before?.hostCas;
      const { identity } = await this.#finder.join(knownHostCas ? { ...options, knownHostCas } : options);
      this.#bot = identity;
      this.#renewalDue = false;
      this.#logIdentity('joined', identity);
    } catch (error) {
      if (before === undefined || this.#join.method.repeatable || !isTeleportError(error, 'AccessDenied'))
        throw error;
      throw new TeleportError(
        'AccessDenied',
        `the bot's certificate ended at ${iso(before.notAfter)} before it could be renewed, and a used token cannot ` +
          'join again: make a new token for the bot (`tctl bots instances add <bot>`) and put it where -token points, ' +
          'or restart with it; join method kubernetes does not have this weakness',
        { cause: error },
      );
    }
  }

  /** Puts calls on a connection with the new identity; those in flight end on the old one. */
  async #takeOutput(output: Identity, options: JoinOptions): Promise<void> {
    const { session, ping } = await this.#finder.open(output, options);
    this.#output = output;
    this.#connection.adopt(session);
    this.#health.proved();
    this.#becameReady(output, ping);
  }

  /** A new connection with the present identity, when a call needs one. */
  async #dial(signal: AbortSignal): Promise<Session> {
    const output = this.#output;
    if (output === undefined)
      throw new TeleportError('Unavailable', `not joined yet: ${this.state().reason ?? 'joining'}`);
    if (output.notAfter <= this.#clock.now()) {
      throw new TeleportError(
        'Unavailable',
        `the certificate ended at ${iso(output.notAfter)}: ${this.#keeper.state.reason ?? ''}`,
      );
    }
    const { session } = await this.#finder.open(output, { ...this.#join, signal });
    return session;
  }

  #becameReady(output: Identity, ping: PingResponse): void {
    const via = this.#finder.way?.via;
    this.#keeper.update({
      phase: 'ready',
      ready: true,
      reason: undefined,
      clusterName: ping.ClusterName,
      serverVersion: ping.ServerVersion,
      features: ping.ServerFeatures,
      identityExpiresAt: output.notAfter,
      lastCallAt: this.#clock.now(),
      via,
    });
  }

  #refreshFailed(error: TeleportError, delayMs: number): void {
    const now = this.#clock.now();
    const usable = this.#output !== undefined && this.#output.notAfter > now;
    const what = this.#bot === undefined ? 'joining Teleport failed' : 'renewing the identity failed';
    this.#log[usable ? 'warn' : 'error'](`${what}; trying again`, {
      reason: error.message,
      retryInSeconds: Math.round(delayMs / 1000),
      ...(this.#output ? { identityEndsAt: iso(this.#output.notAfter) } : {}),
    });
    const stillWorks = usable && this.#keeper.state.ready;
    this.#keeper.update({
      phase: stillWorks ? 'ready' : 'failed-retrying',
      ready: stillWorks,
      reason: `${what}: ${error.message}`,
    });
  }

  #healthChanged(failure: TeleportError | undefined): void {
    if (this.#output === undefined || this.#stop.signal.aborted) return;
    if (failure === undefined) {
      this.#keeper.update({ phase: 'ready', ready: true, reason: undefined });
      this.#log.info('Teleport answers again');
      if (this.#refreshFailures > 0) this.#wake?.abort();
      return;
    }
    const denied = failure.kind === 'AccessDenied';
    const reason = denied
      ? 'Teleport denies the bot every call: its user or instance is locked (`tctl get locks`), or the bot was deleted. ' +
        `Teleport says: ${failure.message}`
      : `Teleport does not answer: ${failure.message}`;
    this.#log.warn('Teleport does not work for the bot; trying again', { reason });
    this.#keeper.update({ phase: 'failed-retrying', ready: false, reason });
    // A new join would tell why, and may help; the used token of method token cannot.
    if (denied && this.#join.method.repeatable) this.#wake?.abort();
  }

  #untilRenewal(): number {
    const { renewalIntervalMs } = this.#options.settings;
    const now = this.#clock.now();
    const jitter = 1 - renewalJitter * (this.#options.random ?? Math.random)();
    const ends = Math.min(this.#bot?.notAfter ?? Infinity, this.#output?.notAfter ?? Infinity);
    return Math.max(1000, Math.min(renewalIntervalMs, (ends - now) * latestShare) * jitter);
  }

  /** Waits, unless something makes waiting pointless. */
  async #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    const wake = new AbortController();
    this.#wake = wake;
    try {
      await sleep(this.#clock, delayMs, AbortSignal.any([signal, wake.signal]));
    } catch (error) {
      if (!signal.aborted && !wake.signal.aborted && !isAbort(error)) throw error;
    } finally {
      this.#wake = undefined;
    }
  }

  #mustBot(): Identity {
    if (this.#bot === undefined) throw new TeleportError('Unavailable', 'not joined yet');
    return this.#bot;
  }

  #logIdentity(message: string, identity: Identity): void {
    const way = this.#finder.way;
    this.#log.info(message, {
      bot: identity.botName,
      instance: identity.botInstanceId,
      generation: identity.generation,
      cluster: identity.clusterName,
      validUntil: iso(identity.notAfter),
      ...(way ? { server: describeWay(way) } : {}),
    });
  }
}

function callMetrics(metrics: Metrics, next: (report: CallReport) => void): (report: CallReport) => void {
  const duration = metrics.histogram(
    'teleport_operator_teleport_call_duration_seconds',
    'How long calls to Teleport took, by service, method and result.',
    [0.005, 0.02, 0.1, 0.5, 2, 10, 30],
    ['service', 'method', 'code'],
  );
  return (report) => {
    duration.observe(report.durationMs / 1000, {
      service: report.service,
      method: report.method,
      code: report.code,
    });
    next(report);
  };
}

function stopped(): TeleportError {
  return new TeleportError('Canceled', 'the bot was stopped');
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
