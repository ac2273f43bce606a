// `kubectl get` asks for tables: columns and cells, made here as kube-apiserver makes them.
import type { JsonObject } from '../json.js';
import { since } from '../kinds/builtin.js';
import type { Column, Version } from '../kinds/resource-type.js';
import type { ApiObject } from '../object.js';
import { find } from './jsonpath.js';

export type IncludeObject = 'Metadata' | 'Object' | 'None';

const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'the name, unique within the namespace',
  cell: (object) => object.metadata.name,
};

/** A `Table` of objects. */
export function table(
  objects: readonly ApiObject[],
  version: Version,
  metadata: JsonObject,
  options: { now: number; include: IncludeObject; columns?: boolean },
): JsonObject {
  const columns = columnsOf(version);
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: options.columns === false ? null : columns.map(definition),
    rows: objects.map((object) => ({
      cells: columns.map((column) => cell(object, column, options.now)),
      ...(options.include !== 'None' && { object: options.include === 'Object' ? object : partial(object) }),
    })),
  };
}

function columnsOf(version: Version): Column[] {
  const own = version.columns;
  // Events lead with the time and name themselves last.
  return own.some((column) => column.name === 'Name') ? [...own] : [nameColumn, ...own];
}

function definition(column: Column): JsonObject {
  const { name, type, format = '', priority = 0 } = column;
  const description =
    column.description ??
    (column.jsonPath ? `Custom resource definition column (in JSONPath format): ${column.jsonPath}` : name);
  return { name, type, format, description, priority };
}

/** The metadata of an object alone. */
export function partial(object: ApiObject): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}

function cell(object: ApiObject, column: Column, now: number): unknown {
  if (column.cell) return column.cell(object, now);
  const [value] = find(object, column.jsonPath ?? '');
  if (value === undefined) return null;
  switch (column.type) {
    case 'string':
      return typeof value === 'string' ? value : JSON.stringify(value);
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? since(value, now) : null;
  }
}
