// Leader election over a Lease, compatible with client-go's: one process leads, the others wait. Knows when the Lease
// is tried for, renewed and lost; a single try is the matter of hold.ts, what leading means the caller's.
import { setMaxListeners } from 'node:events';
import { sleep } from '../core/abort.js';
import type { Clock, Timer } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Metrics } from '../core/metrics.js';
import type { KubeClient } from './client.js';
import { from } from './errors.js';
import { Hold, type Tried } from './hold.js';
import type { Lease, LeaseAnnotations } from './lease.js';

/** The Go operator's lease, so that the two never lead at the same time. */
export const defaultLeaseName = '431e83f4.teleport.dev';

export interface LeaderOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: Metrics;
  readonly namespace: string;
  readonly name?: string;
  /** `hostname_uuid`; must differ between processes. */
  readonly identity: string;
  /** How long others leave an unrenewed lease alone; milliseconds. */
  readonly leaseMs?: number;
  /** How long after a renewal's start we lead without another; below `leaseMs`. */
  readonly renewDeadlineMs?: number;
  /** Pause between tries. */
  readonly retryMs?: number;
  /** How long the work may take to end after the stop signal. */
  readonly drainMs?: number;
  readonly random?: () => number;
  /** What to say, as a warning, of a holder that will not let go by itself; undefined for any other. */
  readonly remark?: (holder: string) => string | undefined;
  /** What the lease is to say of us to others, while we hold it and after, given the one that is there. */
  readonly annotations?: (before: Lease | undefined) => LeaseAnnotations;
}

export interface RunOptions {
  /** Ends the election. Work that leads should end on it by itself, within `drainMs`. */
  readonly signal: AbortSignal;
  /**
   * Called when we lead; the lease is renewed until its promise settles. The signal is aborted when leadership is
   * lost or the time to end is over: no write may be made after that.
   */
  readonly lead: (leaderSignal: AbortSignal) => Promise<void>;
}

/** A candidate for one lease. */
export class LeaderElector {
  readonly #o: Required<Omit<LeaderOptions, 'metrics'>>;
  readonly #master: (leading: boolean) => void;
  readonly #hold: Hold;
  /** The term that runs; its signal is aborted when the term is over. */
  #term: AbortController | undefined;
  #toldHolder: string | undefined;

