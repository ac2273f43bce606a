// Which objects of a kind hang on which named things (Secrets, roles, resource names), so that a change there
// wakes just them. Most hang on one thing that nobody else hangs on, so one alone is kept without a set around it.
import type { ObjectKey } from '../kube/object.js';

type Some = string | Set<string>;

export class KeyIndex {
  readonly #namesOf = new Map<ObjectKey, Some>();
  readonly #keysOf = new Map<string, Some>();

  /** Notes what the object hangs on now; nothing takes it out. */
  set(key: ObjectKey, names: ReadonlySet<string>): void {
    for (const name of each(this.#namesOf.get(key))) this.#release(name, key);
    this.#namesOf.delete(key);
    const [first, second] = names;
    if (first === undefined) return;
    this.#namesOf.set(key, second === undefined ? first : new Set(names));
    for (const name of names) this.#keysOf.set(name, added(this.#keysOf.get(name), key));
  }

  /** Objects that hang on the name. A copy: it may be changed while it is walked. */
  of(name: string): ObjectKey[] {
    return [...each(this.#keysOf.get(name))];
  }

  /** Objects that hang on anything. */
  all(): ObjectKey[] {
    return [...this.#namesOf.keys()];
  }

  #release(name: string, key: ObjectKey): void {
    const keys = this.#keysOf.get(name);
    if (typeof keys === 'object') keys.delete(key);
    if (typeof keys === 'string' || keys?.size === 0) this.#keysOf.delete(name);
  }
}

function each(some: Some | undefined): Iterable<string> {
  return typeof some === 'string' ? [some] : (some ?? []);
}

function added(some: Some | undefined, key: string): Some {
  if (some === undefined || some === key) return key;
  return typeof some === 'string' ? new Set([some, key]) : some.add(key);
}
