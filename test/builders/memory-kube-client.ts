// A KubeClient over a map, for unit tests of what is built on the client: resourceVersions, guarded writes,
// pages, watches that forget, and faults on demand. No validation, no HTTP; the operator never loads it. How patches change
// an object is in memory-patch.ts.
import type { CallOptions, KubeClient, Patch, Stored, WatchEvent } from '../../src/kube/client.js';
import { KubeError } from '../../src/kube/errors.js';
import {
  type ApiResource,
  type KubeList,
  type KubeObject,
  keyOf,
  type ObjectMeta,
} from '../../src/kube/object.js';
import { jsonPatch, merge } from './memory-patch.js';

interface Entry {
  readonly version: number;
  readonly path: string;
  readonly event: WatchEvent;
}

/** Called before each request; may throw, or wait. Of a list or watch with the namespace, where it is of one. */
export type Fault = (call: {
  verb: string;
  resource: ApiResource;
  namespace?: string;
  name?: string;
}) => void | Promise<void>;

export class MemoryClient implements KubeClient {
  /** Requests so far, as `verb plural[/subresource]`. */
  readonly calls: string[] = [];
  fault: Fault | undefined;
  /** Largest page that a list gives out. */
  pageSize = Number.POSITIVE_INFINITY;
  #version = 100;
  #forgotten = 0;
  #uid = 0;
  readonly #objects = new Map<string, KubeObject>();
  readonly #log: Entry[] = [];
  readonly #watchers = new Set<{ wake: () => void; end: boolean }>();

  /** Writes an object as somebody else would: no call is counted, watches see it. */
  put(resource: ApiResource, object: KubeObject): KubeObject {
    const path = pathOf(resource, object.metadata);
    const before = this.#objects.get(path);
    return this.#store(path, structuredClone(object), before);
  }

  remove(resource: ApiResource, metadata: Pick<ObjectMeta, 'name' | 'namespace'>): void {
    const path = pathOf(resource, metadata);
    const object = this.#objects.get(path);
    if (!object) return;
    this.#objects.delete(path);
    this.#emit(path, 'DELETED', object);
  }

