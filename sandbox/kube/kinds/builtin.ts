// Makes the ResourceType of a built-in kind from the little that differs between them.
import type { ApiObject } from '../object.js';
import { age } from '../print/age.js';
import type { Schema } from '../schema/schema.js';
import { allVerbs, type Column, type ResourceType } from './resource-type.js';

export interface BuiltinOptions {
  readonly group?: string;
  readonly version?: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames?: readonly string[];
  readonly namespaced?: boolean;
  readonly description: string;
  readonly properties: Record<string, Schema>;
  readonly required?: string[];
  readonly columns?: readonly Column[];
  readonly verbs?: readonly string[];
  readonly status?: boolean;
  readonly more?: Partial<ResourceType>;
}

export function builtin(options: BuiltinOptions): ResourceType {
  const { group = '', version = 'v1', kind, plural, properties, description, required } = options;
  const schema: Schema = { type: 'object', description, properties, ...(required && { required }) };
  return {
    key: group ? `${plural}.${group}` : plural,
    group,
    plural,
    singular: kind.toLowerCase(),
    kind,
    listKind: `${kind}List`,
    shortNames: options.shortNames ?? [],
    categories: [],
    namespaced: options.namespaced ?? true,
    builtin: true,
    versions: [
      { name: version, schema, columns: options.columns ?? [ageColumn], status: options.status ?? false },
    ],
    storageVersion: version,
    verbs: options.verbs ?? allVerbs,
    counted: false,
    ...options.more,
  };
}

/** The time since `ms`, for a cell. */
export function since(value: unknown, now: number): string {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? '<unknown>' : age(now - at);
}

export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  description: 'time since the object was made',
  cell: (object, now) => since(object.metadata.creationTimestamp, now),
};

export const createdColumn: Column = {
  name: 'Created At',
  type: 'string',
  format: 'date-time',
  description: 'when the object was made',
  cell: (object) => object.metadata.creationTimestamp,
};

export function column(
  name: string,
  cell: (object: ApiObject, now: number) => string | number | null,
  priority = 0,
): Column {
  return { name, type: 'string', priority, cell };
}
