// Who wrote which fields last (metadata.managedFields), and server-side apply on top of it. Lists are one field
// each, whatever their schema says (finalizers excepted); there are no `.` entries and no `v:` keys: simpler than
// kube-apiserver, near enough for kubectl to tell managers and conflicts apart.
import { ApiError } from '../errors.js';
import { clone, equal, isObject, type JsonObject, texts } from '../json.js';
import type { ApiObject, ManagedField } from '../object.js';
import { mergePatch } from './merge-patch.js';

export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly subresource?: string | undefined;
}

type Path = string[];

const serverOwned = new Set([
  'apiVersion',
  'kind',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'metadata.resourceVersion',
  'metadata.generation',
  'metadata.creationTimestamp',
  'metadata.deletionTimestamp',
  'metadata.deletionGracePeriodSeconds',
  'metadata.managedFields',
]);

/** The leaf fields of an object that somebody can own. */
function leaves(value: unknown, path: Path = [], found: Path[] = []): Path[] {
  if (serverOwned.has(path.join('.'))) return found;
  if (isObject(value) && Object.keys(value).length > 0) {
    for (const [name, item] of Object.entries(value)) leaves(item, [...path, name], found);
  } else if (value !== undefined && path.length > 0) found.push(path);
  return found;
}

function lookup(value: unknown, path: Path): unknown {
  let current = value;
  for (const name of path) current = isObject(current) ? current[name] : undefined;
  return current;
}

function toFields(paths: Iterable<Path>): JsonObject {
  const root: JsonObject = {};
  for (const path of paths) {
    let node = root;
    for (const name of path) {
      const inner = node[`f:${name}`];
      const next: JsonObject = isObject(inner) ? inner : {};
      node[`f:${name}`] = next;
      node = next;
    }
  }
  return root;
}

function fromFields(fields: unknown, path: Path = [], found: Path[] = []): Path[] {
  if (!isObject(fields)) return found;
  const inner = Object.entries(fields).filter(([name]) => name.startsWith('f:'));
  if (inner.length === 0 && path.length > 0) found.push(path);
  for (const [name, value] of inner) fromFields(value, [...path, name.slice(2)], found);
  return found;
}

function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

/** Inside or around each other: owning a map's key is touched by a write of the whole map. */
function overlaps(a: Path, b: Path): boolean {
  return a.slice(0, b.length).every((name, index) => name === b[index]);
}

function isSame(field: ManagedField, manager: Manager): boolean {
  return (
    field.manager === manager.name &&
    field.operation === manager.operation &&
    field.subresource === manager.subresource
  );
}

/**
 * Gives the manager the fields that differ from the old object, and takes them from all others. Changes `object`,
 * whose own managedFields, if it has any, count as what was recorded before: clients may rewrite them.
 */
export function recordUpdate(
  object: ApiObject,
  old: ApiObject | undefined,
  manager: Manager,
  time: string,
): void {
  const changed = leaves(object).filter((path) => !old || !equal(lookup(old, path), lookup(object, path)));
  record(object, object.metadata.managedFields ?? old?.metadata.managedFields ?? [], manager, time, changed);
}

function record(
  object: ApiObject,
  before: ManagedField[],
  manager: Manager,
  time: string,
  changed: Path[],
): void {
  const result: ManagedField[] = [];
  let own: ManagedField | undefined;
  for (const field of before) {
    const mine = isSame(field, manager);
    const all = fromFields(field.fieldsV1);
    const kept = all.filter((path) => lookup(object, path) !== undefined);
    const left = mine ? kept : kept.filter((path) => !changed.some((other) => overlaps(path, other)));
    if (mine) own = field;
    else if (left.length === all.length) result.push(field);
    else if (left.length > 0) result.push({ ...field, fieldsV1: toFields(left) });
  }
  const mine = own ? fromFields(own.fieldsV1).filter((path) => lookup(object, path) !== undefined) : [];
  if (changed.length > 0 || mine.length > 0) {
    const fieldsV1 = toFields([...mine, ...changed]);
    const unchanged = own && equal(own.fieldsV1, fieldsV1) && changed.length === 0;
    result.push(unchanged && own ? own : entry(object, manager, time, fieldsV1));
  }
  if (result.length > 0) object.metadata.managedFields = result;
  else delete object.metadata.managedFields;
}

function entry(object: ApiObject, manager: Manager, time: string, fieldsV1: JsonObject): ManagedField {
  return {
    apiVersion: object.apiVersion,
    fieldsType: 'FieldsV1',
    fieldsV1,
    manager: manager.name,
    operation: manager.operation,
    ...(manager.subresource && { subresource: manager.subresource }),
    time,
  };
}

