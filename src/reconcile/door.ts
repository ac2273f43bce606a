// Keeps passes that could only find what the last one left from being run: the watch event of our own
// finalizer patch, or an update that changes nothing a pass reads. What asks for a pass for another reason
// (a retry, the resync) passes always.
import { hasFinalizer } from '../kube/finalizer.js';
import type { KubeObject, ObjectKey } from '../kube/object.js';
import { type Change, isWorthAPass } from '../kube/predicate.js';
import { finalizer } from './names.js';

/** Whether a change of an object asks for a pass. Our own finalizer being added is the echo of one that runs. */
export const isNews = (change: Change<KubeObject>): boolean => isWorthAPass(change, finalizer);

/** All of an object that a pass reads, except its status. */
export function fingerprint({ metadata }: Pick<KubeObject, 'metadata'>): string {
  const { uid, generation, deletionTimestamp, finalizers, labels, annotations } = metadata;
  return JSON.stringify([
    uid,
    generation,
    deletionTimestamp,
    finalizers,
    sorted(labels),
    sorted(annotations),
  ]);
}

function sorted(map: Record<string, string> | undefined): unknown {
  return map && Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
}

export class Door {
  /** What the last finished pass over an object saw. */
  readonly #settled = new Map<ObjectKey, string>();
  readonly #forced = new Set<ObjectKey>();

  /** Lets the next pass over the object through in any case. */
  force(key: ObjectKey): void {
    this.#forced.add(key);
  }

  /** Whether a pass over the object as it now is has something to find out. */
  admits(key: ObjectKey, object: KubeObject): boolean {
    if (this.#forced.delete(key)) return true;
    const settled = this.#settled.get(key);
    return settled === undefined || settled !== fingerprint(object);
  }

  /**
   * A pass over the object came to an end that another could not change.
   * @param read the object as the pass read it: what came in later, with a write of its own, it may not have heeded
   * @param left the object as its own writes left it
   */
  settle(key: ObjectKey, read: KubeObject, left: KubeObject = read): void {
    const { finalizers = [] } = read.metadata;
    const holds = hasFinalizer(left, finalizer) && !hasFinalizer(read, finalizer);
    const seen = holds ? { ...read.metadata, finalizers: [...finalizers, finalizer] } : read.metadata;
    this.#settled.set(key, fingerprint({ metadata: seen }));
  }

  /** The object needs another pass, or is gone. */
  forget(key: ObjectKey): void {
    this.#settled.delete(key);
    this.#forced.delete(key);
  }
}
