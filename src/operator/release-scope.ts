// Whose objects a release lets go of: those in the namespaces that its operator worked in, which the Lease says, so that a second
// process needs none of its flags. Refuses where nothing tells, and where another operator is at work. What is done with the
// objects is in release.ts.
import type { Clock } from '../core/clock.js';
import type { KubeClient } from '../kube/client.js';
import { isKubeError } from '../kube/errors.js';
import { defaultLeaseName } from '../kube/leader.js';
import { findLease, type Lease, leases } from '../kube/lease.js';
import type { ApiResource } from '../kube/object.js';
import { formerOf, tellsNamespaces, workedIn } from './lease-namespaces.js';
import {
  minus,
  type Namespaces,
  namespacesText,
  objectNamespaces,
  overlap,
  union,
  without,
} from './namespaces.js';
import type { Former } from './release.js';
import { isReleases } from './release-lease.js';

/** Clocks of operators and ours may differ by so much, in milliseconds. */
const clocksDifferMs = 60_000;
const namespacesResource: ApiResource = { group: '', version: 'v1', plural: 'namespaces' };
const pageSize = 500;

export interface ScopeParts {
  readonly kube: KubeClient;
  readonly clock: Clock;
  /** Where the Lease is. */
  readonly namespace: string;
  readonly leaseName: string;
  /** What -namespaces says; empty where it isn't given. */
  readonly asked: readonly string[];
}

export interface Scope {
  readonly namespaces: Namespaces;
  /** Where it worked before, which is to be let go of as well. */
  readonly former: Former;
  /** The Lease's operator does not work in the namespaces: it may go on with its work. */
  readonly leavesLease: boolean;
  /** What to say when it is done; a line each. */
  readonly remarks: readonly string[];
}

/**
 * Finds the namespaces, and writes nothing.
 * @throws Error where nothing says which they are, or another operator works in one of them
 * @throws KubeError where the Lease can't be read
 */
export async function releaseScope(parts: ScopeParts, signal: AbortSignal): Promise<Scope> {
  const { kube, namespace, leaseName, asked } = parts;
  const lease = await findLease(kube, { namespace, name: leaseName }, signal);
  if (lease === undefined && asked.length === 0 && !(await isClosing(kube, namespace, signal)))
    throw new Error(
      `there is no Lease ${namespace}/${leaseName}, so no operator has led there: compare -namespace and -leader-election-id with those of the operator. Where it led and the Lease was deleted since, name the namespaces of its objects: -namespaces=${namespace}, or more of them, or all`,
    );
  const worked = lease && workedIn(lease);
  const namespaces = asked.length > 0 ? objectNamespaces(asked, namespace) : (worked ?? [namespace]);
  const busy = await others(parts, signal);
  for (const other of busy) {
    if (!overlap(workedIn(other), namespaces)) continue;
    const at = `${other.metadata.namespace}/${other.metadata.name}`;
    throw new Error(
      `another operator (Lease ${at}, held by ${other.spec?.holderIdentity}) is at work in ${common(workedIn(other), namespaces)}, and would put the finalizers back: stop it, or leave its namespaces out by -namespaces`,
    );
  }
  return {
    namespaces,
    former: formerLeft(lease && asked.length === 0 ? formerOf(lease) : [], busy),
    leavesLease: lease !== undefined && isOnlyFormer(lease, namespaces),
    remarks: remarksOn(lease, namespaces, asked),
  };
}

/** Whether the Lease says that its operator has left all of these, and so works in none of them. */
const isOnlyFormer = (lease: Lease, namespaces: Namespaces): boolean =>
  without(namespaces, formerOf(lease)).length === 0 && !overlap(workedIn(lease), namespaces);

/** What was the operator's before, but for what is another's now. */
function formerLeft(former: Namespaces, busy: readonly Lease[]): Former {
  const taken = busy.map(workedIn).reduce(union, []);
  if (taken === 'all') return { namespaces: [], except: [] };
  return { namespaces: minus(former, taken), except: former === 'all' ? taken : [] };
}

function remarksOn(lease: Lease | undefined, namespaces: Namespaces, asked: readonly string[]): string[] {
  if (!lease || !tellsNamespaces(lease)) {
    const silent =
      'Nothing says in which namespaces the operator worked: if it was started with -namespaces, give release the same.';
    return asked.length === 0 ? [silent] : [];
  }
  if (asked.length === 0) return [];
  const worked = union(workedIn(lease), formerOf(lease));
  const left = without(worked, namespaces);
  // Those that the operator works in now keep theirs for good reason, where it goes on.
  if (left.length === 0 || !overlap(workedIn(lease), namespaces)) return [];
  const where = left === 'others' ? 'all namespaces' : `namespace ${left.join(', ')}`;
  return [
    `The operator worked in ${where} as well, as its Lease says: objects there keep their finalizers. To release them too: -namespaces=${namespacesText(worked)}`,
  ];
}

const common = (first: Namespaces, second: Namespaces): string => {
  if (first === 'all') return second === 'all' ? 'all namespaces' : `namespace ${second.join(', ')}`;
  const both = second === 'all' ? first : first.filter((name) => second.includes(name));
  return `namespace ${both.join(', ')}`;
};

/** Leases of other operators that are at work; none where we may not list Leases, as in the operator's Pod. */
async function others(parts: ScopeParts, signal: AbortSignal): Promise<Lease[]> {
  const { kube, clock, namespace, leaseName } = parts;
  const found: Lease[] = [];
  let page = '';
  do {
    try {
      const list = await kube.list<Lease>(leases, {
        limit: pageSize,
        signal,
        ...(page && { continue: page }),
      });
      found.push(...list.items);
      page = list.metadata.continue ?? '';
    } catch (error) {
      if (isKubeError(error, 'Forbidden')) return [];
      throw error;
    }
  } while (page !== '');
  return found.filter((lease) => {
    const { metadata, spec } = lease;
    if (metadata.namespace === namespace && metadata.name === leaseName) return false;
    // One without the annotation is Teleport's own operator's where it has its name, else no operator's.
    if (!tellsNamespaces(lease) && metadata.name !== defaultLeaseName) return false;
    const holder = spec?.holderIdentity ?? '';
    const until = Date.parse(spec?.renewTime ?? '') + (spec?.leaseDurationSeconds ?? 0) * 1000;
    return holder !== '' && !isReleases(holder) && until + clocksDifferMs > clock.now();
  });
}

/** Whether the namespace is being deleted, and so its Lease is gone; no where we may not look. */
async function isClosing(kube: KubeClient, name: string, signal: AbortSignal): Promise<boolean> {
  try {
    const found = await kube.get(namespacesResource, { name }, { signal });
    return found.metadata.deletionTimestamp !== undefined;
  } catch (error) {
    if (isKubeError(error, 'Forbidden', 'NotFound')) return false;
    throw error;
  }
}
