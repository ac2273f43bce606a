// Carries out the verbs of verbs.ts: their paths, bodies and answers. How a request gets there, and how often it is sent,
// is sender.ts's matter; no state of objects is kept.
import type { ClusterAccess } from './access.js';
import { from, fromStatus, isKubeError, KubeError } from './errors.js';
import { jsonLines } from './json-lines.js';
import type { ApiResource, KubeList } from './object.js';
import { collectionPath, groupPath, objectPath, schemasPath, versionsPath, withQuery } from './paths.js';
import { Sender, type SenderOptions } from './sender.js';
import { slim } from './slim.js';
import type {
  CallOptions,
  CreateOptions,
  DeletePreconditions,
  GuardOptions,
  KubeClient,
  ListOptions,
  ObjectRef,
  Patch,
  PublishedSchema,
  ServedResource,
  Stored,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './verbs.js';

export type { SenderOptions as ClientOptions } from './sender.js';
export type * from './verbs.js';

/** A client of the API server that `access` describes. */
export function createKubeClient(access: ClusterAccess, options: SenderOptions): KubeClient {
  return new HttpKubeClient(access, options);
}

const patchTypes = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

class HttpKubeClient implements KubeClient {
  readonly #sender: Sender;

  constructor(access: ClusterAccess, options: SenderOptions) {
    this.#sender = new Sender(access, options);
  }

  async get<T extends Stored>(resource: ApiResource, ref: ObjectRef, options: CallOptions = {}): Promise<T> {
    return this.#sender.json(
      { verb: 'get', resource },
      { method: 'GET', path: objectPath(resource, ref), ...options },
    );
  }

  async list<T extends Stored>(resource: ApiResource, options: ListOptions = {}): Promise<KubeList<T>> {
    const { signal, namespace, ...query } = options;
    const path = withQuery(collectionPath(resource, namespace), query);
    const list: KubeList<T> & { apiVersion?: string; kind?: string } = await this.#sender.json(
      { verb: 'list', resource },
      { method: 'GET', path, signal },
    );
    list.items ??= [];
    // The items of built-in kinds come without their own apiVersion and kind.
    const kind = list.kind?.endsWith('List') ? list.kind.slice(0, -4) : undefined;
    for (const item of list.items) {
      slim(item);
      if (kind && !('kind' in item)) Object.assign(item, { apiVersion: list.apiVersion, kind });
    }
    return list;
  }

  async *watch<T extends Stored>(
    resource: ApiResource,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>, void, void> {
    const { signal, namespace, allowBookmarks, ...query } = options;
    const path = withQuery(collectionPath(resource, namespace), {
      watch: true,
      allowWatchBookmarks: allowBookmarks,
      ...query,
    });
    const response = await this.#sender.stream({ verb: 'watch', resource }, { method: 'GET', path, signal });
    try {
      for await (const line of jsonLines(response)) {
        const event = readEvent<T>(line);
        yield event.type === 'BOOKMARK' ? event : { type: event.type, object: slim(event.object) };
      }
      signal.throwIfAborted();
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw error instanceof SyntaxError
        ? new KubeError('Unavailable', 'a watch event is not JSON', { cause: error })
        : from(error);
    } finally {
      response.destroy();
    }
  }

  async create<T extends Stored>(
    resource: ApiResource,
    object: T,
    { dryRun = false, ...rest }: CreateOptions = {},
  ): Promise<T> {
    const collection = collectionPath(resource, object.metadata.namespace);
    const path = withQuery(collection, { dryRun: dryRun ? 'All' : undefined });
    return this.#sender.json(
      { verb: 'create', resource },
      { method: 'POST', path, body: JSON.stringify(object), ...rest },
    );
  }

  async replace<T extends Stored>(resource: ApiResource, object: T, options: WriteOptions = {}): Promise<T> {
    const { subresource, ...rest } = options;
    const path = objectPath(resource, object.metadata, subresource);
    return this.#sender.json(
      { verb: 'update', resource, subresource },
      { method: 'PUT', path, body: JSON.stringify(object), ...rest },
    );
  }

  async patch<T extends Stored>(
    resource: ApiResource,
    ref: ObjectRef,
    patch: Patch,
    options: WriteOptions = {},
  ): Promise<T> {
    const { subresource, ...rest } = options;
    const path = withQuery(objectPath(resource, ref, subresource), {
      fieldManager: patch.fieldManager,
      force: patch.type === 'apply' && patch.force ? true : undefined,
    });
    return this.#sender.json(
      { verb: 'patch', resource, subresource },
      {
        method: 'PATCH',
        path,
        body: JSON.stringify(patch.body),
        contentType: patchTypes[patch.type],
        ...rest,
      },
    );
  }

  async delete(
    resource: ApiResource,
    ref: ObjectRef,
    options: GuardOptions & { preconditions?: DeletePreconditions } = {},
  ): Promise<void> {
    const { preconditions, ...rest } = options;
    const path = objectPath(resource, ref);
    const body =
      preconditions &&
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions,
      });
    await this.#sender.json(
      { verb: 'delete', resource },
      { method: 'DELETE', path, ...rest, ...(body && { body }) },
    );
  }

  async versions(group: string, options: CallOptions = {}): Promise<readonly string[]> {
    const resource = { group, version: '', plural: '' };
    try {
      const found: { versions?: readonly { readonly version: string }[] } = await this.#sender.json(
        { verb: 'discover', resource },
        { method: 'GET', path: versionsPath(group), ...options },
      );
      return (found.versions ?? []).map(({ version }) => version);
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return [];
      throw error;
    }
  }

  async discover(
    group: string,
    version: string,
    options: CallOptions = {},
  ): Promise<ServedResource[] | undefined> {
    const resource = { group, version, plural: '' };
    try {
      const found: { resources?: ServedResource[] } = await this.#sender.json(
        { verb: 'discover', resource },
        { method: 'GET', path: groupPath(resource), ...options },
      );
      return found.resources ?? [];
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async describe(
    group: string,
    version: string,
    options: CallOptions = {},
  ): Promise<ReadonlyMap<string, PublishedSchema> | undefined> {
    const resource = { group, version, plural: '' };
    try {
      const found: { components?: { schemas?: Record<string, PublishedSchema> } } = await this.#sender.json(
        { verb: 'describe', resource },
        { method: 'GET', path: schemasPath(resource), ...options },
      );
      // `dev.teleport.resources.v1.TeleportRoleV7`: the group reversed, the version, the kind.
      const prefix = `${group.split('.').reverse().join('.')}.${version}.`;
      const schemas = Object.entries(found.components?.schemas ?? {});
      return new Map(
        schemas.flatMap(([name, schema]) =>
          name.startsWith(prefix) ? [[name.slice(prefix.length), schema]] : [],
        ),
      );
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  close(): void {
    this.#sender.close();
  }
}

function readEvent<T extends Stored>(line: unknown): WatchEvent<T> {
  const event = line as { type?: unknown; object?: unknown } | null;
  switch (event?.type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      return event as WatchEvent<T>;
    case 'ERROR':
      throw fromStatus(event.object, 500);
    default:
      throw new KubeError('Unavailable', 'a watch event has no known type');
  }
}
