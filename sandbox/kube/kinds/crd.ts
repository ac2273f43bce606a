// CustomResourceDefinitions: checks them, says they are established, and turns them into resource types.
import type { FieldError } from '../errors.js';
import { at, isObject, type JsonObject, listOr, objectOr, textOr, texts } from '../json.js';
import type { ApiObject } from '../object.js';
import { timestamp } from '../object.js';
import { compareVersions } from '../registry.js';
import { anything, object } from '../schema/build.js';
import { builtin, createdColumn } from './builtin.js';
import { allVerbs, type Column, type ResourceType, type Version } from './resource-type.js';

/** The finalizer that keeps a CRD until its custom resources are gone. */
export const crdCleanup = 'customresourcecleanup.apiextensions.k8s.io';

export const customResourceDefinitions: ResourceType = builtin({
  group: 'apiextensions.k8s.io',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  namespaced: false,
  description: 'A resource type that is added to the API.',
  properties: {
    spec: { ...anything('names, versions and schemas'), required: ['group', 'names', 'scope', 'versions'] },
    status: { ...object({}, 'whether it is served'), 'x-kubernetes-preserve-unknown-fields': true },
  },
  required: ['spec'],
  columns: [createdColumn],
  status: true,
  more: { counted: true, prepare, check },
});

function prepare(crd: ApiObject, old: ApiObject | undefined, now: number): void {
  const spec = objectOr(crd.spec);
  const names = objectOr(spec.names);
  const kind = textOr(names.kind);
  const full = {
    ...names,
    singular: textOr(names.singular) || kind.toLowerCase(),
    listKind: textOr(names.listKind) || `${kind}List`,
  };
  crd.spec = { conversion: { strategy: 'None' }, ...spec, names: full };
  if (!crd.metadata.deletionTimestamp)
    crd.metadata.finalizers = [...new Set([...texts(crd.metadata.finalizers), crdCleanup])];
  const stored = listOr(spec.versions).find((version) => isObject(version) && version.storage === true);
  const before = texts(at(old, 'status', 'storedVersions'));
  const time = timestamp(now);
  crd.status = {
    acceptedNames: full,
    conditions: old
      ? listOr(at(old, 'status', 'conditions'))
      : [
          condition('NamesAccepted', 'NoConflicts', 'no conflicts found', time),
          condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted', time),
        ],
    storedVersions: [...new Set([...before, textOr(at(stored, 'name'))])],
  };
}

function condition(type: string, reason: string, message: string, lastTransitionTime: string): JsonObject {
  return { lastTransitionTime, message, reason, status: 'True', type };
}

function check(crd: ApiObject): FieldError[] {
  const spec = objectOr(crd.spec);
  const wanted = `${textOr(at(spec, 'names', 'plural'))}.${textOr(spec.group)}`;
  const errors: FieldError[] = [];
  if (crd.metadata.name !== wanted) {
    const text = `Invalid value: ${JSON.stringify(crd.metadata.name)}: must be spec.names.plural+"."+spec.group`;
    errors.push({ reason: 'FieldValueInvalid', field: 'metadata.name', message: text });
  }
  if (spec.scope !== 'Namespaced' && spec.scope !== 'Cluster') {
    const text = `Unsupported value: ${JSON.stringify(spec.scope)}: supported values: "Cluster", "Namespaced"`;
    errors.push({ reason: 'FieldValueNotSupported', field: 'spec.scope', message: text });
  }
  const versions = listOr(spec.versions);
  if (versions.filter((version) => isObject(version) && version.storage === true).length !== 1) {
    const text = 'Invalid value: must have exactly one version marked as storage version';
    errors.push({ reason: 'FieldValueInvalid', field: 'spec.versions', message: text });
  }
  for (const [index, version] of versions.entries()) {
    const path = `spec.versions[${index}].schema.openAPIV3Schema`;
    const schema = at(version, 'schema', 'openAPIV3Schema');
    if (!isObject(schema))
      errors.push({
        reason: 'FieldValueRequired',
        field: path,
        message: 'Required value: schemas are required',
      });
    else structural(schema, path, errors);
  }
  return errors;
}

/** The core of "structural": every node says its type, unless it says that it takes anything. */
function structural(schema: JsonObject, path: string, errors: FieldError[]): void {
  const free =
    schema['x-kubernetes-preserve-unknown-fields'] === true || schema['x-kubernetes-int-or-string'] === true;
  if (!schema.type && !free) {
    const message = 'Required value: must not be empty for specified object fields';
    errors.push({ reason: 'FieldValueRequired', field: `${path}.type`, message });
  }
  if (schema.properties && schema.additionalProperties) {
    errors.push({
      reason: 'FieldValueForbidden',
      field: `${path}.additionalProperties`,
      message: 'Forbidden: additionalProperties and properties are mutual exclusive',
    });
  }
  for (const [name, inner] of Object.entries(objectOr(schema.properties))) {
    if (isObject(inner)) structural(inner, `${path}.properties[${name}]`, errors);
  }
  if (isObject(schema.additionalProperties))
    structural(schema.additionalProperties, `${path}.additionalProperties`, errors);
  if (isObject(schema.items)) structural(schema.items, `${path}.items`, errors);
  else if (schema.type === 'array') {
    errors.push({
      reason: 'FieldValueRequired',
      field: `${path}.items`,
      message: 'Required value: must be specified',
    });
  }
}

const customAge: Column = {
  name: 'Age',
  type: 'date',
  description: 'time since the object was made',
  jsonPath: '.metadata.creationTimestamp',
};

/** What the discovery of apiextensions shows of a CRD that is going. */
const goingVerbs = ['delete', 'deletecollection', 'get', 'list', 'watch'];

/** The type that a stored CRD defines. */
export function typeOfCrd(crd: ApiObject): ResourceType {
  const spec = objectOr(crd.spec);
  const names = objectOr(spec.names);
  const all = listOr(spec.versions).filter(isObject);
  return {
    key: crd.metadata.name,
    group: textOr(spec.group),
    plural: textOr(names.plural),
    singular: textOr(names.singular),
    kind: textOr(names.kind),
    listKind: textOr(names.listKind),
    shortNames: texts(names.shortNames),
    categories: texts(names.categories),
    namespaced: spec.scope === 'Namespaced',
    builtin: false,
    versions: all
      .filter((version) => version.served === true)
      .map(versionOfCrd)
      .sort((a, b) => compareVersions(a.name, b.name)),
    storageVersion: textOr(all.find((version) => version.storage === true)?.name),
    verbs: allVerbs,
    ...(crd.metadata.deletionTimestamp && { shownVerbs: goingVerbs }),
    counted: true,
  };
}

function versionOfCrd(version: JsonObject): Version {
  const columns = listOr(version.additionalPrinterColumns).filter(isObject);
  return {
    name: textOr(version.name),
    schema: objectOr(at(version, 'schema', 'openAPIV3Schema')),
    columns: columns.length > 0 ? columns.map((column) => column as unknown as Column) : [customAge],
    status: isObject(at(version, 'subresources', 'status')),
  };
}
