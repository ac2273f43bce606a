// What a Lease says of namespaces: in which its operator keeps objects, and in which it kept some before it was told to work elsewhere,
// and may have left them with their finalizers. Who lets go of those is release.ts's matter.
import type { Logger } from '../core/log.js';
import type { Lease } from '../kube/lease.js';
import { leaseFormerNamespaces, leaseNamespaces } from '../reconcile/names.js';
import { minus, type Namespaces, namespacesText, objectNamespaces, union } from './namespaces.js';

/** Whether the Lease is of an operator that says where it works. */
export const tellsNamespaces = ({ metadata }: Lease): boolean =>
  metadata.annotations?.[leaseNamespaces] !== undefined;

/** Where the Lease's operator keeps objects; Teleport's own, which does not say, in the namespace of its Lease. */
export const workedIn = (lease: Lease): Namespaces =>
  objectNamespaces(listed(lease, leaseNamespaces), lease.metadata.namespace ?? '');

/** Where it kept some before, and nobody has let go of them since; where that is `all`, those of now are meant to be left out. */
export const formerOf = (lease: Lease): Namespaces => {
  const names = listed(lease, leaseFormerNamespaces);
  return names.length === 0 ? [] : objectNamespaces(names, '');
};

function listed({ metadata }: Lease, annotation: string): string[] {
  return (metadata.annotations?.[annotation] ?? '').split(',').filter(Boolean);
}

/** What the Lease is to say of an operator that works in `now`; undefined is for an annotation that is to go. */
export const leaseAnnotations =
  (now: Namespaces) =>
  (before: Lease | undefined): Record<string, string | undefined> => ({
    [leaseNamespaces]: namespacesText(now),
    ...formerAnnotation(before ? minus(union(workedIn(before), formerOf(before)), now) : []),
  });

/** The annotation that tells of those. */
export const formerAnnotation = (former: Namespaces): Record<string, string | undefined> => ({
  [leaseFormerNamespaces]: former.length === 0 ? undefined : namespacesText(former),
});

/** Tells of namespaces that were an operator's before, and what lets go of the objects there; it may not look itself. */
export function warnOfFormer(log: Logger, lease: Lease | undefined): void {
  const former = lease ? formerOf(lease) : [];
  if (former.length === 0) return;
  const namespaces = former === 'all' ? '<each that was left>' : namespacesText(former);
  log.warn(
    'Objects in namespaces that the operator worked in before may keep their finalizers, and hang when they are deleted',
    {
      namespaces: former === 'all' ? 'all others' : namespacesText(former),
      remedy: `teleport-operator release -namespaces=${namespaces}`,
    },
  );
}
