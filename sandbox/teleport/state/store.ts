// The storage engine behind every kind: resources by kind and name, revisions, expiry, and the events that
// writes and deletions cause. It knows no rules of any kind: services decide what may be stored.
import { randomUUID } from 'node:crypto';
import { clone, type Message } from '@bufbuild/protobuf';
import type { Clock } from '../../../src/core/clock.js';
import { alreadyExists, revisionMismatch } from '../refusal.js';
import { fillAlways } from './always.js';
import { expiryOf, nameOf, revisionOf, setRevision } from './head.js';
import type { Resource, StoredKind } from './kinds.js';

/** A change, as watchers see it. */
export type Change =
  | { readonly type: 'put'; readonly kind: StoredKind; readonly name: string; readonly resource: Message }
  | { readonly type: 'delete'; readonly kind: StoredKind; readonly name: string };

export interface PageOptions {
  readonly from?: string;
  readonly size?: number;
  readonly filter?: (resource: Message) => boolean;
}

export class Store {
  readonly #kinds = new Map<string, Map<string, Message>>();
  /** Names in order, by kind; made again after a resource came or went. */
  readonly #sorted = new Map<string, readonly string[]>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A copy of the stored resource. */
  get<Kind extends StoredKind>(kind: Kind, name: string): Resource<Kind> | undefined {
    const found = this.#live(kind, name);
    return found && this.#copy(kind, found);
  }

  has(kind: StoredKind, name: string): boolean {
    return this.#live(kind, name) !== undefined;
  }

  /** Copies of all resources of the kind, ordered by name. */
  list<Kind extends StoredKind>(kind: Kind): Resource<Kind>[] {
    return this.page(kind, {}).page;
  }

  /**
   * Copies of resources ordered by name, the first of them not before `from`.
   * @returns at most `size`, and the name of the one that would come next
   */
  page<Kind extends StoredKind>(kind: Kind, options: PageOptions): { page: Resource<Kind>[]; next: string } {
    const { from = '', size = Infinity, filter } = options;
    const page: Resource<Kind>[] = [];
    for (const name of this.#namesOf(kind)) {
      const found = name >= from ? this.#live(kind, name) : undefined;
      if (!found || filter?.(found) === false) continue;
      if (page.length >= size) return { page, next: name };
      page.push(this.#copy(kind, found));
    }
    return { page, next: '' };
  }

  /** Whether any resource is so; the resource must not be changed by the test. */
  some<Kind extends StoredKind>(kind: Kind, test: (resource: Resource<Kind>) => boolean): boolean {
    return this.#namesOf(kind).some((name) => {
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
    const kept = this.#copy(kind, resource);
    fillAlways(kind.schema, kept);
    setRevision(kept, randomUUID());
    const name = nameOf(kept);
    if (!this.#of(kind).has(name)) this.#sorted.delete(kind.kind);
    this.#of(kind).set(name, kept);
    this.#announce({ type: 'put', kind, name, resource: kept });
    return this.#copy(kind, kept);
  }

  /** @returns whether there was something to delete */
  delete(kind: StoredKind, name: string): boolean {
    if (!this.#live(kind, name)) return false;
    this.#drop(kind, name);
    return true;
  }

  /** Calls `listener` synchronously at every change; resources must not be changed by it. */
  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The live resource itself; drops it, with an event, when it has expired. */
  #live(kind: StoredKind, name: string): Message | undefined {
    const found = this.#of(kind).get(name);
    if (!found) return undefined;
    const expiry = expiryOf(found);
    if (expiry === undefined || expiry > this.#clock.now()) return found;
    this.#drop(kind, name);
    return undefined;
  }

  #drop(kind: StoredKind, name: string): void {
    this.#of(kind).delete(name);
    this.#sorted.delete(kind.kind);
    this.#announce({ type: 'delete', kind, name });
  }

  #namesOf(kind: StoredKind): readonly string[] {
    let names = this.#sorted.get(kind.kind);
    if (!names) this.#sorted.set(kind.kind, (names = [...this.#of(kind).keys()].sort()));
    return names;
  }

  #of(kind: StoredKind): Map<string, Message> {
    let resources = this.#kinds.get(kind.kind);
    if (!resources) this.#kinds.set(kind.kind, (resources = new Map()));
    return resources;
  }

  #copy<Kind extends StoredKind>(kind: Kind, resource: Message): Resource<Kind> {
    return clone(kind.schema, resource as never) as Resource<Kind>;
  }

  #announce(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}
