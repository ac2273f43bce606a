// The end of the operator in a cluster: takes the Lease away from whoever leads and keeps it, removes our finalizer
// from every object, and tells what stays in Teleport. Asks Teleport nothing and changes nothing there.
import { sleep } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import { type AnyKind, apiResource } from '../kinds/kind.js';
import type { KubeClient } from '../kube/client.js';
import { isKubeError, isNamespaceClosed } from '../kube/errors.js';
import { hasFinalizer, removeFinalizer } from '../kube/finalizer.js';
import { findLease, heldSpec, writeLease } from '../kube/lease.js';
import { type ApiResource, type KubeObject, keyOf } from '../kube/object.js';
import { finalizer, leaseNamespaces } from '../reconcile/names.js';
import { resourceName } from '../reconcile/wanted.js';
import { type Namespaces, namespacesText } from './namespaces.js';

/** The Lease is kept for so long, in seconds: ten years, or until somebody deletes it. */
const keptSeconds = 315_360_000;
/** A leader that lost its Lease makes no write after this time, in milliseconds: the renew deadline of client-go, and ours. */
const leaderEndsMs = 15_000;
const pageSize = 500;
/** Tries for one object that others write to meanwhile. */
const tries = 5;

export interface ReleaseParts {
  readonly kube: KubeClient;
  readonly clock: Clock;
  readonly kinds: readonly AnyKind[];
  /** Where the Lease is. */
  readonly namespace: string;
  readonly leaseName: string;
  readonly namespaces: Namespaces;
  readonly identity: string;
  /** Nothing is written: not the Lease, no object. */
  readonly dryRun: boolean;
  /** One line for people. */
  readonly tell: (line: string) => void;
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
  const leaseKept = !parts.dryRun && (await takeLease(parts, signal));
  const problems: string[] = [];
  const failed = (what: string, error: unknown): void => {
    signal.throwIfAborted();
    problems.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  };
  let objects = 0;
  for (const kind of parts.kinds) {
    for (const namespace of parts.namespaces === 'all' ? [undefined] : parts.namespaces) {
      try {
        for (const object of await all(parts.kube, apiResource(kind), namespace, signal)) {
          if (!hasFinalizer(object, finalizer)) continue;
          try {
            if (!parts.dryRun) await releaseOne(parts.kube, apiResource(kind), object, signal);
            objects++;
            parts.tell(line(kind, object, parts.dryRun));
          } catch (error) {
            failed(`${kind.object.kind} ${keyOf(object)}`, error);
          }
        }
      } catch (error) {
        // Its CRD is not installed: there is nothing to release.
        if (!isKubeError(error, 'NotFound')) failed(kind.object.kind, error);
      }
    }
  }
  return { objects, problems, leaseKept };
}

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

/** The Lease becomes ours whoever has it; a leader that is at work gets the time to notice. @returns Released.leaseKept */
async function takeLease(parts: ReleaseParts, signal: AbortSignal): Promise<boolean> {
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
      const told = before ? undefined : { [leaseNamespaces]: namespacesText(parts.namespaces) };
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
      // The leader renews every two seconds; one of the tries falls in between.
      if (!isKubeError(error, 'Conflict', 'AlreadyExists') || attempt >= tries * 4) throw error;
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
