// The URLs of the Kubernetes API. Pure.
import { KubeError } from './errors.js';
import type { ApiResource } from './object.js';
import type { ObjectRef } from './verbs.js';

/** `/api/v1`, `/apis/<group>/<version>`. */
export function groupPath({ group, version }: ApiResource): string {
  return group === '' ? `/api/${segment(version)}` : `/apis/${segment(group)}/${segment(version)}`;
}

/** Where it stands which versions a group has. */
export const versionsPath = (group: string): string => `/apis/${segment(group)}`;

/** All objects of a resource, in one namespace or in all. */
export function collectionPath(resource: ApiResource, namespace: string | undefined): string {
  const within = namespace ? `/namespaces/${segment(namespace)}` : '';
  return `${groupPath(resource)}${within}/${segment(resource.plural)}`;
}

/** The name is demanded here: without it a DELETE would mean the whole collection. */
export function objectPath(resource: ApiResource, ref: ObjectRef, subresource?: string): string {
  const path = `${collectionPath(resource, ref.namespace)}/${segment(ref.name)}`;
  return subresource ? `${path}/${segment(subresource)}` : path;
}

function segment(text: string): string {
  if (!text || text === '.' || text === '..') {
    throw new KubeError('BadRequest', `"${text}" can't be a part of a Kubernetes API path`);
  }
  return encodeURIComponent(text);
}

/** The path with the query's fields that are set; false counts as not set. */
export function withQuery(
  path: string,
  query: Readonly<Record<string, string | number | boolean | undefined>>,
): string {
  let text = '';
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === '' || value === false) continue;
    text += `${text === '' ? '?' : '&'}${name}=${encodeURIComponent(String(value))}`;
  }
  return path + text;
}

/** Where the schemas of a group and version are, as OpenAPI 3. */
export const schemasPath = (resource: ApiResource): string => `/openapi/v3${groupPath(resource)}`;
