// Which changes of an object are worth a pass. Pure; the informer stores every change, announced are these.
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
 */
export function isWorthAPass<T extends { metadata: ObjectMeta }>(change: Change<T>): boolean {
  const before = change.old?.metadata;
  const after = change.new?.metadata;
  if (!before || !after) return true;
  return (
    before.uid !== after.uid ||
    before.generation !== after.generation ||
    before.deletionTimestamp !== after.deletionTimestamp ||
    !isDeepStrictEqual(before.finalizers ?? [], after.finalizers ?? []) ||
    !isDeepStrictEqual(before.labels ?? {}, after.labels ?? {}) ||
    !isDeepStrictEqual(before.annotations ?? {}, after.annotations ?? {})
  );
}