  constructor(options: LeaderOptions) {
    this.#o = {
      name: defaultLeaseName,
      leaseMs: 15_000,
      renewDeadlineMs: 10_000,
      retryMs: 2_000,
      drainMs: 10_000,
      random: Math.random,
      remark: () => undefined,
      annotations: () => ({}),
      ...options,
    };
    this.#hold = new Hold(this.#o);
    const gauge = options.metrics?.gauge(
      'leader_election_master_status',
      'Whether this process leads: 1 or 0.',
      ['name'],
    );
    this.#master = (leading) => gauge?.set(leading ? 1 : 0, { name: this.#o.name });
    this.#master(false);
  }

  /**
   * Whether we lead at this moment, by the clock and not by a timer: also right after the process was stopped
   * for a while and no timer could fire.
   */
  get leading(): boolean {
    const { renewedAt } = this.#hold;
    if (!this.#term || this.#term.signal.aborted || renewedAt === undefined) return false;
    return this.#o.clock.monotonic() - renewedAt < this.#o.renewDeadlineMs;
  }

  /** The lease as last seen. */
  get lease(): Lease | undefined {
    return this.#hold.lease;
  }

  /** Who holds the lease, as far as we have seen; '' for nobody. */
  get holder(): string {
    return this.#hold.holder;
  }

  /**
   * Waits for the lease, leads, and after a loss waits again, until the signal is aborted; then gives the lease
   * back. Returns also when `lead` ends by itself.
   * @throws what `lead` throws
   */
  async run(options: RunOptions): Promise<void> {
    const { namespace, name, log } = this.#o;
    while (!options.signal.aborted) {
      log.info(`attempting to acquire leader lease ${namespace}/${name}...`);
      if (!(await this.#acquire(options.signal))) return;
      log.info(`successfully acquired lease ${namespace}/${name}`, { identity: this.#o.identity });
      const lost = await this.#lead(options);
      if (!lost) return;
      log.warn(`lost leader lease ${namespace}/${name}`, { identity: this.#o.identity });
    }
  }

  async #acquire(signal: AbortSignal): Promise<boolean> {
    const { clock, log, retryMs, random } = this.#o;
    let failures = 0;
    while (!signal.aborted) {
      try {
        if (this.#isOurs(await this.#hold.take(signal))) return true;
        failures = 0;
      } catch (error) {
        if (signal.aborted) break;
        failures++;
        const fields = { error: from(error) };
        if (failures === 1) log.warn('the leader lease could not be read or written, trying on', fields);
        else log.debug('the leader lease could not be read or written', fields);
      }
      const pause = retryMs * (1 + 0.2 * random());
      await sleep(clock, Math.min(pause, this.#hold.untilExpiry() ?? pause), signal).catch(() => {});
    }
    return false;
  }

  #isOurs(tried: Tried): boolean {
    if (tried === 'held by another') this.#tellHolder();
    return tried === 'ours';
  }

  #tellHolder(): void {
    if (this.#toldHolder === this.holder) return;
    this.#toldHolder = this.holder;
    const remark = this.#o.remark(this.holder);
    if (remark === undefined) this.#o.log.info('another process leads', { holder: this.holder });
    else this.#o.log.warn(remark, { holder: this.holder });
  }

  /** Runs the work beside the renewals. @returns whether leadership was lost */
  async #lead({ signal, lead }: RunOptions): Promise<boolean> {
    const { clock, drainMs, log } = this.#o;
    const term = new AbortController();
    const over = new AbortController();
    setMaxListeners(0, term.signal, signal);
    let drain: Timer | undefined;
    const onStop = (): void => {
      drain = clock.after(drainMs, () => term.abort(stopped('the time to end is over')));
    };
    if (signal.aborted) onStop();
    else signal.addEventListener('abort', onStop, { once: true });
    this.#term = term;
    this.#toldHolder = undefined;
    this.#master(true);
    const renewing = this.#renew(term, over.signal);
    try {
      await lead(term.signal);
    } catch (error) {
      if (!term.signal.aborted) throw error;
      log.debug('work was ended with the leadership', { error });
    } finally {
      signal.removeEventListener('abort', onStop);
      drain?.cancel();
      over.abort(stopped('the work has ended'));
      await renewing;
      this.#term = undefined;
      this.#master(false);
      await this.#release();
    }
    return term.signal.aborted && !signal.aborted;
  }

  /** Renews until the work is over. Ends the term when the lease is lost. */
  async #renew(term: AbortController, over: AbortSignal): Promise<void> {
    const { clock, retryMs, random, log } = this.#o;
    const lose = (why: string): void => {
      if (term.signal.aborted) return;
      this.#master(false);
      term.abort(stopped(why));
    };
    const guard = this.#guard(term, lose);
    try {
      while (!over.aborted) {
        await sleep(clock, retryMs * (1 + 0.1 * random()), over).catch(() => {});
        // A term that was ended is not renewed, except while the work uses its time to end.
        if (over.aborted || term.signal.aborted) return;
        try {
          // Not interrupted by the work's end: what became of the write must be known to give the lease back.
          if (!this.#isOurs(await this.#hold.renew())) lose('another process has taken the lease');
        } catch (error) {
          log.debug('the leader lease could not be renewed', { error: from(error) });
        }
      }
    } finally {
      guard.cancel();
    }
  }

  /** Ends the term when the last renewal is too old; doesn't wait for a request that hangs. */
  #guard(term: AbortController, lose: (why: string) => void): Timer {
    const { clock, renewDeadlineMs } = this.#o;
    let timer: Timer;
    const arm = (): void => {
      const left = (this.#hold.renewedAt ?? 0) + renewDeadlineMs - clock.monotonic();
      timer = clock.after(Math.max(1, left), () => {
        if (term.signal.aborted) return;
        if (this.leading) arm();
        else lose('the lease could not be renewed in time');
      });
    };
    arm();
    return { cancel: () => timer.cancel() };
  }

  async #release(): Promise<void> {
    const { namespace, name, log } = this.#o;
    try {
      if (await this.#hold.release()) log.info(`released leader lease ${namespace}/${name}`);
    } catch (error) {
      log.warn('the leader lease could not be given back; it expires by itself', { error: from(error) });
    }
  }
}

function stopped(why: string): Error {
  return new DOMException(why, 'AbortError');
}
