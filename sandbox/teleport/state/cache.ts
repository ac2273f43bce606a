// Auth's cache: what reads, lock checks, join tokens and watches see, a while after it was written (observed.md
// A.3, A.4). A resource that it has not heard of yet is looked up in the store, one that was deleted is still
// there.
import type { Clock } from '../../../src/core/clock.js';
import type { Resource, StoredKind } from './kinds.js';
import { copyOf, type PageOptions, type Reads, Shelf } from './shelf.js';
import type { Change, Store, Subscribe } from './store.js';

export class Cache implements Reads {
  readonly #store: Store;
  readonly #shelf: Shelf;
  readonly #listeners = new Set<(change: Change) => void>();

  /** @param delayMs how long after a write the cache knows of it */
  constructor(store: Store, clock: Clock, delayMs: number) {
    this.#store = store;
    this.#shelf = new Shelf(clock);
    store.subscribe((change) => clock.after(delayMs, () => this.#apply(change)));
  }

  get<Kind extends StoredKind>(kind: Kind, name: string): Resource<Kind> | undefined {
    const found = this.#shelf.live(kind, name);
    return found ? copyOf(kind, found) : this.#store.get(kind, name);
  }

  has(kind: StoredKind, name: string): boolean {
    return this.#shelf.live(kind, name) !== undefined || this.#store.has(kind, name);
  }

  list<Kind extends StoredKind>(kind: Kind): Resource<Kind>[] {
    return this.page(kind, {}).page;
  }

  page<Kind extends StoredKind>(kind: Kind, options: PageOptions): { page: Resource<Kind>[]; next: string } {
    return this.#shelf.page(kind, options);
  }

  readonly subscribe: Subscribe = (listener) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #apply(change: Change): void {
    if (change.type === 'put') this.#shelf.put(change.kind, change.name, change.resource);
    else this.#shelf.remove(change.kind, change.name);
    for (const listener of this.#listeners) listener(change);
  }
}