  read(resource: ApiResource, metadata: Pick<ObjectMeta, 'name' | 'namespace'>): KubeObject | undefined {
    return structuredClone(this.#objects.get(pathOf(resource, metadata)));
  }

  /** Forgets past events, so that watches from before end with 410. */
  compact(): void {
    this.#forgotten = this.#version;
    this.#log.length = 0;
  }

  /** Ends all open watches as a server that closes the connection would. */
  dropWatches(): void {
    for (const watcher of this.#watchers) {
      watcher.end = true;
      watcher.wake();
    }
  }

  get openWatches(): number {
    return this.#watchers.size;
  }

  /** Sends a bookmark to every watch. */
  bookmark(): void {
    this.#version++;
    this.#emitRaw('', 'BOOKMARK', bare(String(this.#version)));
  }

  async get<T extends Stored = KubeObject>(
    resource: ApiResource,
    ref: { name: string; namespace?: string | undefined },
    options: CallOptions = {},
  ): Promise<T> {
    await this.#begin('get', resource, options, ref.name);
    return copy(this.#find(resource, ref));
  }

  async list<T extends Stored = KubeObject>(
    resource: ApiResource,
    options: {
      namespace?: string | undefined;
      limit?: number;
      continue?: string;
      signal?: AbortSignal | undefined;
    } = {},
  ): Promise<KubeList<T>> {
    await this.#begin('list', resource, options);
    const prefix = pathOf(resource, { name: '', ...(options.namespace && { namespace: options.namespace }) });
    const all = [...this.#objects].filter(([path]) => path.startsWith(prefix)).map(([, object]) => object);
    const start = Number(options.continue ?? 0);
    const end = start + Math.min(this.pageSize, options.limit ?? Number.POSITIVE_INFINITY);
    return {
      metadata: {
        resourceVersion: String(this.#version),
        ...(end < all.length && { continue: String(end) }),
      },
      items: all.slice(start, end).map((object) => copy(object)),
    };
  }

  async *watch<T extends Stored = KubeObject>(
    resource: ApiResource,
    options: { namespace?: string | undefined; resourceVersion: string; signal: AbortSignal },
  ): AsyncGenerator<WatchEvent<T>, void, void> {
    const { signal, namespace } = options;
    await this.#begin('watch', resource, options);
    const prefix = pathOf(resource, { name: '', ...(namespace && { namespace }) });
    let seen = Number(options.resourceVersion);
    if (seen < this.#forgotten) throw new KubeError('Gone', 'too old resource version', { status: 410 });
    const watcher = { wake: (): void => {}, end: false };
    const onAbort = (): void => watcher.wake();
    signal.addEventListener('abort', onAbort);
    this.#watchers.add(watcher);
    try {
      for (;;) {
        signal.throwIfAborted();
        const next = this.#log.find(
          (entry) => entry.version > seen && (entry.path === '' || entry.path.startsWith(prefix)),
        );
        if (next) {
          seen = next.version;
          yield { type: next.event.type, object: copy(next.event.object) };
        } else if (watcher.end) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            watcher.wake = resolve;
          });
        }
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#watchers.delete(watcher);
    }
  }

  async create<T extends Stored = KubeObject>(
    resource: ApiResource,
    object: T,
    options: CallOptions = {},
  ): Promise<T> {
    await this.#begin('create', resource, options, object.metadata.name);
    const path = pathOf(resource, object.metadata);
    if (this.#objects.has(path)) throw new KubeError('AlreadyExists', `${path} exists`, { status: 409 });
    return copy(this.#store(path, copy(object), undefined));
  }

  async replace<T extends Stored = KubeObject>(
    resource: ApiResource,
    object: T,
    options: CallOptions & { subresource?: 'status' } = {},
  ): Promise<T> {
    await this.#begin('update', resource, options, object.metadata.name, options.subresource);
    const before = this.#find(resource, object.metadata);
    this.#guard(before, object.metadata.resourceVersion);
    const after = options.subresource === 'status' ? { ...before, status: Object(object).status } : object;
    return copy(this.#store(pathOf(resource, object.metadata), copy(after), before));
  }

  async patch<T extends Stored = KubeObject>(
    resource: ApiResource,
    ref: { name: string; namespace?: string | undefined },
    patch: Patch,
    options: CallOptions & { subresource?: 'status' } = {},
  ): Promise<T> {
    await this.#begin('patch', resource, options, ref.name, options.subresource);
    const path = pathOf(resource, ref);
    // an apply makes what is not there
    if (patch.type === 'apply' && !this.#objects.has(path))
      return copy(this.#store(path, copy(patch.body), undefined));
    const before = this.#find(resource, ref);
    const patched = copy(before);
    if (patch.type === 'json') jsonPatch(patched, patch.body);
    else merge(patched, patch.body);
    this.#guard(before, patched.metadata.resourceVersion);
    const result =
      options.subresource === 'status'
        ? { ...copy(before), ...(patched.status && { status: patched.status }) }
        : patched;
    return copy(this.#store(pathOf(resource, before.metadata), result, before));
  }

  async delete(
    resource: ApiResource,
    ref: { name: string; namespace?: string | undefined },
    options: CallOptions = {},
  ): Promise<void> {
    await this.#begin('delete', resource, options, ref.name);
    const object = this.#find(resource, ref);
    if (object.metadata.finalizers?.length) {
      const deleted = copy(object);
      deleted.metadata.deletionTimestamp ??= '2026-01-01T00:00:00Z';
      this.#store(pathOf(resource, object.metadata), deleted, object);
    } else {
      this.remove(resource, object.metadata);
    }
  }

  async versions(): Promise<readonly string[]> {
    return [];
  }

  async discover(): Promise<undefined> {
    return undefined;
  }

  async describe(): Promise<undefined> {
    return undefined;
  }

  close(): void {
    this.dropWatches();
  }

  async #begin(
    verb: string,
    resource: ApiResource,
    { signal, namespace }: CallOptions & { namespace?: string | undefined },
    name?: string,
    subresource?: string,
  ): Promise<void> {
    signal?.throwIfAborted();
    this.calls.push(`${verb} ${resource.plural}${subresource ? `/${subresource}` : ''}`);
    const fault = this.fault?.({ verb, resource, ...(namespace && { namespace }), ...(name && { name }) });
    if (fault) {
      await new Promise<void>((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
        fault.then(resolve, reject);
      });
    }
    signal?.throwIfAborted();
  }

  #find(resource: ApiResource, ref: { name: string; namespace?: string | undefined }): KubeObject {
    const path = pathOf(resource, ref);
    const object = this.#objects.get(path);
    if (!object) throw new KubeError('NotFound', `${path} not found`, { status: 404, reason: 'NotFound' });
    return object;
  }

  #guard(before: KubeObject, version: string | undefined): void {
    if (version === undefined || version === before.metadata.resourceVersion) return;
    throw new KubeError('Conflict', 'the object has been modified', { status: 409, reason: 'Conflict' });
  }

  #store(path: string, object: KubeObject, before: KubeObject | undefined): KubeObject {
    const { metadata } = object;
    metadata.uid = before?.metadata.uid ?? `uid-${++this.#uid}`;
    const changed = JSON.stringify(before?.spec) !== JSON.stringify(object.spec);
    metadata.generation = (before?.metadata.generation ?? 0) + (!before || changed ? 1 : 0);
    metadata.resourceVersion = String(++this.#version);
    if (metadata.deletionTimestamp && !metadata.finalizers?.length) {
      this.#objects.delete(path);
      this.#emit(path, 'DELETED', object);
      return object;
    }
    this.#objects.set(path, object);
    this.#emitRaw(path, before ? 'MODIFIED' : 'ADDED', object);
    return object;
  }

  #emit(path: string, type: WatchEvent['type'], object: KubeObject): void {
    const last = copy(object);
    last.metadata.resourceVersion = String(++this.#version);
    this.#emitRaw(path, type, last);
  }

  #emitRaw(path: string, type: WatchEvent['type'], object: KubeObject): void {
    this.#log.push({ version: this.#version, path, event: { type, object: copy(object) } });
    for (const watcher of this.#watchers) watcher.wake();
  }
}

function bare(resourceVersion: string): KubeObject {
  return { apiVersion: '', kind: '', metadata: { name: '', resourceVersion } };
}

function pathOf(resource: ApiResource, metadata: { name: string; namespace?: string | undefined }): string {
  const key = keyOf({
    metadata: { name: metadata.name, ...(metadata.namespace && { namespace: metadata.namespace }) },
  });
  return `${resource.group}/${resource.plural}/${key}`;
}

/** A deep copy; the caller says what type it is of, as with the real client. */
function copy(value: unknown): ReturnType<typeof JSON.parse> {
  return JSON.parse(JSON.stringify(value));
}
