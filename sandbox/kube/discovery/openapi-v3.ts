// OpenAPI v3: an index, and one document per group and version. kubectl explains, validates and finds out what PATCH
// understands from it. Descriptions are our own words; responses are hardly described.
import { createHash } from 'node:crypto';
import type { JsonObject } from '../json.js';
import { groupVersion, type ResourceType, type Version, versionOf } from '../kinds/resource-type.js';
import type { Registry } from '../registry.js';
import { text } from '../schema/build.js';
import { metaName, metaRef, metaSchemas } from './meta-schemas.js';

export class OpenApi {
  private generation = -1;
  private readonly cache = new Map<string, { document: JsonObject; hash: string }>();

  constructor(private readonly registry: Registry) {}

  /** `/openapi/v3` */
  index(): JsonObject {
    const paths: JsonObject = {};
    for (const { group, versions } of this.registry.groups()) {
      for (const { name } of versions) {
        const path = pathOf(group, name);
        paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${this.of(path)?.hash ?? ''}` };
      }
    }
    return { paths };
  }

  /** `/openapi/v3/<path>`, or undefined. */
  document(path: string): JsonObject | undefined {
    return this.of(path)?.document;
  }

  private of(path: string): { document: JsonObject; hash: string } | undefined {
    if (this.generation !== this.registry.generation) {
      this.cache.clear();
      this.generation = this.registry.generation;
    }
    const known = this.cache.get(path);
    if (known) return known;
    for (const { group, versions } of this.registry.groups()) {
      for (const { name, types } of versions) {
        if (pathOf(group, name) !== path) continue;
        const document = documentOf(group, name, types);
        const hash = createHash('sha256').update(JSON.stringify(document)).digest('hex').toUpperCase();
        const made = { document, hash };
        this.cache.set(path, made);
        return made;
      }
    }
    return undefined;
  }
}

function pathOf(group: string, version: string): string {
  return group ? `apis/${group}/${version}` : `api/${version}`;
}

function documentOf(group: string, version: string, types: readonly ResourceType[]): JsonObject {
  const schemas: JsonObject = {};
  for (const [name, schema] of Object.entries(metaSchemas)) schemas[metaName(name)] = schema;
  const paths: JsonObject = {};
  for (const type of types) {
    const found = versionOf(type, version);
    if (!found) continue;
    Object.assign(schemas, schemasOf(type, found));
    Object.assign(paths, pathsOf(type, found));
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.34.0' },
    paths,
    components: { schemas },
    'x-group-version': groupVersion(group, version),
  };
}

/** `dev.example.v1.Widget`: the reversed group, as CRDs are named. */
function schemaName(type: ResourceType, version: string, kind: string): string {
  const group = type.group === '' ? 'io.k8s.api.core' : type.group.split('.').reverse().join('.');
  return `${group}.${version}.${kind}`;
}

function gvk(type: ResourceType, version: string, kind = type.kind): JsonObject {
  return { group: type.group, version, kind };
}

/** The schema of a type as documents show it: with what every object has. */
export function shownSchema(
  type: ResourceType,
  version: Version,
  meta: (name: string) => JsonObject,
): JsonObject {
  const { properties = {}, ...rest } = version.schema;
  return {
    ...rest,
    type: 'object',
    properties: {
      ...properties,
      apiVersion: text('The group and version of the API that this object is written in.'),
      kind: text('The kind of object.'),
      metadata: {
        description: 'Name, labels, and what the server notes about the object.',
        allOf: [meta('ObjectMeta')],
      },
    },
    'x-kubernetes-group-version-kind': [gvk(type, version.name)],
  };
}

function schemasOf(type: ResourceType, version: Version): JsonObject {
  const name = schemaName(type, version.name, type.kind);
  return {
    [name]: shownSchema(type, version, metaRef),
    [schemaName(type, version.name, type.listKind)]: {
      type: 'object',
      description: `Objects of kind ${type.kind}.`,
      required: ['items'],
      properties: {
        apiVersion: text('The group and version of the API.'),
        kind: text('The kind of list.'),
        metadata: { description: 'The version of the list.', allOf: [metaRef('ListMeta')] },
        items: {
          type: 'array',
          description: 'the objects',
          items: { allOf: [{ $ref: `#/components/schemas/${name}` }] },
        },
      },
      'x-kubernetes-group-version-kind': [gvk(type, version.name, type.listKind)],
    },
  };
}

