// Which kinds are at work and which are not, and why: for the metric and the details of /readyz. A kind that is off
// does not make the replica unready, since the others go on and a restart would change nothing.
import type { Metrics } from '../core/metrics.js';
import type { Features } from '../gen/teleport/client/authservice_pb.js';
import type { AnyKind } from '../kinds/kind.js';
import type { InformerState } from '../kube/informer.js';
import type { Check } from '../kube/probes.js';
import { lacking } from '../reconcile/licence.js';

/** Why a kind is off: its CRD is not installed, Kubernetes or the licence of Teleport does not allow it. */
export type OffReason = 'CRDMissing' | 'Forbidden' | 'Unlicensed';

/** A kind with what is known of its objects. */
export interface Tracked {
  readonly kind: AnyKind;
  state(): InformerState;
}

interface Off {
  readonly reason: OffReason;
  /** What is wrong, in words. */
  readonly message: string;
}

export class KindAvailability {
  readonly #features: () => Features | undefined;
  #tracked: readonly Tracked[] = [];

  constructor(metrics: Metrics, features: () => Features | undefined) {
    this.#features = features;
    metrics.collect(
      'teleport_operator_kind_available',
      'Whether a kind is reconciled, on the replica that leads; where it is not, the reason.',
      ['kind', 'reason'],
      () =>
        this.#known().map(({ name, off }): [Record<string, string>, number] => [
          { kind: name, reason: off?.reason ?? '' },
          off ? 0 : 1,
        ]),
    );
  }

  /** The kinds that this replica works on from now on; none when it stops leading. */
  track(kinds: readonly Tracked[]): void {
    this.#tracked = kinds;
  }

  /** For /readyz: never a failure, a note for each kind that is off. */
  get check(): Check {
    return {
      name: 'kinds',
      check: () => undefined,
      notes: () => this.#known().flatMap(({ name, off }) => (off ? [`${name} is off: ${off.message}`] : [])),
    };
  }

  #known(): { name: string; off: Off | undefined }[] {
    return this.#tracked
      .filter(({ state }) => state() !== 'starting')
      .map(({ kind, state }) => ({ name: kind.object.kind, off: this.#off(kind, state()) }));
  }

  #off(kind: AnyKind, state: InformerState): Off | undefined {
    if (typeof state !== 'string') {
      return state.unavailable === 'missing'
        ? { reason: 'CRDMissing', message: 'its CRD is not installed' }
        : { reason: 'Forbidden', message: `the service account may not watch it: ${state.message}` };
    }
    const lack = lacking(kind, this.#features());
    return lack === undefined ? undefined : { reason: 'Unlicensed', message: lack };
  }
}
