// Every change of an object but deletion: create, update, patch, server-side apply. One place for their common order:
// shape, merge with what is stored, validate, count, record the manager, store.
import type { Clock } from '../../../src/core/clock.js';
import { alreadyExists, badRequest, conflict, invalid, notFound, unsupportedMediaType } from '../errors.js';
import { clone, isObject, type JsonObject, objectOr, textOr, texts } from '../json.js';
import { groupVersion, type ResourceType, subject, type Version } from '../kinds/resource-type.js';
import { type ApiObject, timestamp } from '../object.js';
import { jsonPatch } from '../patch/json-patch.js';
import { apply, type Manager, recordUpdate } from '../patch/managed-fields.js';
import { mergePatch } from '../patch/merge-patch.js';
import { Entry, type Store } from '../store.js';
import type { Containers } from './containers.js';
import type { Deleter } from './deleter.js';
import {
  countGeneration,
  defaultStatus,
  reportUnknown,
  sameContent,
  shape,
  splitStatus,
  validateObject,
  withoutDirectives,
} from './fields.js';
import { carryOver, checkBody, stampNew } from './metadata.js';
import type { Target, WriteOptions, Written } from './request.js';

export class Writer {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly containers: () => Containers,
    private readonly deleter: Deleter,
  ) {}

  create(
    target: Target,
    body: unknown,
    options: WriteOptions,
    operation: Manager['operation'] = 'Update',
  ): Written {
    const { type, version } = target;
    checkBody(body, type, version.name);
    const object = body;
    this.checkNamespace(object, target);
    if (object.metadata.resourceVersion) {
      throw badRequest('resourceVersion should not be set on objects to be created');
    }
    const config = operation === 'Apply' ? clone(object) : undefined;
    reportUnknown(
      shape(object, version),
      { ...options, patch: operation === 'Apply' },
      type,
      version.name,
      object,
    );
    const now = this.clock.now();
    stampNew(object, type, target.namespace, now);
    const name = object.metadata.name || target.name;
    this.containers().checkCreate(type, target.namespace, name);
    type.prepare?.(object, undefined, now);
    const split = splitStatus(object, undefined, version, undefined);
    const made = type.builtin ? object : split;
    defaultStatus(made, version);
    validateObject(made, undefined, type, version);
    if (this.store.get(type, target.namespace, name)) throw alreadyExists(subject(type, name));
    if (config) {
      const applied = apply(
        undefined,
        config,
        { name: options.manager, operation },
        { force: true, time: timestamp(now) },
      );
      made.metadata.managedFields = applied.metadata.managedFields ?? [];
    } else recordUpdate(made, undefined, { name: options.manager, operation }, timestamp(now));
    return { entry: this.commit(type, made, options), created: true };
  }

  update(target: Target, body: unknown, options: WriteOptions): Written {
    const { type, version, name } = target;
    checkBody(body, type, version.name);
    const object = body;
    object.metadata.name ||= name;
    if (object.metadata.name !== name) {
      throw badRequest(
        `the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`,
      );
    }
    this.checkNamespace(object, target);
    const current = this.store.get(type, target.namespace, name);
    if (!current) {
      if (type.createOnUpdate && !target.subresource) return this.create(target, body, options);
      throw notFound(subject(type, name));
    }
    if (!object.metadata.resourceVersion && !type.builtin) this.demandVersion(type, name);
    if (!object.metadata.resourceVersion && type.createOnUpdate) this.demandVersion(type, name);
    return this.replace(
      target,
      current,
      object,
      options,
      { name: options.manager, operation: 'Update' },
      false,
    );
  }

  patch(target: Target, contentType: string, patch: unknown, options: WriteOptions): Written {
    const { type, version, name } = target;
    const current = this.store.get(type, target.namespace, name);
    const accepted = [
      'application/json-patch+json',
      'application/merge-patch+json',
      ...(type.builtin ? ['application/strategic-merge-patch+json'] : []),
      'application/apply-patch+yaml',
    ];
    if (!accepted.includes(contentType)) throw unsupportedMediaType(accepted);
    if (contentType === 'application/apply-patch+yaml') return this.apply(target, current, patch, options);
    if (!current) throw notFound(subject(type, name));
    const before = current.view(version.name);
    const patched =
      contentType === 'application/json-patch+json'
        ? jsonPatch(before, patch)
        : mergePatch(
            before,
            contentType.includes('strategic') ? withoutDirectives(patch) : this.mergeable(patch),
          );
    const object = clone(patched);
    checkBody(object, type, version.name);
    if (object.metadata.name !== name) {
      throw badRequest(
        `the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`,
      );
    }
    return this.replace(
      target,
      current,
      object,
      options,
      { name: options.manager, operation: 'Update' },
      true,
    );
  }

  private apply(target: Target, current: Entry | undefined, body: unknown, options: WriteOptions): Written {
    const { type, version, name, subresource } = target;
    if (!isObject(body)) throw badRequest('error decoding YAML: an object is expected');
    const config = clone(body) as ApiObject;
    config.metadata = {
      ...objectOr(config.metadata),
      name: textOr(objectOr(config.metadata).name, name),
    } as ApiObject['metadata'];
    if (isObject(config.metadata) && config.metadata.managedFields) {
      throw badRequest('metadata.managedFields must be nil');
    }
    checkBody(config, type, version.name);
    if (!current) {
      if (subresource) throw notFound(subject(type, name));
      options.mayCreate?.();
      return this.create(target, config, options, 'Apply');
    }
    // What the schema does not know must neither be applied nor owned.
    const checked = clone(config);
    const unknown: string[] = [];
    unknown.push(...shape(checked, { ...version, schema: withoutDefaults(version) }));
    reportUnknown(unknown, { ...options, patch: true }, type, version.name, config);
    if (version.status && subresource !== 'status') delete checked.status;
    const manager: Manager = { name: options.manager, operation: 'Apply', subresource };
    const time = timestamp(this.clock.now());
    const object = apply(current.view(version.name), checked, manager, { force: options.force, time });
    return this.replace(target, current, clone(object), options, manager, true);
  }

  /** The common end of every change of an existing object. */
  private replace(
    target: Target,
    current: Entry,
    object: ApiObject,
    options: WriteOptions,
    manager: Manager,
    patch: boolean,
  ): Written {
    const { type, version, subresource, name } = target;
    const old = current.object;
    if (object.metadata.resourceVersion && object.metadata.resourceVersion !== old.metadata.resourceVersion) {
      throw conflict(subject(type, name));
    }
    const fields = object.metadata.managedFields;
    reportUnknown(shape(object, version), { ...options, patch }, type, version.name, object);
    const split = splitStatus(object, old, version, subresource);
    defaultStatus(split, version);
    carryOver(split, old, type);
    split.apiVersion = groupVersion(type.group, type.storageVersion);
    type.prepare?.(split, old, this.clock.now());
    countGeneration(split, old, type, version);
    validateObject(split, old, type, version);
    if (manager.operation === 'Apply') {
      if (fields) split.metadata.managedFields = fields;
      if (sameContent(split, old) && sameManagers(split, old)) return { entry: current, created: false };
    } else {
      const rewritten = split.metadata.managedFields !== undefined && !sameManagers(split, old);
      if (!rewritten && sameContent(split, old)) return { entry: current, created: false };
      split.apiVersion = groupVersion(type.group, version.name);
      recordUpdate(split, old, { ...manager, subresource }, timestamp(this.clock.now()));
      split.apiVersion = groupVersion(type.group, type.storageVersion);
    }
    if (
      split.metadata.deletionTimestamp &&
      texts(split.metadata.finalizers).length === 0 &&
      type.key !== 'namespaces'
    ) {
      const entry = options.dryRun ? new Entry(type, split, current.rv) : this.deleter.remove(current, split);
      return { entry, created: false };
    }
    return { entry: this.commit(type, split, options, current.rv), created: false };
  }

  private commit(type: ResourceType, object: ApiObject, options: WriteOptions, rv = this.store.rv): Entry {
    object.apiVersion = groupVersion(type.group, type.storageVersion);
    if (!options.dryRun) return this.store.put(type, object);
    object.metadata.resourceVersion = String(rv);
    return new Entry(type, object, rv);
  }

  private checkNamespace(object: ApiObject, target: Target): void {
    const { namespace } = object.metadata;
    if (namespace && namespace !== (target.namespace ?? '')) {
      throw badRequest(
        'the namespace of the provided object does not match the namespace sent on the request',
      );
    }
  }

  private demandVersion(type: ResourceType, name: string): never {
    const message = 'Invalid value: 0: must be specified for an update';
    throw invalid(subject(type, name), [
      { reason: 'FieldValueInvalid', field: 'metadata.resourceVersion', message },
    ]);
  }

  private mergeable(patch: unknown): JsonObject {
    if (!isObject(patch)) throw badRequest('error decoding patch: a merge patch is an object');
    return patch;
  }
}

function sameManagers(a: ApiObject, b: ApiObject): boolean {
  return JSON.stringify(a.metadata.managedFields ?? []) === JSON.stringify(b.metadata.managedFields ?? []);
}

const bareSchemas = new WeakMap<Version['schema'], Version['schema']>();

/** An applied configuration owns what it states, not what the schema would add. */
function withoutDefaults(version: Version): Version['schema'] {
  const known = bareSchemas.get(version.schema);
  if (known) return known;
  const strip = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(strip);
    if (!isObject(value)) return value;
    const { default: standard, ...rest } = value;
    // A property that is itself named "default" holds a schema.
    const kept =
      isObject(standard) && ('type' in standard || 'properties' in standard)
        ? { default: strip(standard) }
        : {};
    return {
      ...Object.fromEntries(Object.entries(rest).map(([name, item]) => [name, strip(item)])),
      ...kept,
    };
  };
  const bare = strip(version.schema) as Version['schema'];
  bareSchemas.set(version.schema, bare);
  return bare;
}