/**
 * Server-side apply: merges the configuration into the object, drops what this manager applied before and no longer
 * states, and records the manager.
 * @param old undefined when the object is made by this
 * @throws ApiError 409 when another manager owns a field with another value and `force` is not set
 */
export function apply(
  old: ApiObject | undefined,
  config: ApiObject,
  manager: Manager,
  options: { force: boolean; time: string },
): ApiObject {
  const before = old?.metadata.managedFields ?? [];
  const wanted = leaves(config);
  if (old && !options.force) checkConflicts(old, config, wanted, before, manager);
  const object = (old ? mergePatch(old, withoutNulls(config)) : clone(config)) as ApiObject;
  if (old) {
    object.metadata = {
      ...object.metadata,
      resourceVersion: config.metadata.resourceVersion ?? old.metadata.resourceVersion,
    };
    const finalizers = [
      ...new Set([...texts(old.metadata.finalizers), ...texts(config.metadata.finalizers)]),
    ];
    if (finalizers.length > 0) object.metadata.finalizers = finalizers;
    dropAbandoned(object, wanted, before, manager);
  }
  const others = before.filter((field) => !isSame(field, manager));
  const previous = before.find((field) => isSame(field, manager));
  record(
    object,
    others,
    manager,
    options.time,
    old ? wanted.filter((path) => changedBy(path, old, config)) : wanted,
  );
  const rest = (object.metadata.managedFields ?? []).filter((field) => !isSame(field, manager));
  const fieldsV1 = toFields(wanted);
  const same = previous && equal(previous.fieldsV1, fieldsV1) && old && equal(bare(old), bare(object));
  object.metadata.managedFields = [...rest, same ? previous : entry(object, manager, options.time, fieldsV1)];
  return object;
}

function changedBy(path: Path, old: ApiObject, config: ApiObject): boolean {
  return !equal(lookup(old, path), lookup(config, path));
}

function bare(object: ApiObject): JsonObject {
  const { managedFields: _fields, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function withoutNulls(config: ApiObject): JsonObject {
  const copy: JsonObject = clone(config);
  return copy;
}

function checkConflicts(
  old: ApiObject,
  config: ApiObject,
  wanted: Path[],
  before: ManagedField[],
  manager: Manager,
): void {
  const conflicts: { manager: string; path: string }[] = [];
  for (const field of before) {
    if (field.manager === manager.name && field.operation === manager.operation) continue;
    for (const path of fromFields(field.fieldsV1)) {
      if (path.join('.') === 'metadata.finalizers') continue;
      const touched = wanted.some((other) => samePath(path, other));
      if (touched && changedBy(path, old, config))
        conflicts.push({ manager: field.manager, path: `.${path.join('.')}` });
    }
  }
  if (conflicts.length === 0) return;
  const names = [...new Set(conflicts.map((one) => one.manager))];
  const lines = names.map((name) => {
    const paths = conflicts.filter((one) => one.manager === name).map((one) => one.path);
    return names.length === 1 && paths.length === 1
      ? `conflict with "${name}": ${paths[0]}`
      : `conflicts with "${name}":\n- ${paths.join('\n- ')}`;
  });
  const count = conflicts.length === 1 ? '1 conflict' : `${conflicts.length} conflicts`;
  const text = `Apply failed with ${count}: ${lines.join('\n')}`;
  const causes = conflicts.map((one) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with "${one.manager}"`,
    field: one.path,
  }));
  throw new ApiError(409, 'Conflict', text, { causes });
}

function dropAbandoned(object: ApiObject, wanted: Path[], before: ManagedField[], manager: Manager): void {
  const mine = before
    .filter((field) => isSame(field, manager))
    .flatMap((field) => fromFields(field.fieldsV1));
  const others = before
    .filter((field) => !isSame(field, manager))
    .flatMap((field) => fromFields(field.fieldsV1));
  for (const path of mine) {
    const stated = wanted.some((other) => overlaps(path, other) || overlaps(other, path));
    const shared = others.some((other) => samePath(path, other));
    if (!stated && !shared && path.join('.') !== 'metadata.finalizers') removeAt(object, path);
  }
}

/**
 * Removes the field, and what holds it if nothing is left in there. Copies the way down, so that what the old object
 * shares stays as it is.
 */
function removeAt(object: JsonObject, path: Path): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) {
    delete object[name];
    return;
  }
  const inner = object[name];
  if (!isObject(inner)) return;
  const copy = { ...inner };
  removeAt(copy, rest);
  if (Object.keys(copy).length > 0) object[name] = copy;
  else delete object[name];
}
