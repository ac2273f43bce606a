// Adds and removes one finalizer by guarded patches: others' finalizers are never touched, a copy that is
// behind is refused with Conflict. Needs the verb patch on the resource, nothing else.
import type { CallOptions, KubeClient } from './client.js';
import { isKubeError, KubeError } from './errors.js';
import type { ApiResource, KubeObject } from './object.js';

/** Whether the object carries the finalizer. */
export function hasFinalizer(object: KubeObject, finalizer: string): boolean {
  return object.metadata.finalizers?.includes(finalizer) ?? false;
}

/**
 * Adds the finalizer. The patch names the whole list, so it is guarded by the object's resourceVersion.
 * @returns the object as it is now (the same one if nothing was to be done)
 * @throws KubeError Conflict if the object has changed: try again with a newer one
 */
export async function addFinalizer(
  client: KubeClient,
  resource: ApiResource,
  object: KubeObject,
  finalizer: string,
  options: CallOptions = {},
): Promise<KubeObject> {
  if (hasFinalizer(object, finalizer)) return object;
  const { resourceVersion, finalizers = [] } = object.metadata;
  const body = { metadata: { resourceVersion, finalizers: [...finalizers, finalizer] } };
  return client.patch(resource, object.metadata, { type: 'merge', body }, options);
}

/**
 * Removes the finalizer. Guarded by the object's uid and the finalizer's place, not by the resourceVersion: a
 * status write meanwhile doesn't matter.
 * @returns the object as it is now; undefined if it is gone already
 * @throws KubeError Conflict if another object has the name or the list has changed: try again with a newer one
 */
export async function removeFinalizer(
  client: KubeClient,
  resource: ApiResource,
  object: KubeObject,
  finalizer: string,
  options: CallOptions = {},
): Promise<KubeObject | undefined> {
  const place = object.metadata.finalizers?.indexOf(finalizer) ?? -1;
  if (place < 0) return object;
  const path = `/metadata/finalizers/${place}`;
  const body = [
    { op: 'test', path: '/metadata/uid', value: object.metadata.uid },
    { op: 'test', path, value: finalizer },
    { op: 'remove', path },
  ] as const;
  try {
    return await client.patch(resource, object.metadata, { type: 'json', body }, options);
  } catch (error) {
    if (isKubeError(error, 'NotFound')) return undefined;
    // The API server says 422 when a test of the patch fails; no rule of ours can fail here otherwise.
    if (isKubeError(error, 'Invalid')) {
      throw new KubeError('Conflict', `the finalizers have changed: ${error.message}`, {
        status: error.status,
        reason: error.reason,
        cause: error,
      });
    }
    throw error;
  }
}
