// The Kubernetes API as the operator sees it: the verbs, what they take and what they return. Who carries them
// out is client.ts, or a stand-in.
import type { ApiResource, KubeList, KubeObject, ObjectMeta } from './object.js';

/** Anything with metadata: custom resources, Secrets, Leases, Events. */
export interface Stored {
  metadata: ObjectMeta;
}

export interface ObjectRef {
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** What every write may be given. */
export interface GuardOptions extends CallOptions {
  /** Asked when a connection is ready to take the request; false: nothing is sent, and the call throws an AbortError. */
  readonly maySend?: (() => boolean) | undefined;
}

export interface CreateOptions extends GuardOptions {
  /** The server checks all that it would check, and stores nothing. */
  readonly dryRun?: boolean;
}

export interface WriteOptions extends GuardOptions {
  /** `status`, to write that alone. */
  readonly subresource?: 'status';
}

export interface ListOptions extends CallOptions {
  readonly namespace?: string | undefined;
  readonly limit?: number;
  /** Token of the page before. */
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

export interface WatchOptions {
  readonly namespace?: string | undefined;
  readonly resourceVersion: string;
  readonly allowBookmarks: boolean;
  /** After this the server ends the stream by itself. */
  readonly timeoutSeconds: number;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Ends the stream at once. */
  readonly signal: AbortSignal;
}

export interface WatchEvent<T extends Stored = KubeObject> {
  /** A BOOKMARK's object has a resourceVersion and nothing else. */
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

/** How a patch is to be read. `apply` is server-side apply and needs a field manager. */
export type Patch =
  | { readonly type: 'merge'; readonly body: unknown; readonly fieldManager?: string }
  | { readonly type: 'json'; readonly body: readonly JsonPatchStep[]; readonly fieldManager?: string }
  | {
      readonly type: 'apply';
      readonly body: unknown;
      readonly fieldManager: string;
      readonly force?: boolean;
    };

export interface JsonPatchStep {
  readonly op: 'add' | 'remove' | 'replace' | 'test';
  readonly path: string;
  readonly value?: unknown;
}

export interface DeletePreconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** Of a schema what we look at (OpenAPI 3). */
export interface PublishedSchema {
  readonly properties?: Readonly<Record<string, PublishedSchema>>;
  /** Fields that are not named stay as well. */
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

/** A resource that the server serves, from its discovery document. */
export interface ServedResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

/**
 * Every method throws KubeError, or the signal's reason when that is aborted. A refused credential (401) is
 * renewed and tried once more; 429 and 503 with a Retry-After are waited for, twice at most.
 */
export interface KubeClient {
  get<T extends Stored = KubeObject>(
    resource: ApiResource,
    ref: ObjectRef,
    options?: CallOptions,
  ): Promise<T>;
  /** One page. Its objects come without managedFields and kubectl's last-applied annotation. */
  list<T extends Stored = KubeObject>(resource: ApiResource, options?: ListOptions): Promise<KubeList<T>>;
  /** Changes after `resourceVersion`, slimmed as by `list`. Ends when the server ends it; an ERROR event throws. */
  watch<T extends Stored = KubeObject>(
    resource: ApiResource,
    options: WatchOptions,
  ): AsyncIterable<WatchEvent<T>>;
  create<T extends Stored = KubeObject>(
    resource: ApiResource,
    object: T,
    options?: CreateOptions,
  ): Promise<T>;
  replace<T extends Stored = KubeObject>(
    resource: ApiResource,
    object: T,
    options?: WriteOptions,
  ): Promise<T>;
  patch<T extends Stored = KubeObject>(
    resource: ApiResource,
    ref: ObjectRef,
    patch: Patch,
    options?: WriteOptions,
  ): Promise<T>;
  delete(
    resource: ApiResource,
    ref: ObjectRef,
    options?: GuardOptions & { readonly preconditions?: DeletePreconditions },
  ): Promise<void>;
  /** The versions of a group; none if the server does not have it. */
  versions(group: string, options?: CallOptions): Promise<readonly string[]>;
  /** The resources of a group and version; undefined if the server does not have it. */
  discover(group: string, version: string, options?: CallOptions): Promise<ServedResource[] | undefined>;
  /**
   * The schemas of a group and version by kind, as the server publishes them for everybody: a CRD's shows a few seconds
   * late. Undefined if it has none.
   */
  describe(
    group: string,
    version: string,
    options?: CallOptions,
  ): Promise<ReadonlyMap<string, PublishedSchema> | undefined>;
  /** Closes idle connections; later calls fail. */
  close(): void;
}
