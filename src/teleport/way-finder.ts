// Auth or proxy? Found by trying both readings of the address, remembered while it works, tried again when it does
// not. Ports 443 and 3080 are a proxy's more often than not, others Auth's (joining.md 1.4).
import type { Logger } from '../core/log.js';
import { type Address, parseAddress } from './address.js';
import { UntrustedServer } from './dial.js';
import { isTeleportError, TeleportError } from './errors.js';
import type { Identity } from './identity.js';
import { askProxy, type Joined, type JoinOptions, joinAtAuth, joinAtProxy } from './join/join.js';
import type { BotSettings } from './settings.js';
import { describeWay, type Opened, openAs, type Way } from './ways.js';

/** Failed openings in a row after which the remembered way is doubted. */
const doubtAfter = 3;

export class WayFinder {
  readonly #address: Address;
  readonly #order: readonly Way['via'][];
  readonly #log: Logger;
  #known: Way | undefined;
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
    const joined = await this.#first((via) =>
      via === 'auth'
        ? joinAtAuth({ via, address: this.#address }, options)
        : joinAtProxy(this.#address, options),
    );
    this.#remember(joined.way);
    return joined;
  }

  /**
   * Opens a proven session with an identity.
   * @throws TeleportError
   */
  async open(identity: Identity, options: JoinOptions): Promise<Opened> {
    if (this.#known !== undefined && this.#failures < doubtAfter) {
      try {
        const opened = await openAs(this.#known, identity, options);
        this.#failures = 0;
        return opened;
      } catch (error) {
        if (leadsNowhere(error)) this.#failures++;
        throw error;
      }
    }
    const { opened, way } = await this.#first(async (via) => {
      const way = await this.#wayOf(via, options);
      return { opened: await openAs(way, identity, options), way };
    });
    this.#remember(way);
    return opened;
  }

  async #wayOf(via: Way['via'], options: JoinOptions): Promise<Way> {
    if (via === 'auth') return { via, address: this.#address };
    const { clusterName } = await askProxy(this.#address, options);
    return { via, address: this.#address, clusterName };
  }

  async #first<T>(attempt: (via: Way['via']) => Promise<T>): Promise<T> {
    const failures: string[] = [];
    for (const via of this.#order) {
      try {
        return await attempt(via);
      } catch (error) {
        if (!leadsNowhere(error)) throw error;
        if (error instanceof UntrustedServer && via === 'proxy') throw distrusted(error);
        failures.push(`${via === 'auth' ? 'as Auth' : 'as a proxy'}: ${error.message}`);
      }
    }
    throw new TeleportError('Unavailable', `Teleport cannot be reached; ${failures.join('; ')}`);
  }

  #remember(way: Way): void {
    this.#failures = 0;
    if (this.#known?.via !== way.via) this.#log.info('way to Teleport found', { server: describeWay(way) });
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
