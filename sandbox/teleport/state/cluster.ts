// All that a cluster is apart from its listeners: name, authorities, resources, bot instances, audit. Survives
// stopListening and can be handed to another server (`dataFrom`).
import { type Clock, systemClock } from '../../../src/core/clock.js';
import { CertificateAuthority } from '../ca/authority.js';
import { Audit } from './audit.js';
import { BotInstances } from './bot-instances.js';
import { Cache } from './cache.js';
import type { Reads } from './shelf.js';
import { Store, type Subscribe } from './store.js';

export class ClusterState {
  readonly store: Store;
  /** What reads see: the store itself, or a cache in front of it. */
  readonly reads: Reads & { readonly subscribe: Subscribe };
  readonly instances: BotInstances;
  readonly audit: Audit;

  #hostCa: CertificateAuthority;

  private constructor(
    readonly clusterName: string,
    readonly clock: Clock,
    readonly userCa: CertificateAuthority,
    hostCa: CertificateAuthority,
    staleMs: number,
  ) {
    this.#hostCa = hostCa;
    this.store = new Store(clock);
    this.reads = staleMs > 0 ? new Cache(this.store, clock, staleMs) : this.store;
    this.instances = new BotInstances(clock);
    this.audit = new Audit(clock);
  }

  get hostCa(): CertificateAuthority {
    return this.#hostCa;
  }

  /** A rotation of the host authority, all phases at once; holds for servers that are started after it. */
  async rotateHostCa(): Promise<void> {
    this.#hostCa = await CertificateAuthority.create(this.clusterName, this.clock);
  }

  /** @param staleMs how long reads lag behind writes */
  static async create(clusterName: string, clock: Clock = systemClock, staleMs = 0): Promise<ClusterState> {
    const [userCa, hostCa] = await Promise.all([
      CertificateAuthority.create(clusterName, clock),
      CertificateAuthority.create(clusterName, clock),
    ]);
    return new ClusterState(clusterName, clock, userCa, hostCa, staleMs);
  }
}
