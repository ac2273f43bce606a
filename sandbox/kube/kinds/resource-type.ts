// What the server must know of a resource type to serve it: names, versions, schemas, columns, special rules.
import type { FieldError, Subject } from '../errors.js';
import type { ApiObject } from '../object.js';
import type { Schema } from '../schema/schema.js';

/** A column of `kubectl get`. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  /** Columns above 0 show up with `-o wide` only. */
  readonly priority?: number;
  readonly format?: string;
  readonly description?: string;
  /** Custom resources: where the value is. */
  readonly jsonPath?: string;
  /** Built-in types: how the cell is made. */
  readonly cell?: (object: ApiObject, now: number) => string | number | null;
}

export interface Version {
  readonly name: string;
  readonly schema: Schema;
  readonly columns: readonly Column[];
  /** `/status` is a resource of its own and spec writes leave the status alone. */
  readonly status: boolean;
}

export interface ResourceType {
  /** `widgets.example.dev`; `secrets` for the core group. */
  readonly key: string;
  readonly group: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly builtin: boolean;
  /** Served versions, the preferred one first. */
  readonly versions: readonly Version[];
  readonly storageVersion: string;
  readonly verbs: readonly string[];
  /** What discovery shows instead: less, where the CRD is going. */
  readonly shownVerbs?: readonly string[];
  /** Further subresources that discovery lists, beside status. */
  readonly subresources?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly group: string;
    readonly version: string;
  }[];
  /** metadata.generation counts changes of the spec. */
  readonly counted: boolean;
  /** PUT to a name that does not exist creates it. */
  readonly createOnUpdate?: boolean;
  /** A name may be anything that fits in a path (RBAC). */
  readonly freeNames?: boolean;
  /** Fills in what the server itself sets, before validation. */
  readonly prepare?: (object: ApiObject, old: ApiObject | undefined, now: number) => void;
  /** What the schema cannot say. */
  readonly check?: (object: ApiObject, old: ApiObject | undefined) => FieldError[];
  /** Further field selectors than metadata.name and metadata.namespace. */
  readonly fields?: readonly string[];
}

export const allVerbs = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
] as const;

/** `example.dev/v1`, or `v1` for the core group. */
export function groupVersion(group: string, version: string): string {
  return group ? `${group}/${version}` : version;
}

export function versionOf(type: ResourceType, name: string): Version | undefined {
  return type.versions.find((version) => version.name === name);
}

/** For errors that name the plural: not found, conflict, forbidden. */
export function subject(type: ResourceType, name?: string): Subject {
  return { group: type.group, resource: type.plural, name };
}

/** For errors that name the kind: Invalid and preconditions. */
export function kindSubject(type: ResourceType, name?: string): Subject {
  return { group: type.group, resource: type.kind, name };
}
