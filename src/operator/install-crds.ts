// -install-crds: brings the CRDs of this build into the cluster with server-side apply, and only ever forward: one that a
// newer build wrote stays. What the CRDs are is generated; Helm and `crds | kubectl apply` are the other ways.
import { version as ownVersion } from '../cli/version.js';
import type { Logger } from '../core/log.js';
import type { KubeClient } from '../kube/client.js';
import { isKubeError } from '../kube/errors.js';
import type { ApiResource, ObjectMeta } from '../kube/object.js';

/** Says which version of the operator wrote a CRD. */
export const writtenBy = 'resources.teleport.dev/crd-version';

const resource: ApiResource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
};
const fieldManager = 'teleport-operator-crds';

export interface Crd {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly spec?: unknown;
  readonly status?: { readonly storedVersions?: readonly string[] };
}

export interface CrdInstallation {
  readonly kube: KubeClient;
  readonly log: Logger;
  readonly crds: readonly Crd[];
  /** The version that writes; this build's by default. */
  readonly version?: string;
}

/**
 * Writes the CRDs. One that can't be written is logged and left: its kind stays off, the others work.
 * @throws the signal's reason when it is aborted.
 */
export async function installCrds(parts: CrdInstallation, signal: AbortSignal): Promise<void> {
  const { log, crds } = parts;
  for (const crd of crds) {
    try {
      await installOne(parts, crd, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const name = crd.metadata.name;
      if (isKubeError(error, 'Forbidden')) {
        log.error('-install-crds: not allowed; grant get, create and patch on customresourcedefinitions', {
          crd: name,
          error: error.message,
        });
        return;
      }
      log.error('-install-crds: a CRD could not be written', { crd: name, error: String(error) });
    }
  }
}

async function installOne(parts: CrdInstallation, crd: Crd, signal: AbortSignal): Promise<void> {
  const { kube, log, version = ownVersion } = parts;
  const { name } = crd.metadata;
  const live = await kube.get<Crd>(resource, { name }, { signal }).catch((error: unknown) => {
    if (isKubeError(error, 'NotFound')) return undefined;
    throw error;
  });
  const theirs = live?.metadata.annotations?.[writtenBy];
  if (theirs !== undefined && isNewer(theirs, version)) {
    log.info('-install-crds: left as a newer version wrote it', { crd: name, version: theirs });
    return;
  }
  const body = {
    ...crd,
    metadata: { name, annotations: { ...crd.metadata.annotations, [writtenBy]: version } },
  };
  await kube.patch<Crd>(resource, { name }, { type: 'apply', body, fieldManager, force: true }, { signal });
  if (!live) log.info('-install-crds: made', { crd: name });
}

/** Whether `one` is a later version than `other`, as semantic versions; what is none is later than nothing. */
export function isNewer(one: string, other: string): boolean {
  const [first, second] = [parsed(one), parsed(other)];
  if (!first) return false;
  if (!second) return true;
  for (const [index, number] of first.numbers.entries()) {
    const difference = number - (second.numbers[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  if (first.pre === '' || second.pre === '') return first.pre === '' && second.pre !== '';
  return first.pre.localeCompare(second.pre, 'en', { numeric: true }) > 0;
}

function parsed(text: string): { numbers: number[]; pre: string } | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)(?:-([\w.-]+))?(?:\+.*)?$/.exec(text);
  if (!match) return undefined;
  return { numbers: match.slice(1, 4).map(Number), pre: match[4] ?? '' };
}
