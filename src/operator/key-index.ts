// Which objects of a kind hang on which named things (Secrets, roles, resource names), so that a change there
// wakes just them.
import type { ObjectKey } from '../kube/object.js';

export class KeyIndex {
  readonly #namesOf = new Map<ObjectKey, ReadonlySet<string>>();
  readonly #keysOf = new Map<string, Set<ObjectKey>>();

  /** Notes what the object hangs on now; nothing takes it out. */
  set(key: ObjectKey, names: ReadonlySet<string>): void {
    for (const name of this.#namesOf.get(key) ?? []) {
      const keys = this.#keysOf.get(name);
      keys?.delete(key);
      if (keys?.size === 0) this.#keysOf.delete(name);
    }
    this.#namesOf.delete(key);
    if (names.size === 0) return;
    this.#namesOf.set(key, names);
    for (const name of names) {
      const keys = this.#keysOf.get(name) ?? new Set();
      keys.add(key);
      this.#keysOf.set(name, keys);
    }
  }

  /** Objects that hang on the name. A copy: it may be changed while it is walked. */
  of(name: string): ObjectKey[] {
    return [...(this.#keysOf.get(name) ?? [])];
  }

  /** Objects that hang on anything. */
  all(): ObjectKey[] {
    return [...this.#namesOf.keys()];
  }
}
