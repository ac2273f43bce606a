// The Lease of an operator that is to let go: taken from whoever leads and kept, or left where it is, and what it says of namespaces
// that were let go of. What becomes of the objects is release.ts's matter.
import { sleep } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import type { KubeClient } from '../kube/client.js';
import { isKubeError, isNamespaceClosed } from '../kube/errors.js';
import { findLease, heldSpec, writeLease } from '../kube/lease.js';
import { leaseNamespaces } from '../reconcile/names.js';
import { formerAnnotation, formerOf } from './lease-namespaces.js';
import { minus, type Namespaces, namespacesText } from './namespaces.js';

/** The Lease is kept for so long, in seconds: ten years, or until somebody deletes it. */
const keptSeconds = 315_360_000;
/** A leader that lost its Lease makes no write after this time, in milliseconds: the renew deadline of client-go, and ours. */
const leaderEndsMs = 15_000;
/** The leader renews every two seconds; one of these tries falls in between. */
const tries = 20;

export interface LeaseParts {
  readonly kube: KubeClient;
  readonly clock: Clock;
  /** Where the Lease is. */
  readonly namespace: string;
  readonly leaseName: string;
  readonly namespaces: Namespaces;
  readonly identity: string;
  /** One line for people. */
  readonly tell: (line: string) => void;
}

/**
 * The Lease becomes ours whoever has it; a leader that is at work gets the time to notice.
 * @returns whether it is ours from now on; false where it went with the namespace
 * @throws KubeError where it can't be taken
 */
export async function takeLease(parts: LeaseParts, signal: AbortSignal): Promise<boolean> {
  const { kube, clock, namespace, leaseName, identity, tell } = parts;
  const at = { namespace, name: leaseName };
  const untilEnded = async (whom: string, wait: number): Promise<void> => {
    if (wait <= 0) return;
    tell(`Waiting ${Math.ceil(wait / 1000)} s for ${whom} to end its work.`);
    await sleep(clock, wait, signal);
  };
  for (let attempt = 1; ; attempt++) {
    const before = await findLease(kube, at, signal);
    try {
      const spec = heldSpec(before?.spec, identity, keptSeconds, clock.now());
      // One that is there tells for itself where its operator worked.
      const told = before ? {} : { [leaseNamespaces]: namespacesText(parts.namespaces) };
      await writeLease(kube, at, before, spec, signal, told);
    } catch (error) {
      if (isNamespaceClosed(error)) {
        tell(
          `The namespace ${namespace} is being deleted, and its Lease is gone: no operator can lead there any more.`,
        );
        // One that led is being ended with its Pod at this moment.
        await untilEnded('what led', leaderEndsMs);
        return false;
      }
      if (!isKubeError(error, 'Conflict', 'AlreadyExists') || attempt >= tries) throw error;
      continue;
    }
    const holder = before?.spec?.holderIdentity ?? '';
    tell(`The Lease ${namespace}/${leaseName} is taken and kept: no operator works from now on.`);
    // A release that was given up may have taken it from a leader that is still about to end.
    const since = isReleases(holder) ? Date.parse(before?.spec?.renewTime ?? '') : Number.NaN;
    const left = holder === '' ? 0 : leaderEndsMs - (clock.now() - since || 0);
    await untilEnded(isReleases(holder) ? 'the one that led before' : holder, Math.min(left, leaderEndsMs));
    return true;
  }
}

/** Objects in these namespaces are let go: the Lease need not remember that they may be left there. @throws KubeError */
export async function forgetFormer(
  { kube, namespace, leaseName }: Pick<LeaseParts, 'kube' | 'namespace' | 'leaseName'>,
  released: Namespaces,
  signal: AbortSignal,
): Promise<void> {
  const at = { namespace, name: leaseName };
  for (let attempt = 1; ; attempt++) {
    const lease = await findLease(kube, at, signal);
    const former = lease ? formerOf(lease) : [];
    const left = minus(former, released);
    if (namespacesText(left) === namespacesText(former)) return;
    try {
      await writeLease(kube, at, lease, {}, signal, formerAnnotation(left));
      return;
    } catch (error) {
      if (!isKubeError(error, 'Conflict') || attempt >= tries) throw error;
    }
  }
}

/** Holder of the Lease after a release: `<prefix><anything>`. */
export const releaseIdentity = (suffix: string): string => `teleport-operator-release_${suffix}`;

/** Whether that is the holder of a Lease which a release keeps. */
export const isReleases = (holder: string): boolean => holder.startsWith(releaseIdentity(''));

/** What an operator says that waits for a Lease which a release keeps; undefined for any other holder. */
export function heldByRelease(holder: string, namespace: string, leaseName: string): string | undefined {
  if (!isReleases(holder)) return undefined;
  return `\`teleport-operator release\` keeps the Lease, so that no operator works; to let one work again: ${freeing(namespace, leaseName)}`;
}

/** The command that lets an operator work again. */
export const freeing = (namespace: string, leaseName: string): string =>
  `kubectl -n ${namespace} delete lease ${leaseName}`;
