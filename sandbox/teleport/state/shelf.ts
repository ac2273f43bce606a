// Resources by kind and name, in order: what the store and the cache in front of it are both made of. Knows
// expiry, which hides a resource; neither revisions nor events.
import { clone, type Message } from '@bufbuild/protobuf';
import type { Clock } from '../../../src/core/clock.js';
import { expiryOf } from './head.js';
import type { Resource, StoredKind } from './kinds.js';

export interface PageOptions {
  readonly from?: string;
  readonly size?: number;
  readonly filter?: (resource: Message) => boolean;
}

/** Reading resources; everything that is answered is a copy. */
export interface Reads {
  get<Kind extends StoredKind>(kind: Kind, name: string): Resource<Kind> | undefined;
  has(kind: StoredKind, name: string): boolean;
  /** All of the kind, ordered by name. */
  list<Kind extends StoredKind>(kind: Kind): Resource<Kind>[];
  /**
   * Resources ordered by name, the first of them not before `from`.
   * @returns at most `size`, and the name of the one that would come next
   */
  page<Kind extends StoredKind>(kind: Kind, options: PageOptions): { page: Resource<Kind>[]; next: string };
}

export class Shelf {
  readonly clock: Clock;
  readonly #kinds = new Map<StoredKind, Map<string, Message>>();
  /** Names in order, by kind; made again after a resource came or went. */
  readonly #sorted = new Map<StoredKind, readonly string[]>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** The resource itself, expired or not. */
  at(kind: StoredKind, name: string): Message | undefined {
    return this.#of(kind).get(name);
  }

  /** The resource itself, if it has not expired. */
  live(kind: StoredKind, name: string): Message | undefined {
    const found = this.at(kind, name);
    return found && !this.isExpired(found) ? found : undefined;
  }

  isExpired(resource: Message): boolean {
    const expiry = expiryOf(resource);
    return expiry !== undefined && expiry <= this.clock.now();
  }

  put(kind: StoredKind, name: string, resource: Message): void {
    const resources = this.#of(kind);
    if (!resources.has(name)) this.#sorted.delete(kind);
    resources.set(name, resource);
  }

  remove(kind: StoredKind, name: string): void {
    this.#of(kind).delete(name);
    this.#sorted.delete(kind);
  }

  names(kind: StoredKind): readonly string[] {
    let names = this.#sorted.get(kind);
    if (!names) this.#sorted.set(kind, (names = [...this.#of(kind).keys()].sort()));
    return names;
  }

  page<Kind extends StoredKind>(kind: Kind, options: PageOptions): { page: Resource<Kind>[]; next: string } {
    const { from = '', size = Infinity, filter } = options;
    const page: Resource<Kind>[] = [];
    for (const name of this.names(kind)) {
      const found = name >= from ? this.live(kind, name) : undefined;
      if (!found || filter?.(found) === false) continue;
      if (page.length >= size) return { page, next: name };
      page.push(copyOf(kind, found));
    }
    return { page, next: '' };
  }

  kinds(): readonly StoredKind[] {
    return [...this.#kinds.keys()];
  }

  #of(kind: StoredKind): Map<string, Message> {
    let resources = this.#kinds.get(kind);
    if (!resources) this.#kinds.set(kind, (resources = new Map()));
    return resources;
  }
}

export function copyOf<Kind extends StoredKind>(kind: Kind, resource: Message): Resource<Kind> {
  return clone(kind.schema, resource as never) as Resource<Kind>;
}
