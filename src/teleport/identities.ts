// The two certificates of a bot and the steps between them: its own (got by joining, renewed or joined again), and
// the one with its roles, which all calls use. One step at a time; when and how often is renewals.ts's business.
import type { Clock } from '../core/clock.js';
import { impersonate, type KeyForm, renew } from './certify.js';
import { UntrustedServer } from './dial.js';
import { isTeleportError, TeleportError } from './errors.js';
import type { Identity } from './identity.js';
import { type JoinOptions, rejoin } from './join/join.js';
import type { WayFinder } from './way-finder.js';
import { clientOn, describeWay, type Opened } from './ways.js';

/** A certificate is renewed at the latest when this share of its life is over. */
const latestShare = 2 / 3;
/** Failed steps in a row after which the certificate is suspected, and a new join tried. */
const joinAfter = 3;

export class Identities {
  readonly #finder: WayFinder;
  readonly #join: Omit<JoinOptions, 'signal'>;
  readonly #clock: Clock;
  /** The bot's own identity, good for renewals only. */
  #bot: Identity | undefined;
  #output: Identity | undefined;
  #renewalDue = false;
  readonly #keyForm: KeyForm = {};
  /** Since the last step that succeeded. */
  #failures = 0;

  constructor(finder: WayFinder, join: Omit<JoinOptions, 'signal'>) {
    this.#finder = finder;
    this.#join = join;
    this.#clock = join.clock;
  }

  /** The identity that calls use, once there is one; it may have ended. */
  get output(): Identity | undefined {
    return this.#output;
  }

  /** The role whose rules say which roles the output identity has; Teleport names it as the bot's user. */
  get botRole(): string | undefined {
    return this.#bot?.user;
  }

  /** Has the bot ever joined? */
  get joined(): boolean {
    return this.#bot !== undefined;
  }

  get failures(): number {
    return this.#failures;
  }

  /**
   * One step forward: joins or renews where it is time to, then takes a fresh output identity. A step that failed is
   * taken up where it stopped: a certificate got just now is not asked for again.
   * @returns a proven session with the new output identity.
   * @throws TeleportError, or the signal's reason; the identities at hand stay as they are.
   */
  async step(signal: AbortSignal): Promise<Opened> {
    if (this.#output !== undefined && this.#failures === 0) this.#renewalDue = true;
    try {
      const opened = await this.#advance({ ...this.#join, signal });
      this.#failures = 0;
      return opened;
    } catch (error) {
      this.#failures++;
      throw error;
    }
  }

  /**
   * A session with the present output identity.
   * @throws TeleportError (Unavailable) when there is none, or it has ended.
   */
  async open(signal: AbortSignal): Promise<Opened> {
    const output = this.#output;
    if (output === undefined) throw new TeleportError('Unavailable', 'not joined yet');
    if (output.notAfter <= this.#clock.now()) {
      throw new TeleportError('Unavailable', `the certificate ended at ${iso(output.notAfter)}`);
    }
    return this.#finder.open(output, { ...this.#join, signal });
  }

  /** Milliseconds until the next step, by the interval asked for and the lives given. */
  untilRenewal(intervalMs: number): number {
    const ends = Math.min(this.#bot?.notAfter ?? Infinity, this.#output?.notAfter ?? Infinity);
    return Math.min(intervalMs, (ends - this.#clock.now()) * latestShare);
  }

  /** Lets go of the keys. */
  forget(): void {
    this.#bot = undefined;
    this.#output = undefined;
  }

  async #advance(options: JoinOptions): Promise<Opened> {
    let bot = this.#bot;
    if (bot === undefined || bot.notAfter <= this.#clock.now()) bot = await this.#joinAnew(options);
    let asBot: Opened;
    try {
      asBot = await this.#finder.open(bot, options);
    } catch (error) {
      if (!this.#needsJoin(error)) throw error;
      bot = await this.#joinAnew(options);
      asBot = await this.#finder.open(bot, options);
    }
    try {
      const client = clientOn(asBot.session, options);
      const certify = { ...options, keyForm: this.#keyForm };
      if (this.#renewalDue) {
        const suite = asBot.ping.signatureAlgorithmSuite;
        bot = bot.renewable ? await renew(client, bot, certify) : await rejoin(client, suite, options);
        this.#keep('identity renewed', bot);
      }
      const output = await impersonate(client, bot, certify);
      const opened = await this.#finder.open(output, options);
      this.#output = output;
      return opened;
    } finally {
      asBot.session.drain();
    }
  }

  /**
   * Does Auth refuse the bot's certificate (lock, rotation, a deleted bot), or is it none that we believe, so that only a
   * new join tells or helps? A join shows its proof to those alone whom pins, a proxy's certificate or what we knew verify;
   * with -insecure to any proxy, where one was joined.
   */
  #needsJoin(error: unknown): boolean {
    if (!this.#join.method.repeatable) return false;
    if (isTeleportError(error, 'AccessDenied', 'NotFound') || error instanceof UntrustedServer) return true;
    return isTeleportError(error, 'Unavailable') && this.#failures >= joinAfter;
  }

  async #joinAnew(options: JoinOptions): Promise<Identity> {
    const before = this.#bot;
    const knownHostCas = this.#output?.hostCas ?? before?.hostCas;
    try {
      const { identity } = await this.#finder.join(knownHostCas ? { ...options, knownHostCas } : options);
      this.#keep('joined', identity);
      return identity;
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

  #keep(message: string, identity: Identity): void {
    this.#bot = identity;
    this.#renewalDue = false;
    const { way } = this.#finder;
    this.#join.log.info(message, {
      bot: identity.botName,
      instance: identity.botInstanceId,
      generation: identity.generation,
      cluster: identity.clusterName,
      validUntil: iso(identity.notAfter),
      ...(way ? { server: describeWay(way) } : {}),
    });
  }
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
