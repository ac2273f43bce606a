// Auth or proxy? Found by trying both readings of the address, remembered while it works, tried again when it does
// not. Ports 443 and 3080 are a proxy's more often than not, others Auth's (joining.md 1.4).
import type { Logger } from '../core/log.js';
import { type Address, parseAddress } from './address.js';
import { UntrustedServer } from './dial.js';
import { isTeleportError, TeleportError } from './errors.js';
import type { Identity } from './identity.js';
import { type Joined, type JoinOptions, joinAtAuth, joinAtProxy } from './join/join.js';
import { findProxyWays } from './join/proxy-ways.js';
import type { BotSettings } from './settings.js';
import { describeWay, type Opened, openAs, type Way } from './ways.js';

/** Failed openings in a row after which the remembered way is doubted. */
const doubtAfter = 3;

interface Found {
  readonly opened: Opened;
  readonly way: Way;
}

export class WayFinder {
  readonly #address: Address;
  #order: readonly Way['via'][];
  /** How the address may be read by a join; as it may by `#order` where absent. */
  #joinOrder: readonly Way['via'][] | undefined;
  readonly #log: Logger;
  #known: Way | undefined;
  /** Has a session been opened on it? A join over HTTP proves less. */
  #proven = false;
  #failures = 0;

  constructor(settings: BotSettings, log: Logger) {
    this.#log = log;
    this.#address = settings.proxyServer
      ? parseAddress(settings.proxyServer, '-proxy-server')
      : parseAddress(settings.authServer, '-auth-server');
    const proxyFirst = this.#address.port === 443 || this.#address.port === 3080;
    this.#order = settings.proxyServer ? ['proxy'] : proxyFirst ? ['proxy', 'auth'] : ['auth', 'proxy'];
  }

  /** The way that worked last. */
  get way(): Way | undefined {
    return this.#known;
  }

  /**
   * Joins, on the first way that leads to a Teleport. What a Teleport answers is final: only a way that leads
   * nowhere makes the next one be tried.
   * @throws TeleportError
   */
  async join(options: JoinOptions): Promise<Joined> {
    const joined = await this.#first(
      (via) =>
        via === 'auth'
          ? joinAtAuth({ via, address: this.#address }, options)
          : joinAtProxy(this.#address, options),
      this.#joinOrder,
    );
    // With -insecure any proxy is believed: whoever takes the place of an Auth that we know must not pose as one.
    if (options.insecure && joined.way.via === 'auth') this.#joinOrder = ['auth'];
    this.#remember(joined.way, joined.proven === true);
    return joined;
  }

  /**
   * Opens a proven session with an identity.
   * @throws TeleportError
   */
  async open(identity: Identity, options: JoinOptions): Promise<Opened> {
    if (this.#known !== undefined && this.#proven && this.#failures < doubtAfter) {
      try {
        const opened = await openAs(this.#known, identity, options);
        this.#failures = 0;
        return opened;
      } catch (error) {
        if (leadsNowhere(error)) this.#failures++;
        throw error;
      }
    }
    let stranger = false;
    const attempt = async (way: Way): Promise<Found> => {
      try {
        return { opened: await openAs(way, identity, options), way };
      } catch (error) {
        stranger ||= error instanceof UntrustedServer;
        throw error;
      }
    };
    try {
      const { opened, way } = await this.#first((via) =>
        via === 'proxy' ? this.#openThroughProxy(attempt, options) : attempt({ via, address: this.#address }),
      );
      this.#remember(way, true);
      return opened;
    } catch (error) {
      // After a rotation that was missed a new join helps: it must show among all that was tried.
      if (!stranger || !leadsNowhere(error)) throw error;
      throw new UntrustedServer(error.kind, error.message, { cause: error });
    }
  }

  async #openThroughProxy(attempt: (way: Way) => Promise<Found>, options: JoinOptions): Promise<Found> {
    const { ways } = await findProxyWays(this.#address, options);
    const failures: string[] = [];
    for (const way of ways) {
      try {
        return await attempt(way);
      } catch (error) {
        if (!leadsNowhere(error)) throw error;
        failures.push(`${describeWay(way)}: ${error.message}`);
      }
    }
    throw new TeleportError('Unavailable', failures.join('; '));
  }

  async #first<T>(attempt: (via: Way['via']) => Promise<T>, order = this.#order): Promise<T> {
    const failures: string[] = [];
    let retryAfterMs: number | undefined;
    for (const via of order) {
      try {
        return await attempt(via);
      } catch (error) {
        if (!leadsNowhere(error)) throw error;
        if (error instanceof UntrustedServer && via === 'proxy') throw distrusted(error);
        failures.push(`${via === 'auth' ? 'as Auth' : 'as a proxy'}: ${error.message}`);
        retryAfterMs ??= error.retryAfterMs;
      }
    }
    const message = `Teleport cannot be reached; ${failures.join('; ')}`;
    throw new TeleportError('Unavailable', message, { retryAfterMs });
  }

  #remember(way: Way, proven: boolean): void {
    this.#failures = 0;
    this.#proven = proven;
    // The reading of the address that was right once is tried first from now on.
    if (this.#order.length > 1) this.#order = way.via === 'auth' ? ['auth', 'proxy'] : ['proxy', 'auth'];
    if (this.#known === undefined || describeWay(this.#known) !== describeWay(way))
      this.#log.info('way to Teleport found', { server: describeWay(way) });
    this.#known = way;
  }
}

/**
 * To go on as if it were Auth would mean to believe anyone just after a verification has failed: whoever sits between
 * us and the proxy would get the join token.
 */
function distrusted(error: UntrustedServer): TeleportError {
  return new TeleportError(
    'Unavailable',
    `${error.message}. If it is a proxy with a private CA, put the CA's file into SSL_CERT_FILE; if it is Auth, or to ` +
      'verify the cluster itself, set -ca-pin (see `tctl status`)',
    { cause: error },
  );
}

/** Nobody answered, or not Teleport; as opposed to an answer of Teleport. */
function leadsNowhere(error: unknown): error is TeleportError {
  return isTeleportError(error, 'Unavailable', 'DeadlineExceeded');
}
