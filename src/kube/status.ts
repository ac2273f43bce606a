// Writes an object's status, only if it differs, and never over something newer: each write is guarded by the
// resourceVersion that it was computed from. What the status says is the caller's.
import type { CallOptions, KubeClient } from './client.js';
import { isKubeError } from './errors.js';
import { mergePatch } from './merge-patch.js';
import type { ApiResource, KubeObject } from './object.js';

export type StatusResult =
  /** Nothing differed; `object` is the one that was given, or a newer one that was looked at. */
  | { readonly outcome: 'unchanged'; readonly object: KubeObject }
  /** `base` is what it was written on, `object` what came of it. */
  | { readonly outcome: 'written'; readonly base: KubeObject; readonly object: KubeObject }
  /** The object is not there any more, or another one has its name. */
  | { readonly outcome: 'gone' }
  /** Its spec has changed since; the pass that this brings will write a status. */
  | { readonly outcome: 'superseded' };

/** Conflicts in a row before the last one is thrown. */
const tries = 4;

/**
 * Brings the status fields that we own to what `compute` returns for the object. Fields that it does not name
 * are left alone, fields that it returns as undefined are removed.
 *
 * The object may come from an informer's copy and be behind. Then the guarded write is refused, the object is
 * read, and `compute` is asked again with it: so neither our own newer status nor others' conditions are lost.
 * @throws KubeError, or the signal's reason
 */
export async function writeStatus(
  client: KubeClient,
  resource: ApiResource,
  object: KubeObject,
  compute: (current: KubeObject) => Readonly<Record<string, unknown>>,
  options: CallOptions = {},
): Promise<StatusResult> {
  let base = object;
  for (let attempt = 1; ; attempt++) {
    const status = mergePatch(base.status ?? {}, compute(base));
    if (!status) return { outcome: 'unchanged', object: base };
    try {
      const body = { metadata: { resourceVersion: base.metadata.resourceVersion }, status };
      const written = await client.patch(
        resource,
        base.metadata,
        { type: 'merge', body },
        { ...options, subresource: 'status' },
      );
      return { outcome: 'written', base, object: written };
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return { outcome: 'gone' };
      if (!isKubeError(error, 'Conflict') || attempt >= tries) throw error;
    }
    try {
      base = await client.get(resource, object.metadata, options);
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return { outcome: 'gone' };
      throw error;
    }
    if (base.metadata.uid !== object.metadata.uid) return { outcome: 'gone' };
    if (base.metadata.generation !== object.metadata.generation) return { outcome: 'superseded' };
  }
}
