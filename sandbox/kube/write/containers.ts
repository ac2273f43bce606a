// What holds other objects: a namespace, and a CRD its custom resources. Deleting one deletes its contents first and
// removes it when the last of them, finalizers and all, is gone. kube-controller-manager's and the apiextensions
// controllers' work, done on the spot.
import { ApiError, forbidden, notFound } from '../errors.js';
import { texts } from '../json.js';
import { namespaces } from '../kinds/core.js';
import { crdCleanup, customResourceDefinitions } from '../kinds/crd.js';
import { type ResourceType, subject } from '../kinds/resource-type.js';
import type { ApiObject } from '../object.js';
import type { Registry } from '../registry.js';
import type { Entry, Store } from '../store.js';

export class Containers {
  constructor(
    private readonly store: Store,
    private readonly registry: Registry,
    /** Deletes one object as a request would. */
    private readonly deleteEntry: (entry: Entry) => void,
  ) {}

  /** @throws ApiError when nothing of the type may be created there */
  checkCreate(type: ResourceType, namespace: string | undefined, name: string): void {
    if (type.namespaced) {
      const entry = this.store.get(namespaces, undefined, namespace ?? '');
      if (!entry) throw notFound(subject(namespaces, namespace));
      if (entry.object.metadata.deletionTimestamp) {
        const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
        throw forbidden(subject(type, name), why, [
          {
            reason: 'NamespaceTerminating',
            message: `namespace ${namespace} is being terminated`,
            field: 'metadata.namespace',
          },
        ]);
      }
    }
    if (type.builtin) return;
    const crd = this.store.get(customResourceDefinitions, undefined, type.key);
    if (crd?.object.metadata.deletionTimestamp) {
      const text = 'create not allowed while custom resource definition is terminating';
      throw new ApiError(405, 'MethodNotAllowed', text, {});
    }
  }

  /** Marks contents for deletion when `entry` is a container that is going. */
  empty(entry: Entry): void {
    if (!entry.object.metadata.deletionTimestamp) return;
    for (const inner of this.contents(entry)) this.deleteEntry(inner);
    this.settle(entry);
  }

  /** Called after every removal: lets go what was waiting for it. */
  removed(entry: Entry): void {
    const { namespace } = entry.object.metadata;
    const holders = [
      namespace ? this.store.get(namespaces, undefined, namespace) : undefined,
      entry.type.builtin ? undefined : this.store.get(customResourceDefinitions, undefined, entry.type.key),
    ];
    for (const holder of holders) if (holder?.object.metadata.deletionTimestamp) this.settle(holder);
  }

  private settle(holder: Entry): void {
    const current = this.store.get(holder.type, undefined, holder.object.metadata.name);
    if (!current || this.contents(current).length > 0) return;
    const finalizers = texts(current.object.metadata.finalizers).filter((name) => name !== crdCleanup);
    const object: ApiObject = { ...current.object, metadata: { ...current.object.metadata, finalizers } };
    if (finalizers.length === 0) {
      delete object.metadata.finalizers;
      this.store.remove(current.type, object);
    } else if (finalizers.length !== texts(current.object.metadata.finalizers).length) {
      this.store.put(current.type, object);
    }
  }

  private contents(holder: Entry): Entry[] {
    const { name } = holder.object.metadata;
    if (holder.type === namespaces) {
      return this.registry
        .all()
        .filter((type) => type.namespaced && type.verbs.includes('list'))
        .flatMap((type) => this.store.list(type, name));
    }
    const type = holder.type === customResourceDefinitions ? this.registry.byKey(name) : undefined;
    return type ? this.store.list(type) : [];
  }
}
