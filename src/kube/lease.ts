// The Lease object of leader election: its form, and reading and writing one. When to do so is hold.ts's and leader.ts's.
import type { KubeClient } from './client.js';
import { isKubeError } from './errors.js';
import type { ApiResource, ObjectMeta } from './object.js';

export const leases: ApiResource = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' };

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/ */
export interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  /** RFC 3339 with microseconds. */
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

export interface Lease {
  apiVersion: 'coordination.k8s.io/v1';
  kind: 'Lease';
  metadata: ObjectMeta;
  spec?: LeaseSpec;
}

/** A MicroTime: what Lease times must look like. */
export function microTime(now: number): string {
  return new Date(now).toISOString().replace('Z', '000Z');
}

/** The lease's spec when `identity` takes or renews it. */
export function heldSpec(
  before: LeaseSpec | undefined,
  identity: string,
  durationSeconds: number,
  now: number,
): LeaseSpec {
  const mine = before?.holderIdentity === identity;
  const transitions = before?.leaseTransitions ?? 0;
  return {
    holderIdentity: identity,
    leaseDurationSeconds: durationSeconds,
    acquireTime: (mine && before.acquireTime) || microTime(now),
    renewTime: microTime(now),
    leaseTransitions: mine || !before ? transitions : transitions + 1,
  };
}

/** The lease's spec when its holder gives it back: nobody's, and expired after a second. */
export function releasedSpec(before: LeaseSpec | undefined, now: number): LeaseSpec {
  return {
    holderIdentity: '',
    leaseDurationSeconds: 1,
    acquireTime: microTime(now),
    renewTime: microTime(now),
    leaseTransitions: before?.leaseTransitions ?? 0,
  };
}

/** What a lease is to say of its holder; undefined for an annotation that is to go. */
export type LeaseAnnotations = Readonly<Record<string, string | undefined>>;

/**
 * Writes the lease, guarded by the resourceVersion it was read with; creates it when it was not there.
 * @param annotations set beside those that it has; one that is undefined is removed
 */
export function writeLease(
  client: KubeClient,
  at: { namespace: string; name: string },
  before: Lease | undefined,
  spec: LeaseSpec,
  signal: AbortSignal,
  annotations: LeaseAnnotations = {},
): Promise<Lease> {
  const metadata: ObjectMeta = before?.metadata ?? { name: at.name, namespace: at.namespace };
  const lease: Lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { ...metadata, ...annotated(metadata, annotations) },
    spec: { ...before?.spec, ...spec },
  };
  return before ? client.replace(leases, lease, { signal }) : client.create(leases, lease, { signal });
}

function annotated(
  { annotations: before }: ObjectMeta,
  annotations: LeaseAnnotations,
): Pick<ObjectMeta, 'annotations'> {
  const all: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...before, ...annotations }))
    if (value !== undefined) all[name] = value;
  return before === undefined && Object.keys(all).length === 0 ? {} : { annotations: all };
}

/** The lease; undefined where there is none. @throws KubeError */
export async function findLease(
  client: KubeClient,
  at: { namespace: string; name: string },
  signal: AbortSignal,
): Promise<Lease | undefined> {
  try {
    return await client.get<Lease>(leases, at, { signal });
  } catch (error) {
    if (isKubeError(error, 'NotFound')) return undefined;
    throw error;
  }
}
