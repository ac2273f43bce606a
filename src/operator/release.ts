// The end of the operator in a cluster, or in namespaces that were its own: has the Lease taken from whoever leads there
// (release-lease.ts), removes our finalizer from every object, and tells what stays in Teleport. Asks Teleport nothing and
// changes nothing there. Whose objects are meant is release-scope.ts's matter.
import { type AnyKind, apiResource } from '../kinds/kind.js';
import type { KubeClient } from '../kube/client.js';
import { isKubeError } from '../kube/errors.js';
import { hasFinalizer, removeFinalizer } from '../kube/finalizer.js';
import { type ApiResource, type KubeObject, keyOf } from '../kube/object.js';
import { finalizer } from '../reconcile/names.js';
import { resourceName } from '../reconcile/wanted.js';
import { type Namespaces, union } from './namespaces.js';
import { forgetFormer, type LeaseParts, takeLease } from './release-lease.js';

const pageSize = 500;
/** Tries for one object that others write to meanwhile. */
const tries = 5;

export interface ReleaseParts extends LeaseParts {
  readonly kinds: readonly AnyKind[];
  /** Where the operator kept objects before; more of them may not be allowed to be looked at. */
  readonly former?: Former;
  /** Nobody works in the namespaces: the Lease is left to whoever has it. */
  readonly leavesLease?: boolean;
  /** Nothing is written: not the Lease, no object. */
  readonly dryRun: boolean;
}

export interface Former {
  readonly namespaces: Namespaces;
  /** Those of other operators. */
  readonly except: readonly string[];
}

export interface Released {
  /** Objects that carry no finalizer of ours any more; in a dry run, that would not. */
  readonly objects: number;
  /** What could not be done. */
  readonly problems: readonly string[];
  /** Whether the Lease is ours from now on; false where it went with the namespace. */
  readonly leaseKept: boolean;
}

/**
 * Releases every object.
 * @throws KubeError where the Lease can't be taken; then nothing was changed.
 */
export async function release(parts: ReleaseParts, signal: AbortSignal): Promise<Released> {
  const { kube, dryRun, namespaces } = parts;
  const former = parts.former?.namespaces ?? [];
  const leaseKept = !dryRun && parts.leavesLease !== true && (await takeLease(parts, signal));
  const problems: string[] = [];
  const failed = (what: string, error: unknown): void => {
    signal.throwIfAborted();
    problems.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  };
  let objects = 0;
  const places = placesOf(parts);
  for (const kind of parts.kinds) {
    for (const place of places) {
      if (place.isClosed) continue;
      try {
        for (const object of await all(kube, apiResource(kind), place.namespace, signal)) {
          if (!hasFinalizer(object, finalizer) || place.isOthers(object.metadata.namespace ?? '')) continue;
          try {
            if (!dryRun) await releaseOne(kube, apiResource(kind), object, signal);
            objects++;
            parts.tell(line(kind, object, dryRun));
          } catch (error) {
            failed(`${kind.object.kind} ${keyOf(object)}`, error);
          }
        }
      } catch (error) {
        if (place.isFormer && isKubeError(error, 'Forbidden')) {
          // The rights went with the namespace; nobody needs to be told for each kind.
          place.isClosed = true;
          problems.push(unseen(place.namespace));
        }
        // Its CRD is not installed: there is nothing to release.
        else if (!isKubeError(error, 'NotFound')) failed(kind.object.kind, error);
      }
    }
  }
  if (!dryRun && problems.length === 0) {
    await forgetFormer(parts, union(namespaces, former), signal).catch((error: unknown) =>
      failed('The Lease, which still names namespaces that were let go of', error),
    );
  }
  return { objects, problems, leaseKept };
}

/** Where objects are looked for: one namespace, or all of them where it is undefined. */
interface Place {
  readonly namespace: string | undefined;
  readonly isFormer: boolean;
  /** Whether objects of the namespace are looked for elsewhere, or not at all. */
  readonly isOthers: (namespace: string) => boolean;
  /** It may not be looked into. */
  isClosed?: boolean;
}

function placesOf({ namespaces, former }: ReleaseParts): Place[] {
  const of = (those: Namespaces, isFormer: boolean, but: readonly string[]): Place[] =>
    (those === 'all' ? [undefined] : those).map((namespace) => ({
      namespace,
      isFormer,
      isOthers: (name) => but.includes(name),
    }));
  const now = of(namespaces, false, []);
  if (!former || namespaces === 'all') return now;
  return [...now, ...of(former.namespaces, true, [...namespaces, ...former.except])];
}

const unseen = (namespace: string | undefined): string =>
  `${namespace === undefined ? 'All other namespaces' : `Namespace ${namespace}`}: the operator worked there before, as its Lease says, and this ` +
  'account may not look whether objects there keep their finalizers. Run release with one that may (as an administrator, from outside); or name the ' +
  'others with -namespaces, and they are left alone';

function line({ object: { kind }, resource }: AnyKind, object: KubeObject, dryRun: boolean): string {
  const { namespace = '', name, deletionTimestamp } = object.metadata;
  const is = dryRun ? 'would be' : 'is';
  const going = deletionTimestamp === undefined ? '' : `; the object was being deleted and ${is} gone`;
  const stays = dryRun ? 'would stay' : 'stays';
  return `${kind} ${namespace}/${name}: the ${resource.kind} ${JSON.stringify(resourceName(object))} ${stays} in Teleport${going}`;
}

/** How many were released, and where they were looked for. */
export function summary(objects: number, namespaces: Namespaces, dryRun = false): string {
  const names = namespaces === 'all' ? [] : namespaces;
  const where =
    namespaces === 'all' ? 'all namespaces' : `namespace${names.length === 1 ? '' : 's'} ${names.join(', ')}`;
  const [many, nothing] = dryRun
    ? ['would be released', 'nothing was changed (-dry-run)']
    : ['released', 'nothing was changed in Teleport'];
  return `${objects} object${objects === 1 ? '' : 's'} ${many} in ${where}; ${nothing}.`;
}

async function all(
  kube: KubeClient,
  resource: ApiResource,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<KubeObject[]> {
  const objects: KubeObject[] = [];
  let page = '';
  do {
    const list = await kube.list(resource, {
      namespace,
      limit: pageSize,
      signal,
      ...(page && { continue: page }),
    });
    objects.push(...list.items);
    page = list.metadata.continue ?? '';
  } while (page !== '');
  return objects;
}

/** @throws KubeError */
async function releaseOne(
  kube: KubeClient,
  resource: ApiResource,
  object: KubeObject,
  signal: AbortSignal,
): Promise<void> {
  let current = object;
  for (let attempt = 1; ; attempt++) {
    try {
      await removeFinalizer(kube, resource, current, finalizer, { signal });
      return;
    } catch (error) {
      if (!isKubeError(error, 'Conflict') || attempt >= tries) throw error;
    }
    try {
      current = await kube.get(resource, object.metadata, { signal });
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return;
      throw error;
    }
  }
}
