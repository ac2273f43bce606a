// Carries out the verbs of verbs.ts over transport.ts. Knows bodies and when a request may be sent again; keeps
// no state of objects.
import { sleep } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Metrics } from '../core/metrics.js';
import type { ClusterAccess } from './access.js';
import { from, fromResponse, fromStatus, isKubeError, KubeError } from './errors.js';
import { jsonLines } from './json-lines.js';
import type { ApiResource, KubeList } from './object.js';
import { collectionPath, groupPath, objectPath, withQuery } from './paths.js';
import { slim } from './slim.js';
import { type HttpRequest, type HttpResponse, Transport } from './transport.js';
import type {
  CallOptions,
  CreateOptions,
  DeletePreconditions,
  GuardOptions,
  KubeClient,
  ListOptions,
  ObjectRef,
  Patch,
  ServedResource,
  Stored,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './verbs.js';

export type * from './verbs.js';

/** One request that was answered, for tests that count and for contract suites. */
export interface ObservedCall {
  readonly verb: string;
  readonly resource: ApiResource;
  readonly subresource?: string;
  readonly status: number;
}

export interface ClientOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: Metrics;
  /** `teleport-operator/<version>` */
  readonly userAgent?: string;
  /** Limit for one request, milliseconds; 30 s by default. A watch has it for its headers only. */
  readonly timeoutMs?: number;
  readonly observe?: (call: ObservedCall) => void;
}

/** A client of the API server that `access` describes. */
export function createKubeClient(access: ClusterAccess, options: ClientOptions): KubeClient {
  return new HttpKubeClient(access, options);
}

/** Requests that the server turned away unread (429, 503) are sent this often in all. */
const sends = 3;
/** A longer Retry-After is the caller's to wait for. */
const longestRetryAfterMs = 10_000;

const patchTypes = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

interface Target {
  readonly verb: string;
  readonly resource: ApiResource;
  readonly subresource?: string | undefined;
}

class HttpKubeClient implements KubeClient {
  readonly #access: ClusterAccess;
  readonly #options: ClientOptions;
  readonly #transport: Transport;
  readonly #count: (code: string, method: string) => void;

  constructor(access: ClusterAccess, options: ClientOptions) {
    this.#access = access;
    this.#options = options;
    this.#transport = new Transport(access, {
      clock: options.clock,
      userAgent: options.userAgent ?? 'teleport-operator',
      timeoutMs: options.timeoutMs ?? 30_000,
    });
    const requests = options.metrics?.counter(
      'rest_client_requests_total',
      'Requests to the Kubernetes API, by status code, method and host.',
      ['code', 'method', 'host'],
    );
    this.#count = (code, method) => requests?.inc({ code, method, host: access.server.host });
  }

  async get<T extends Stored>(resource: ApiResource, ref: ObjectRef, options: CallOptions = {}): Promise<T> {
    return this.#json(
      { verb: 'get', resource },
      { method: 'GET', path: objectPath(resource, ref), ...options },
    );
  }

  async list<T extends Stored>(resource: ApiResource, options: ListOptions = {}): Promise<KubeList<T>> {
    const { signal, namespace, ...query } = options;
    const path = withQuery(collectionPath(resource, namespace), query);
    const list: KubeList<T> & { apiVersion?: string; kind?: string } = await this.#json(
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
    const target = { verb: 'watch', resource };
    const stream = await this.#sending(target, 'GET', signal, async () => {
      const response = await this.#transport.open({ method: 'GET', path, signal });
      const status = response.statusCode ?? 0;
      if (status === 200) return { status, headers: response.headers, body: '', stream: response };
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      return { status, headers: response.headers, body: Buffer.concat(chunks).toString('utf8') };
    });
    const response = 'stream' in stream ? stream.stream : undefined;
    if (!response) throw new KubeError('Unknown', `a watch was answered with HTTP ${stream.status}`);
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
    return this.#json(
      { verb: 'create', resource },
      { method: 'POST', path, body: JSON.stringify(object), ...rest },
    );
  }

  async replace<T extends Stored>(resource: ApiResource, object: T, options: WriteOptions = {}): Promise<T> {
    const { subresource, ...rest } = options;
    const path = objectPath(resource, object.metadata, subresource);
    return this.#json(
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
    return this.#json(
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
    await this.#json(
      { verb: 'delete', resource },
      { method: 'DELETE', path, ...rest, ...(body && { body }) },
    );
  }

  async discover(
    group: string,
    version: string,
    options: CallOptions = {},
  ): Promise<ServedResource[] | undefined> {
    const resource = { group, version, plural: '' };
    try {
      const found: { resources?: ServedResource[] } = await this.#json(
        { verb: 'discover', resource },
        { method: 'GET', path: groupPath(resource), ...options },
      );
      return found.resources ?? [];
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  close(): void {
    this.#transport.close();
  }

  async #json<T>(target: Target, request: HttpRequest): Promise<T> {
    const { body } = await this.#sending(target, request.method, request.signal, () =>
      // The Lease must be renewed in time, however much work is under way.
      this.#transport.exchange({ ...request, atOnce: target.resource.plural === 'leases' }),
    );
    try {
      const parsed: T = JSON.parse(body);
      return parsed;
    } catch (error) {
      throw new KubeError('Unavailable', 'the answer of the API server is not JSON', { cause: error });
    }
  }

  /** Sends until there is an answer that counts: renews a refused credential once, waits where it is told to. */
  async #sending<T extends HttpResponse>(
    target: Target,
    method: string,
    signal: AbortSignal | undefined,
    send: () => Promise<T>,
  ): Promise<T> {
    let renewed = false;
    for (let sent = 1; ; sent++) {
      const answer = await this.#counted(target, method, send);
      if (answer.status >= 200 && answer.status < 300) return answer;
      if (answer.status === 401 && !renewed && this.#access.credentials.refused()) {
        renewed = true;
        continue;
      }
      const error = fromResponse(answer.status, answer.body, answer.headers['retry-after']);
      const wait = error.retryAfterMs;
      const turnedAway = answer.status === 429 || answer.status === 503;
      if (!turnedAway || wait === undefined || wait > longestRetryAfterMs || sent >= sends) throw error;
      await sleep(this.#options.clock, wait, signal);
    }
  }

  async #counted<T extends HttpResponse>(target: Target, method: string, send: () => Promise<T>): Promise<T> {
    try {
      const answer = await send();
      this.#count(String(answer.status), method);
      this.#options.observe?.({
        verb: target.verb,
        resource: target.resource,
        status: answer.status,
        ...(target.subresource && { subresource: target.subresource }),
      });
      return answer;
    } catch (error) {
      this.#count('<error>', method);
      throw error;
    }
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
