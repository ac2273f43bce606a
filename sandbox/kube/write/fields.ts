// What happens to the fields of an object between a request and the store: pruning, defaults, the split of spec and
// status, validation, generation.
import { ApiError, badRequest, type FieldError, invalid } from '../errors.js';
import { clone, equal, isObject, type JsonObject } from '../json.js';
import { kindSubject, type ResourceType, type Version } from '../kinds/resource-type.js';
import type { ApiObject } from '../object.js';
import { applyDefaults, dropNulls, prune } from '../schema/prune.js';
import { onlyChanged } from '../schema/ratchet.js';
import { validate } from '../schema/validate.js';
import { cleanMetadata, metadataErrors } from './metadata.js';

const rootFields: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata']);

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** Prunes and defaults in place; returns the paths of unknown fields. */
export function shape(object: ApiObject, version: Version): string[] {
  const unknown: string[] = [];
  cleanMetadata(object, unknown);
  prune(object, version.schema, '', unknown, rootFields);
  for (const [name, inner] of Object.entries(version.schema.properties ?? {})) {
    if (rootFields.has(name)) continue;
    if (object[name] === null && inner.nullable !== true) delete object[name];
    if (object[name] === undefined && inner.default !== undefined) object[name] = clone(inner.default);
    dropNulls(object[name], inner);
    applyDefaults(object[name], inner);
  }
  return unknown;
}

/**
 * Refuses, warns of, or passes over unknown fields, as the request asked.
 * @throws ApiError 400; for a patch 422, as kube-apiserver answers it
 */
export function reportUnknown(
  unknown: readonly string[],
  request: { fieldValidation: FieldValidation; warnings: string[]; patch: boolean },
  type: ResourceType,
  version: string,
  object: ApiObject,
): void {
  if (unknown.length === 0 || request.fieldValidation === 'Ignore') return;
  const lines = unknown.map((path) => `unknown field "${path}"`);
  if (request.fieldValidation === 'Warn') {
    request.warnings.push(...lines);
    return;
  }
  const problem = `strict decoding error: ${lines.join(', ')}`;
  if (!request.patch)
    throw badRequest(`${type.kind} in version "${version}" cannot be handled as a ${type.kind}: ${problem}`);
  const message = `Invalid value: ${JSON.stringify(JSON.stringify(object))}: ${problem}`;
  throw new ApiError(422, 'Invalid', ` "" is invalid: patch: ${message}`, {
    causes: [{ reason: 'FieldValueInvalid', message, field: 'patch' }],
  });
}

/** @throws ApiError 422 with every cause */
export function validateObject(
  object: ApiObject,
  old: ApiObject | undefined,
  type: ResourceType,
  version: Version,
): void {
  const errors: FieldError[] = metadataErrors(object, type);
  const { metadata: _metadata, apiVersion: _apiVersion, kind: _kind, ...rest } = object;
  const wrong = validate(rest, rootless(version.schema));
  errors.push(...(old ? onlyChanged(wrong, rest, old) : wrong));
  if (errors.length === 0) errors.push(...(type.check?.(object, old) ?? []));
  if (errors.length > 0) throw invalid(kindSubject(type, object.metadata.name), errors);
}

const rootlessSchemas = new WeakMap<Version['schema'], Version['schema']>();

/** The schema without what every object has, which is checked elsewhere. */
function rootless(schema: Version['schema']): Version['schema'] {
  let found = rootlessSchemas.get(schema);
  if (!found) {
    const {
      metadata: _metadata,
      apiVersion: _apiVersion,
      kind: _kind,
      ...properties
    } = schema.properties ?? {};
    found = { ...schema, properties };
    if (schema.required) found.required = schema.required.filter((name) => !rootFields.has(name));
    rootlessSchemas.set(schema, found);
  }
  return found;
}

/** The object with only the part that this write may touch taken from `wanted`. */
export function splitStatus(
  wanted: ApiObject,
  old: ApiObject | undefined,
  version: Version,
  subresource: string | undefined,
): ApiObject {
  if (!version.status) return wanted;
  const status = subresource === 'status' ? wanted.status : old?.status;
  const { status: _status, ...rest } =
    subresource === 'status' && old ? { ...old, metadata: { ...old.metadata } } : wanted;
  if (status === undefined) return rest;
  const kept = clone(status);
  // The CRD may have become another since that was stored.
  if (subresource !== 'status') prune(kept, version.schema.properties?.status, '', []);
  return { ...rest, status: kept };
}

/** A status that is dropped or absent is the schema's default again, if it has one. Changes `object`. */
export function defaultStatus(object: ApiObject, version: Version): void {
  const schema = version.schema.properties?.status;
  if (!schema) return;
  if (object.status === undefined && schema.default !== undefined) object.status = clone(schema.default);
  applyDefaults(object.status, schema);
}

/** Counts a change of the spec, which is all but metadata and (with a status subresource) status. */
export function countGeneration(
  object: ApiObject,
  old: ApiObject,
  type: ResourceType,
  version: Version,
): void {
  if (!type.counted) return;
  const before = old.metadata.generation ?? 0;
  object.metadata.generation = equal(specOf(object, version), specOf(old, version)) ? before : before + 1;
}

function specOf(object: ApiObject, version: Version): JsonObject {
  const { metadata: _metadata, apiVersion: _apiVersion, ...rest } = object;
  if (!version.status) return rest;
  const { status: _status, ...spec } = rest;
  return spec;
}

/** True when nothing but bookkeeping differs: such a write is none. */
export function sameContent(a: ApiObject, b: ApiObject): boolean {
  return equal(withoutFields(a), withoutFields(b));
}

function withoutFields(object: ApiObject): JsonObject {
  const { managedFields: _fields, resourceVersion: _rv, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** The body of a merge-like patch without strategic merge's `$` directives. */
export function withoutDirectives(patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  return Object.fromEntries(
    Object.entries(patch)
      .filter(([name]) => !name.startsWith('$'))
      .map(([name, value]) => [name, withoutDirectives(value)]),
  );
}