const parameter = (name: string, where: string, type: string, description: string): JsonObject => ({
  name,
  in: where,
  description,
  ...(where === 'path' && { required: true }),
  schema: { type, uniqueItems: true },
});

const writeParameters = [
  parameter('dryRun', 'query', 'string', 'All: only try'),
  parameter('fieldManager', 'query', 'string', 'who writes'),
  parameter('fieldValidation', 'query', 'string', 'Strict, Warn or Ignore: what to do about unknown fields'),
];
const readParameters = [
  parameter('labelSelector', 'query', 'string', 'only objects with these labels'),
  parameter('fieldSelector', 'query', 'string', 'only objects with these fields'),
  parameter('limit', 'query', 'integer', 'objects per page'),
  parameter('continue', 'query', 'string', 'where the page starts'),
  parameter('watch', 'query', 'boolean', 'stream what happens'),
];
const force = parameter('force', 'query', 'boolean', 'take fields from other managers');

function pathsOf(type: ResourceType, version: Version): JsonObject {
  const base = `/${pathOf(type.group, version.name)}`;
  const schema = { $ref: `#/components/schemas/${schemaName(type, version.name, type.kind)}` };
  const list = { $ref: `#/components/schemas/${schemaName(type, version.name, type.listKind)}` };
  const operation = (
    action: string,
    verb: string,
    parameters: JsonObject[],
    answer: JsonObject,
    body?: JsonObject,
  ): JsonObject => ({
    description: `${verb} objects of kind ${type.kind}`,
    operationId: `${verb}${type.kind}`,
    parameters,
    ...(body && { requestBody: { required: true, content: body } }),
    responses: { 200: { description: 'OK', content: { 'application/json': { schema: answer } } } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk(type, version.name),
  });
  const json = { 'application/json': { schema } };
  const patches = {
    'application/apply-patch+yaml': { schema: metaRef('Patch') },
    'application/json-patch+json': { schema: metaRef('Patch') },
    'application/merge-patch+json': { schema: metaRef('Patch') },
    ...(type.builtin && { 'application/strategic-merge-patch+json': { schema: metaRef('Patch') } }),
  };
  const deleteBody = { 'application/json': { schema: metaRef('DeleteOptions') } };
  const has = (verb: string): boolean => type.verbs.includes(verb);
  const room = type.namespaced ? [parameter('namespace', 'path', 'string', 'the namespace')] : [];
  const collection = type.namespaced
    ? `${base}/namespaces/{namespace}/${type.plural}`
    : `${base}/${type.plural}`;
  const one = {
    ...(has('get') && { get: operation('get', 'read', [], schema) }),
    ...(has('update') && { put: operation('put', 'replace', writeParameters, schema, json) }),
    ...(has('patch') && { patch: operation('patch', 'patch', [...writeParameters, force], schema, patches) }),
  };
  const name = parameter('name', 'path', 'string', 'the name');
  const listOperation = operation('list', 'list', readParameters, list);
  return {
    [collection]: {
      ...(has('list') && { get: listOperation }),
      ...(has('create') && { post: operation('post', 'create', writeParameters, schema, json) }),
      ...(has('deletecollection') && {
        delete: operation('deletecollection', 'deleteCollection', [], metaRef('Status'), deleteBody),
      }),
      parameters: room,
    },
    ...(has('get') && {
      [`${collection}/{name}`]: {
        ...one,
        ...(has('delete') && { delete: operation('delete', 'delete', [], metaRef('Status'), deleteBody) }),
        parameters: [name, ...room],
      },
    }),
    ...(version.status && { [`${collection}/{name}/status`]: { ...one, parameters: [name, ...room] } }),
    ...(type.namespaced &&
      has('list') && { [`${base}/${type.plural}`]: { get: listOperation, parameters: [] } }),
  };
}
