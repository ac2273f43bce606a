// All objects in memory, by type, namespace and name, with one counter of versions, a bounded history per type and
// its watchers. Knows no rules: whoever writes has checked. Stored objects are never changed in place.
import type { ResourceType } from './kinds/resource-type.js';
import { groupVersion } from './kinds/resource-type.js';
import type { ApiObject } from './object.js';

/** One version of one object, with its JSON kept for all who read it. */
export class Entry {
  private readonly cache = new Map<string, string>();

  constructor(
    readonly type: ResourceType,
    readonly object: ApiObject,
    readonly rv: number,
  ) {}

  get key(): string {
    return storeKey(this.object.metadata.namespace, this.object.metadata.name);
  }

  /** The object as a version of its type shows it: conversion changes apiVersion alone. */
  view(version: string): ApiObject {
    const apiVersion = groupVersion(this.type.group, version);
    return this.object.apiVersion === apiVersion ? this.object : { ...this.object, apiVersion };
  }

  /** The JSON of `view`. */
  text(version: string): string {
    return this.cached(version, () => JSON.stringify(this.view(version)));
  }

  /** The JSON in a list: built-in types leave kind and apiVersion out there. */
  itemText(version: string): string {
    if (!this.type.builtin) return this.text(version);
    return this.cached(`${version} item`, () => {
      const { kind: _kind, apiVersion: _apiVersion, ...rest } = this.object;
      return JSON.stringify(rest);
    });
  }

  private cached(name: string, make: () => string): string {
    let text = this.cache.get(name);
    if (text === undefined) {
      text = make();
      this.cache.set(name, text);
    }
    return text;
  }
}

export interface StoreEvent {
  readonly kind: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly rv: number;
  readonly entry: Entry;
  /** What was there before; selectors decide with it whether an object has left a watcher's view. */
  readonly previous?: Entry | undefined;
}

type Listener = (event: StoreEvent) => void;

interface Collection {
  entries: Map<string, Entry>;
  /** Keys in order, or undefined after a key came or went. */
  sorted: string[] | undefined;
  history: StoreEvent[];
  /** Events at or below this version are forgotten. */
  forgotten: number;
  listeners: Set<Listener>;
}

/** The order of lists: etcd's keys, `namespace/name`. */
export function storeKey(namespace: string | undefined, name: string): string {
  return namespace ? `${namespace}/${name}` : name;
}

export class Store {
  private readonly collections = new Map<string, Collection>();
  private compactions = 0;
  private current = 1;

  /** @param historyLimit events kept per type; watches from before them answer 410 */
  constructor(private readonly historyLimit: number) {}

  /** The version of the last write. */
  get rv(): number {
    return this.current;
  }

  /** Grows with every compaction; continue tokens from before one are expired. */
  get epoch(): number {
    return this.compactions;
  }

  get(type: ResourceType, namespace: string | undefined, name: string): Entry | undefined {
    return this.of(type).entries.get(storeKey(namespace, name));
  }

  /** All entries of a type in order; of one namespace if given. */
  list(type: ResourceType, namespace?: string): Entry[] {
    const collection = this.of(type);
    collection.sorted ??= [...collection.entries.keys()].sort((a, b) => (a < b ? -1 : 1));
    const found: Entry[] = [];
    for (const key of collection.sorted) {
      const entry = collection.entries.get(key);
      if (entry && (!namespace || entry.object.metadata.namespace === namespace)) found.push(entry);
    }
    return found;
  }

  /** Stores an object under its own name, new or in place of the old one. Takes the object over. */
  put(type: ResourceType, object: ApiObject): Entry {
    const collection = this.of(type);
    const rv = this.next(object);
    const entry = new Entry(type, object, rv);
    const previous = collection.entries.get(entry.key);
    if (!previous) collection.sorted = undefined;
    collection.entries.set(entry.key, entry);
    this.emit(collection, { kind: previous ? 'MODIFIED' : 'ADDED', rv, entry, previous });
    return entry;
  }

  /** Removes an object; `object` is its last state, as watchers are to see it. Takes the object over. */
  remove(type: ResourceType, object: ApiObject): Entry {
    const collection = this.of(type);
    const rv = this.next(object);
    const entry = new Entry(type, object, rv);
    const previous = collection.entries.get(entry.key);
    collection.entries.delete(entry.key);
    collection.sorted = undefined;
    this.emit(collection, { kind: 'DELETED', rv, entry, previous });
    return entry;
  }

  /** The events of a type after a version, or undefined when they are no longer all known. */
  since(type: ResourceType, rv: number): StoreEvent[] | undefined {
    const { history, forgotten } = this.of(type);
    if (rv < forgotten) return undefined;
    const first = history.findIndex((event) => event.rv > rv);
    return first < 0 ? [] : history.slice(first);
  }

  /** The oldest version from which a type can still be watched. */
  oldest(type: ResourceType): number {
    return this.of(type).forgotten;
  }

  /** Calls `listener` with every later event of the type until the returned function is called. */
  listen(type: ResourceType, listener: Listener): () => void {
    const { listeners } = this.of(type);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Forgets all history, as etcd's compaction does: what reads from before now gets 410. */
  compact(): void {
    this.compactions += 1;
    this.current += 1;
    for (const collection of this.collections.values()) {
      collection.history = [];
      collection.forgotten = this.current;
    }
  }

  /** Drops a type with all it holds (its CRD is gone). */
  drop(type: ResourceType): void {
    this.collections.delete(type.key);
  }

  private next(object: ApiObject): number {
    this.current += 1;
    object.metadata.resourceVersion = String(this.current);
    return this.current;
  }

  private emit(collection: Collection, event: StoreEvent): void {
    const { history } = collection;
    history.push(event);
    // In one go now and then: an array is slow to shift.
    if (history.length > this.historyLimit * 1.25 + 16) {
      const gone = history.splice(0, history.length - this.historyLimit);
      collection.forgotten = gone.at(-1)?.rv ?? collection.forgotten;
    }
    for (const listener of collection.listeners) listener(event);
  }

  private of(type: ResourceType): Collection {
    let collection = this.collections.get(type.key);
    if (!collection) {
      collection = {
        entries: new Map(),
        sorted: [],
        history: [], // Nobody has seen this type before, so there is nothing to go on from.
        forgotten: this.current,
        listeners: new Set(),
      };
      this.collections.set(type.key, collection);
    }
    return collection;
  }
}
