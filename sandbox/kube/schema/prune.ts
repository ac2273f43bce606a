// Drops what the schema does not name, nulls where null is not allowed, and fills in defaults: what kube-apiserver
// does to a custom resource before it validates it. All change the value in place.
import { clone, isObject } from '../json.js';
import { joinPath, keepsUnknown, propertySchema, type Schema } from './schema.js';

/**
 * Removes unknown fields.
 * @param unknown receives the paths of what was removed, e.g. `spec.rules[0].extra`
 * @param skip names at this level that are somebody else's business
 */
export function prune(
  value: unknown,
  schema: Schema | undefined,
  path: string,
  unknown: string[],
  skip: ReadonlySet<string> = none,
): void {
  if (!schema) return;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) prune(item, schema.items, `${path}[${index}]`, unknown);
    return;
  }
  if (!isObject(value)) return;
  for (const name of Object.keys(value)) {
    if (skip.has(name)) continue;
    const inner = propertySchema(schema, name);
    if (inner) prune(value[name], inner, joinPath(path, name), unknown);
    else if (!keepsUnknown(schema)) {
      unknown.push(joinPath(path, name));
      delete value[name];
    }
  }
}

const none: ReadonlySet<string> = new Set();

/** Removes nulls of properties that are not nullable. */
export function dropNulls(value: unknown, schema: Schema | undefined): void {
  if (!schema) return;
  if (Array.isArray(value)) for (const item of value) dropNulls(item, schema.items);
  if (!isObject(value)) return;
  for (const [name, item] of Object.entries(value)) {
    const inner = propertySchema(schema, name);
    if (item === null && inner && inner.nullable !== true) delete value[name];
    else dropNulls(item, inner);
  }
}

/** Sets the defaults of properties that are absent. A default inside an absent object does not create the object. */
export function applyDefaults(value: unknown, schema: Schema | undefined): void {
  if (!schema) return;
  if (Array.isArray(value)) for (const item of value) applyDefaults(item, schema.items);
  if (!isObject(value)) return;
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    if (value[name] === undefined && inner.default !== undefined) value[name] = clone(inner.default);
  }
  for (const [name, item] of Object.entries(value)) applyDefaults(item, propertySchema(schema, name));
}
