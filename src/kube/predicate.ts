// Which changes of an object are worth a pass. Pure; the informer tells of every change, queued are these.
import { isDeepStrictEqual } from 'node:util';
import type { ObjectMeta } from './object.js';

export interface Change<T extends { metadata: ObjectMeta }> {
  /** Absent when the object is new to us. */
  readonly old?: T;
  /** Absent when the object is gone. */
  readonly new?: T;
}

/**
 * False for an update that leaves generation, deletion stamp, finalizers, labels and annotations as they were:
 * that is a status write, mostly our own, and would set the reconciler in a circle. An object that was deleted
 * and made again under its name is always worth a pass.
 * @param ownFinalizer an update that adds this finalizer and nothing else is our own write as well; one that takes
 *   it away is somebody else's
 */
export function isWorthAPass<T extends { metadata: ObjectMeta }>(
  change: Change<T>,
  ownFinalizer?: string,
): boolean {
  const before = change.old?.metadata;
  const after = change.new?.metadata;
  if (!before || !after) return true;
  return (
    before.uid !== after.uid ||
    before.generation !== after.generation ||
    before.deletionTimestamp !== after.deletionTimestamp ||
    finalizersChanged(before.finalizers ?? [], after.finalizers ?? [], ownFinalizer) ||
    !isDeepStrictEqual(before.labels ?? {}, after.labels ?? {}) ||
    !isDeepStrictEqual(before.annotations ?? {}, after.annotations ?? {})
  );
}

function finalizersChanged(before: string[], after: string[], own: string | undefined): boolean {
  if (isDeepStrictEqual(before, after)) return false;
  const added = own !== undefined && !before.includes(own) && after.includes(own);
  return (
    !added ||
    !isDeepStrictEqual(
      before,
      after.filter((finalizer) => finalizer !== own),
    )
  );
}
