// Which kinds are at work and which are not, and why: for the metric and the details of /readyz. A kind that is off
// does not make the replica unready, since the others go on and a restart would change nothing.
import type { Metrics } from '../core/metrics.js';
import type { Features } from '../gen/teleport/client/authservice_pb.js';
import type { AnyKind } from '../kinds/kind.js';
import type { InformerState } from '../kube/informer.js';
import type { Check } from '../kube/probes.js';
import { lacking } from '../reconcile/licence.js';
import { servedOtherwise, servedOtherwiseRemedy } from './served-otherwise.js';

/**
 * Why a kind is off: its CRD is not installed or serves other versions only, Kubernetes does not allow it or fails to list it, or the licence of
 * Teleport does not allow it.
 */
export type OffReason = 'CRDMissing' | 'CRDVersion' | 'Forbidden' | 'NotListed' | 'Unlicensed';

/** A kind with what is known of its objects. */
export interface Tracked {
  readonly kind: AnyKind;
  state(): InformerState;
  /** Versions in which its objects are served, where not in ours. */
  servedAs(): readonly string[];
  /** Why its objects can't be listed or watched, again and again; undefined while that works. */
  trouble(): string | undefined;
  /** Why its resources can't be listed in Teleport; undefined where they can, or are never listed. */
  unlisted(): string | undefined;
}

const notListed = 'its resources can not be listed in Teleport, so changes made there are found late';

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
    metrics.collect(
      'teleport_operator_kind_listed_in_teleport',
      'Whether the resources of a kind at work can be listed in Teleport, on the replica that leads; where not, changes made there are found late.',
      ['kind'],
      () =>
        this.#known()
          .filter(({ off, listable }) => !off && listable)
          .map(({ name, unlisted }): [Record<string, string>, number] => [
            { kind: name },
            unlisted === undefined ? 1 : 0,
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
      notes: () =>
        this.#known().flatMap(({ name, off, unlisted }) => {
          if (off) return [`${name} is off: ${off.message}`];
          return unlisted === undefined ? [] : [`${name}: ${notListed}: ${unlisted}`];
        }),
    };
  }

  #known(): { name: string; off: Off | undefined; listable: boolean; unlisted: string | undefined }[] {
    return this.#tracked
      .filter(({ state, trouble }) => state() !== 'starting' || trouble() !== undefined)
      .map((tracked) => ({
        name: tracked.kind.object.kind,
        off: this.#off(tracked),
        listable: tracked.kind.calls.list !== undefined,
        unlisted: tracked.unlisted(),
      }));
  }

  #off({ kind, state: now, servedAs, trouble }: Tracked): Off | undefined {
    const state = now();
    if (typeof state !== 'string') {
      return state.unavailable === 'missing'
        ? notServed(kind, servedAs())
        : { reason: 'Forbidden', message: `the service account may not watch it: ${state.message}` };
    }
    const fails = trouble();
    if (fails !== undefined)
      return { reason: 'NotListed', message: `its objects can not be listed or watched: ${fails}` };
    const lack = lacking(kind, this.#features());
    return lack === undefined ? undefined : { reason: 'Unlicensed', message: lack };
  }
}

function notServed(kind: AnyKind, servedAs: readonly string[]): Off {
  if (servedAs.length === 0) return { reason: 'CRDMissing', message: 'its CRD is not installed' };
  return {
    reason: 'CRDVersion',
    message: `${servedOtherwise(kind, servedAs)}: ${servedOtherwiseRemedy(servedAs)}`,
  };
}
