// All that a cluster is apart from its listeners: name, authorities, resources, bot instances, audit. Survives
// stopListening and can be handed to another server (`dataFrom`).
import { type Clock, systemClock } from '../../../src/core/clock.js';
import { CertificateAuthority } from '../ca/authority.js';
import { Audit } from './audit.js';
import { BotInstances } from './bot-instances.js';
import { Store } from './store.js';

export class ClusterState {
  readonly store: Store;
  readonly instances: BotInstances;
  readonly audit: Audit;

  private constructor(
    readonly clusterName: string,
    readonly clock: Clock,
    readonly userCa: CertificateAuthority,
    readonly hostCa: CertificateAuthority,
  ) {
    this.store = new Store(clock);
    this.instances = new BotInstances(clock);
    this.audit = new Audit(clock);
  }

  static async create(clusterName: string, clock: Clock = systemClock): Promise<ClusterState> {
    const [userCa, hostCa] = await Promise.all([
      CertificateAuthority.create(clusterName, clock),
      CertificateAuthority.create(clusterName, clock),
    ]);
    return new ClusterState(clusterName, clock, userCa, hostCa);
  }
}
