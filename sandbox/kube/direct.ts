// Access to the stored objects without HTTP and without a user, for tests and for the sandbox's own setup.
import { noSuchResource } from './errors.js';
import { clone } from './json.js';
import { namespaces, pods, serviceAccounts } from './kinds/core.js';
import type { ResourceType, Version } from './kinds/resource-type.js';
import type { ApiObject } from './object.js';
import type { Registry } from './registry.js';
import type { Entry, Store } from './store.js';
import type { Deleter } from './write/deleter.js';
import type { WriteOptions } from './write/request.js';
import type { Writer } from './write/writer.js';

export class Direct {
  constructor(
    private readonly store: Store,
    private readonly registry: Registry,
    private readonly writer: Writer,
    private readonly deleter: Deleter,
  ) {}

  /** The version of the last write. */
  get resourceVersion(): string {
    return String(this.store.rv);
  }

  /** @param resource the plural, with its group if it has one: `secrets`, `widgets.example.dev` */
  get(resource: string, namespace: string | undefined, name: string): ApiObject | undefined {
    const entry = this.store.get(this.type(resource), namespace || undefined, name);
    return entry && clone(entry.object);
  }

  list(resource: string, namespace?: string): ApiObject[] {
    return this.store.list(this.type(resource), namespace).map(({ object }) => clone(object));
  }

  /**
   * Creates the object, or replaces spec and all that is there, finalizers and status included; unlike over HTTP no
   * resourceVersion is needed, and the status is written as well.
   * @throws ApiError when the object is not valid
   */
  put(object: object): ApiObject {
    const body = clone(object) as ApiObject;
    const { type, version } = this.typeOf(body);
    const { name } = body.metadata;
    const namespace = type.namespaced ? (body.metadata.namespace ?? 'default') : undefined;
    const target = { type, version, namespace, name };
    const status = body.status;
    const current = this.store.get(type, namespace, name);
    let entry: Entry;
    if (current) {
      body.metadata.resourceVersion = current.object.metadata.resourceVersion;
      entry = this.writer.update(target, body, options()).entry;
    } else {
      const { resourceVersion: _rv, ...metadata } = body.metadata;
      entry = this.writer.create(target, { ...body, metadata }, options()).entry;
    }
    if (status !== undefined && version.status && !type.builtin) {
      const withStatus = { ...clone(entry.view(version.name)), status };
      entry = this.writer.update({ ...target, subresource: 'status' }, withStatus, options()).entry;
    }
    return clone(entry.object);
  }

  /** Deletes as a request would: finalizers hold it. Nothing happens when it is not there. */
  delete(resource: string, namespace: string | undefined, name: string): void {
    const type = this.type(resource);
    const [version] = type.versions;
    if (!version || !this.store.get(type, namespace || undefined, name)) return;
    this.deleter.delete({ type, version, namespace: namespace || undefined, name }, {}, false);
  }

  ensureNamespace(name: string): void {
    if (this.store.get(namespaces, undefined, name)) return;
    this.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }

  ensureServiceAccount(namespace: string, name: string): ApiObject {
    this.ensureNamespace(namespace);
    const known = this.store.get(serviceAccounts, namespace, name)?.object;
    return known ?? this.put({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } });
  }

  ensurePod(namespace: string, name: string, serviceAccountName: string): ApiObject {
    const known = this.store.get(pods, namespace, name)?.object;
    const spec = { serviceAccountName, containers: [{ name: 'main', image: 'none' }] };
    return known ?? this.put({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name }, spec });
  }

  private type(resource: string): ResourceType {
    const type = this.registry.byKey(resource);
    if (!type) throw noSuchResource();
    return type;
  }

  private typeOf(object: ApiObject): { type: ResourceType; version: Version } {
    const [group = '', version = ''] = object.apiVersion.includes('/')
      ? object.apiVersion.split('/')
      : ['', object.apiVersion];
    for (const type of this.registry.all()) {
      const found =
        type.group === group &&
        type.kind === object.kind &&
        type.versions.find((one) => one.name === version);
      if (found) return { type, version: found };
    }
    throw noSuchResource();
  }
}

function options(): WriteOptions {
  return { manager: 'sandbox', fieldValidation: 'Strict', dryRun: false, force: true, warnings: [] };
}
