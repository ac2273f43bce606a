// The rules of object metadata: names, what clients may not set, what may not change, finalizers.
import { randomUUID } from 'node:crypto';
import { badRequest, type FieldError, invalid } from '../errors.js';
import { isObject, type JsonObject, objectOr, texts } from '../json.js';
import { groupVersion, kindSubject, type ResourceType } from '../kinds/resource-type.js';
import type { ApiObject, Meta } from '../object.js';
import { timestamp } from '../object.js';

const known = new Set([
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
]);

/**
 * Checks that a request's body is an object of the type and version that the URL names.
 * @throws ApiError 400
 */
export function checkBody(body: unknown, type: ResourceType, version: string): asserts body is ApiObject {
  if (!isObject(body)) throw badRequest(`the object provided is unrecognized (must be of type ${type.kind})`);
  const expected = groupVersion(type.group, version);
  const apiVersion = typeof body.apiVersion === 'string' ? body.apiVersion : '';
  if (apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    );
  }
  if (body.kind !== type.kind) {
    throw badRequest(`${String(body.kind)} in version "${version}" cannot be handled as a ${type.kind}`);
  }
  body.metadata = objectOr(body.metadata);
}

/** Drops metadata fields that do not exist, and empty lists and maps. */
export function cleanMetadata(object: ApiObject, unknown: string[]): void {
  const meta: JsonObject = object.metadata;
  for (const [name, value] of Object.entries(meta)) {
    if (!known.has(name)) {
      unknown.push(`metadata.${name}`);
      delete meta[name];
    } else if (isEmpty(value)) delete meta[name];
  }
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true;
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

/** Sets what the server alone decides about a new object. */
export function stampNew(
  object: ApiObject,
  type: ResourceType,
  namespace: string | undefined,
  now: number,
): void {
  const { metadata } = object;
  if (!metadata.name && metadata.generateName) metadata.name = metadata.generateName + suffix();
  if (type.namespaced && namespace) metadata.namespace = namespace;
  else delete metadata.namespace;
  metadata.uid = randomUUID();
  metadata.creationTimestamp = timestamp(now);
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata.managedFields;
  metadata.resourceVersion = '';
  if (type.counted) metadata.generation = 1;
  else delete metadata.generation;
}

const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

function suffix(): string {
  return Array.from({ length: 5 }, () => alphabet[Math.floor(Math.random() * alphabet.length)]).join('');
}

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/** What is wrong with an object's metadata. */
export function metadataErrors(object: ApiObject, type: ResourceType): FieldError[] {
  const { name } = object.metadata;
  const errors: FieldError[] = [];
  if (!name) {
    errors.push(fault('FieldValueRequired', 'name', 'Required value: name or generateName is required'));
  } else if (!type.freeNames && !subdomain.test(name)) {
    errors.push(
      fault('FieldValueInvalid', 'name', `Invalid value: ${JSON.stringify(name)}: ${subdomainRule}`),
    );
  } else if (name.length > 253) {
    errors.push(
      fault(
        'FieldValueInvalid',
        'name',
        `Invalid value: ${JSON.stringify(name)}: must be no more than 253 characters`,
      ),
    );
  }
  errors.push(...mapErrors(object.metadata, 'labels'), ...mapErrors(object.metadata, 'annotations'));
  for (const finalizer of texts(object.metadata.finalizers)) {
    if (finalizer.includes('/') || type.builtin || builtinFinalizers.has(finalizer)) continue;
    const text = `Invalid value: ${JSON.stringify(finalizer)}: name is neither a standard finalizer name nor is it fully qualified`;
    errors.push(fault('FieldValueInvalid', 'finalizers', text));
  }
  return errors;
}

const builtinFinalizers = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);

function mapErrors(meta: Meta, field: 'labels' | 'annotations'): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(objectOr(meta[field]))) {
    const text = typeof value === 'string' ? value : undefined;
    const good =
      text !== undefined &&
      (field === 'annotations' || /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/.test(text));
    const goodKey = /^([a-z0-9.-]+\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(
      field === 'labels' ? key : key.toLowerCase(),
    );
    if (!good || (field === 'labels' && (text ?? '').length > 63)) {
      errors.push(
        fault(
          'FieldValueInvalid',
          field,
          `Invalid value: ${JSON.stringify(value)}: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
        ),
      );
    }
    if (!goodKey) {
      errors.push(
        fault(
          'FieldValueInvalid',
          field,
          `Invalid value: ${JSON.stringify(key)}: name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
        ),
      );
    }
  }
  return errors;
}

function fault(reason: FieldError['reason'], field: string, message: string): FieldError {
  return { reason, field: `metadata.${field}`, message };
}

/**
 * Keeps what an update may not change, and refuses what it may not ask for.
 * @throws ApiError 422
 */
export function carryOver(object: ApiObject, old: ApiObject, type: ResourceType): void {
  const { metadata } = object;
  const was = old.metadata;
  if (metadata.uid && metadata.uid !== was.uid) {
    const message = `Invalid value: ${JSON.stringify(metadata.uid)}: field is immutable`;
    throw invalid(kindSubject(type, was.name), [
      { reason: 'FieldValueInvalid', field: 'metadata.uid', message },
    ]);
  }
  metadata.uid = was.uid;
  metadata.creationTimestamp = was.creationTimestamp;
  copyOrDrop(metadata, was, 'deletionTimestamp');
  copyOrDrop(metadata, was, 'deletionGracePeriodSeconds');
  copyOrDrop(metadata, was, 'generation');
  copyOrDrop(metadata, was, 'generateName');
  copyOrDrop(metadata, was, 'namespace');
  if (!was.deletionTimestamp) return;
  const before = new Set(texts(was.finalizers));
  const added = texts(metadata.finalizers).filter((name) => !before.has(name));
  if (added.length === 0) return;
  const list = added.map((name) => JSON.stringify(name)).join(', ');
  const message = `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
  throw invalid(kindSubject(type, was.name), [
    { reason: 'FieldValueForbidden', field: 'metadata.finalizers', message },
  ]);
}

function copyOrDrop(metadata: Meta, was: Meta, field: string): void {
  if (was[field] === undefined) delete metadata[field];
  else (metadata as JsonObject)[field] = was[field];
}
