// The storage engine behind every kind: resources by kind and name, revisions, expiry, and the changes that
// writes and deletions are. It knows no rules of any kind: services decide what may be stored.
import { randomUUID } from 'node:crypto';
import type { Message } from '@bufbuild/protobuf';
import type { Clock } from '../../../src/core/clock.js';
import { alreadyExists, revisionMismatch } from '../refusal.js';
import { fillAlways } from './always.js';
import { nameOf, revisionOf, setRevision } from './head.js';
import type { Resource, StoredKind } from './kinds.js';
import { copyOf, type PageOptions, type Reads, Shelf } from './shelf.js';

/** A change, as watchers see it. */
export type Change =
  | { readonly type: 'put'; readonly kind: StoredKind; readonly name: string; readonly resource: Message }
  | { readonly type: 'delete'; readonly kind: StoredKind; readonly name: string };

/** Calls back synchronously at every change; resources must not be changed by it. */
export type Subscribe = (listener: (change: Change) => void) => () => void;

export class Store implements Reads {
  readonly #shelf: Shelf;
  readonly #listeners = new Set<(change: Change) => void>();

  constructor(clock: Clock) {
    this.#shelf = new Shelf(clock);
  }

  get<Kind extends StoredKind>(kind: Kind, name: string): Resource<Kind> | undefined {
    const found = this.#live(kind, name);
    return found && copyOf(kind, found);
  }

  has(kind: StoredKind, name: string): boolean {
    return this.#live(kind, name) !== undefined;
  }

  list<Kind extends StoredKind>(kind: Kind): Resource<Kind>[] {
    return this.page(kind, {}).page;
  }

  page<Kind extends StoredKind>(kind: Kind, options: PageOptions): { page: Resource<Kind>[]; next: string } {
    return this.#shelf.page(kind, options);
  }

  /** Whether any resource is so; the resource must not be changed by the test. */
  some<Kind extends StoredKind>(kind: Kind, test: (resource: Resource<Kind>) => boolean): boolean {
    return this.#shelf.names(kind).some((name) => {
      const found = this.#live(kind, name);
      return found !== undefined && test(found as Resource<Kind>);
    });
  }

  /** @throws AlreadyExists in the words of the sqlite backend */
  create<Kind extends StoredKind>(kind: Kind, resource: Resource<Kind>): Resource<Kind> {
    if (this.has(kind, nameOf(resource))) throw alreadyExists('UNIQUE constraint failed: kv.key');
    return this.put(kind, resource);
  }

  /** @throws CompareFailed when the resource does not carry the stored revision, or nothing is stored */
  update<Kind extends StoredKind>(kind: Kind, resource: Resource<Kind>): Resource<Kind> {
    const existing = this.#live(kind, nameOf(resource));
    if (!existing || revisionOf(existing) !== revisionOf(resource)) throw revisionMismatch();
    return this.put(kind, resource);
  }

  /** Stores whatever was there before. @returns a copy of what is stored, with its new revision */
  put<Kind extends StoredKind>(kind: Kind, resource: Resource<Kind>): Resource<Kind> {
    const kept = copyOf(kind, resource);
    fillAlways(kind.schema, kept);
    setRevision(kept, randomUUID());
    const name = nameOf(kept);
    this.#shelf.put(kind, name, kept);
    this.#announce({ type: 'put', kind, name, resource: kept });
    return copyOf(kind, kept);
  }

  /** @returns whether there was something to delete */
  delete(kind: StoredKind, name: string): boolean {
    if (!this.#live(kind, name)) return false;
    this.#drop(kind, name);
    return true;
  }

  readonly subscribe: Subscribe = (listener) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The live resource itself; drops it, with an event, when it has expired. */
  #live(kind: StoredKind, name: string): Message | undefined {
    const found = this.#shelf.at(kind, name);
    if (found && this.#shelf.isExpired(found)) this.#drop(kind, name);
    return this.#shelf.at(kind, name);
  }

  #drop(kind: StoredKind, name: string): void {
    this.#shelf.remove(kind, name);
    this.#announce({ type: 'delete', kind, name });
  }

  #announce(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}
