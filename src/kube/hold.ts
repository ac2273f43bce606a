// One process's hold on a Lease: what was last seen of it, whether it may be taken, and single tries to take, renew and
// give it back, with the verbs get, create and update alone. When to try, and what leading is, is the matter of
// leader.ts; the Lease's form that of lease.ts.
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../core/clock.js';
import { Until } from '../core/until.js';
import type { KubeClient } from './client.js';
import { isKubeError, KubeError } from './errors.js';
import { heldSpec, type Lease, type LeaseAnnotations, leases, releasedSpec, writeLease } from './lease.js';

export interface HoldOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly namespace: string;
  readonly name: string;
  /** Must differ between processes. */
  readonly identity: string;
  /** How long others leave an unrenewed lease alone; milliseconds. */
  readonly leaseMs: number;
  /** What the lease is to say of us to others, while we hold it and after, given the one that is there. */
  readonly annotations?: (before: Lease | undefined) => LeaseAnnotations;
}

/** One limit for each request, so that one that hangs leaves time for another. */
const requestMs = 5_000;
const releaseMs = 3_000;

/** What a try came to; `contested` where somebody else wrote the lease at the same time. */
export type Tried = 'ours' | 'held by another' | 'contested';

export class Hold {
  readonly #o: HoldOptions;
  /** The lease as last seen, and when it was first seen so (monotonic ms). */
  #seen: { lease: Lease; at: number } | undefined;
  #renewedAt: number | undefined;

  constructor(options: HoldOptions) {
    this.#o = options;
  }

  /** Start of the last renewal that was answered, while we hold the lease; monotonic ms. */
  get renewedAt(): number | undefined {
    return this.#renewedAt;
  }

  /** The lease as last seen. */
  get lease(): Lease | undefined {
    return this.#seen?.lease;
  }

  /** Who holds the lease, as far as we have seen; '' for nobody. */
  get holder(): string {
    return this.lease?.spec?.holderIdentity ?? '';
  }

  /** Milliseconds until another's lease may be taken, if one is seen. Never a busy circle. */
  untilExpiry(): number | undefined {
    const expiry = this.#expiry();
    return expiry === undefined ? undefined : Math.max(100, expiry - this.#o.clock.monotonic());
  }

  /** One try to take or renew the lease. @throws KubeError, or the signal's reason */
  async take(signal?: AbortSignal): Promise<Tried> {
    const { client, clock, namespace, name } = this.#o;
    let lease: Lease | undefined;
    try {
      lease = await this.#limited(signal, (limit) =>
        client.get<Lease>(leases, { namespace, name }, { signal: limit }),
      );
      this.#see(lease);
    } catch (error) {
      if (!isKubeError(error, 'NotFound')) throw error;
    }
    const expiry = lease && this.#expiry();
    if (expiry !== undefined && expiry > clock.monotonic()) return 'held by another';
    return this.#write(lease, signal);
  }

  /** One try to renew the lease, without a look at it where it is as we left it. @throws KubeError */
  async renew(): Promise<Tried> {
    try {
      if ((await this.#write(this.#seen?.lease, undefined)) === 'ours') return 'ours';
    } catch (error) {
      // Somebody has deleted it; unless it is another's by now, it is made again.
      if (!isKubeError(error, 'NotFound')) throw error;
    }
    return this.take();
  }

  /**
   * Gives the lease back if it is ours, so that another process need not wait for it to expire.
   * @returns whether it was ours
   * @throws KubeError
   */
  async release(): Promise<boolean> {
    const { client, clock, namespace, name, identity } = this.#o;
    const limit = new Until(clock, releaseMs, () => new KubeError('Timeout', 'no answer in time'));
    try {
      let lease = this.#seen?.lease;
      while (lease?.spec?.holderIdentity === identity) {
        const spec = releasedSpec(lease.spec, clock.now());
        try {
          this.#see(await writeLease(client, this.#o, lease, spec, limit.signal));
          return true;
        } catch (error) {
          if (!isKubeError(error, 'Conflict')) throw error;
        }
        lease = await client.get<Lease>(leases, { namespace, name }, { signal: limit.signal });
      }
      return false;
    } finally {
      limit.done();
      this.#renewedAt = undefined;
    }
  }

  #expiry(): number | undefined {
    if (!this.#seen || !this.holder || this.holder === this.#o.identity) return undefined;
    const seconds = this.#seen.lease.spec?.leaseDurationSeconds;
    return this.#seen.at + (seconds === undefined ? this.#o.leaseMs : seconds * 1000);
  }

  async #write(lease: Lease | undefined, signal: AbortSignal | undefined): Promise<Tried> {
    const { client, clock, leaseMs, identity, annotations } = this.#o;
    const started = clock.monotonic();
    const spec = heldSpec(lease?.spec, identity, Math.ceil(leaseMs / 1000), clock.now());
    try {
      const written = await this.#limited(signal, (limit) =>
        writeLease(client, this.#o, lease, spec, limit, annotations?.(lease)),
      );
      this.#see(written);
      this.#renewedAt = started;
      return 'ours';
    } catch (error) {
      if (isKubeError(error, 'Conflict', 'AlreadyExists')) return 'contested';
      throw error;
    }
  }

  #see(lease: Lease): void {
    // What counts is a renewal, not that somebody has put a label on it.
    const same = this.#seen && isDeepStrictEqual(this.#seen.lease.spec, lease.spec);
    this.#seen = { lease, at: same && this.#seen ? this.#seen.at : this.#o.clock.monotonic() };
  }

  async #limited<T>(signal: AbortSignal | undefined, run: (limit: AbortSignal) => Promise<T>): Promise<T> {
    const slow = (): Error => new KubeError('Timeout', `no answer within ${requestMs / 1000} s`);
    const limit = new Until(this.#o.clock, requestMs, slow, signal);
    try {
      return await run(limit.signal);
    } finally {
      limit.done();
    }
  }
}
