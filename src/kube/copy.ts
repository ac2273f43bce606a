// The copy of one resource's objects, and what of a change to it is told: each object that has become another one, is
// new or is gone. Where the objects come from, and when, is informer.ts's matter.
import { type KubeObject, keyOf, type ObjectKey } from './object.js';
import type { Change } from './predicate.js';
import { slim } from './slim.js';

export class ObjectCopy {
  readonly #tell: (key: ObjectKey, change: Change<KubeObject>) => void;
  #objects = new Map<ObjectKey, KubeObject>();

  /** @param tell never throws */
  constructor(tell: (key: ObjectKey, change: Change<KubeObject>) => void) {
    this.#tell = tell;
  }

  get(key: ObjectKey): KubeObject | undefined {
    return this.#objects.get(key);
  }

  keys(): IterableIterator<ObjectKey> {
    return this.#objects.keys();
  }

  items(): IterableIterator<KubeObject> {
    return this.#objects.values();
  }

  get size(): number {
    return this.#objects.size;
  }

  put(object: KubeObject): void {
    const key = keyOf(object);
    const known = this.#objects.get(key);
    this.#objects.set(key, object);
    this.#differ(key, known, object);
  }

  remove(key: ObjectKey): void {
    const known = this.#objects.get(key);
    this.#objects.delete(key);
    if (known) this.#differ(key, known, undefined);
  }

  /** Takes the objects of a full list. @returns what tells how they differ from those before */
  replace(fresh: Map<ObjectKey, KubeObject>): () => void {
    const before = this.#objects;
    this.#objects = fresh;
    return () => {
      for (const [key, object] of fresh) this.#differ(key, before.get(key), object);
      for (const [key, object] of before) if (!fresh.has(key)) this.#differ(key, object, undefined);
    };
  }

  /**
   * Takes in what a write of ours returned, without telling. Only if the copy is exactly what the write was made on:
   * otherwise somebody else's change would be swallowed.
   */
  wrote(base: KubeObject, result: KubeObject): void {
    const key = keyOf(result);
    const known = this.#objects.get(key)?.metadata;
    if (!known || known.uid !== result.metadata.uid) return;
    if (known.resourceVersion === base.metadata.resourceVersion) this.#objects.set(key, slim(result));
  }

  #differ(key: ObjectKey, before: KubeObject | undefined, after: KubeObject | undefined): void {
    if (
      before &&
      after &&
      before.metadata.uid === after.metadata.uid &&
      before.metadata.resourceVersion === after.metadata.resourceVersion
    ) {
      return;
    }
    this.#tell(key, { ...(before && { old: before }), ...(after && { new: after }) });
  }
}
