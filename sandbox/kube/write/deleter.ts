// Deletion: at once, or marked and waiting for finalizers, or (namespaces, CRDs) for what is inside.
import type { Clock } from '../../../src/core/clock.js';
import { conflict, notFound } from '../errors.js';
import { type JsonObject, objectOr, texts } from '../json.js';
import { kindSubject, subject } from '../kinds/resource-type.js';
import { type ApiObject, timestamp } from '../object.js';
import type { Entry, Store } from '../store.js';
import type { Containers } from './containers.js';
import type { Target } from './request.js';

export class Deleter {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly containers: () => Containers,
  ) {}

  /** @returns the object that is still there, waiting for its finalizers, or undefined when it is gone */
  delete(target: Target, options: unknown, dryRun: boolean): { remaining?: Entry; gone: Entry } {
    const { type, name } = target;
    const current = this.store.get(type, target.namespace, name);
    if (!current) throw notFound(subject(type, name));
    this.checkPreconditions(current, objectOr(objectOr(options).preconditions));
    if (dryRun) return { gone: current };
    const { metadata } = current.object;
    if (metadata.deletionTimestamp) {
      return texts(metadata.finalizers).length > 0
        ? { gone: current, remaining: current }
        : { gone: current };
    }
    const holds = type.key === 'namespaces' || texts(metadata.finalizers).length > 0;
    if (!holds) return { gone: this.remove(current, current.object) };
    const object: ApiObject = {
      ...current.object,
      metadata: {
        ...metadata,
        deletionTimestamp: timestamp(this.clock.now()),
        deletionGracePeriodSeconds: 0,
      },
    };
    if (metadata.generation !== undefined) object.metadata.generation = metadata.generation + 1;
    if (type.key === 'namespaces') object.status = { ...objectOr(object.status), phase: 'Terminating' };
    const marked = this.store.put(type, object);
    this.containers().empty(marked);
    const remaining = this.store.get(type, target.namespace, name);
    return remaining ? { gone: marked, remaining } : { gone: marked };
  }

  /** Takes an object out of the store; `last` is its last state. */
  remove(current: Entry, last: ApiObject): Entry {
    const gone = this.store.remove(current.type, { ...last, metadata: { ...last.metadata } });
    this.containers().removed(gone);
    return gone;
  }

  private checkPreconditions(entry: Entry, { uid, resourceVersion }: JsonObject): void {
    const { metadata } = entry.object;
    const about = kindSubject(entry.type, metadata.name);
    if (typeof uid === 'string' && uid !== metadata.uid) {
      throw conflict(
        about,
        `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
      );
    }
    if (typeof resourceVersion === 'string' && resourceVersion !== metadata.resourceVersion) {
      throw conflict(
        about,
        `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
      );
    }
  }
}
