// Discovery: which groups, versions and resources there are. The old documents, and the aggregated ones that kubectl
// asks for first.
import type { JsonObject } from '../json.js';
import { groupVersion, type ResourceType } from '../kinds/resource-type.js';
import type { GroupInfo, Registry } from '../registry.js';

const statusVerbs = ['get', 'patch', 'update'];

/** `/api` */
export function coreVersions(): JsonObject {
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
}

/** `/apis` */
export function groupList(registry: Registry): JsonObject {
  const groups = registry.groups().filter(({ group }) => group !== '');
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(describeGroup) };
}

/** `/apis/<group>`, or undefined when there is no such group. */
export function oneGroup(registry: Registry, name: string): JsonObject | undefined {
  const info = registry.groups().find(({ group }) => group === name && group !== '');
  return info && { kind: 'APIGroup', apiVersion: 'v1', ...describeGroup(info) };
}

function describeGroup({ group, versions }: GroupInfo): JsonObject {
  const all = versions.map(({ name }) => ({ groupVersion: groupVersion(group, name), version: name }));
  return { name: group, versions: all, preferredVersion: all[0] };
}

/** `/api/v1` and `/apis/<group>/<version>`, or undefined when nothing is served there. */
export function resourceList(registry: Registry, group: string, version: string): JsonObject | undefined {
  const info = registry.groups().find((one) => one.group === group);
  const found = info?.versions.find(({ name }) => name === version);
  if (!found) return undefined;
  const resources = found.types.flatMap((type) => [
    {
      name: type.plural,
      singularName: type.singular,
      namespaced: type.namespaced,
      kind: type.kind,
      verbs: type.shownVerbs ?? type.verbs,
      ...(type.shortNames.length > 0 && { shortNames: type.shortNames }),
      ...(type.categories.length > 0 && { categories: type.categories }),
    },
    ...subresources(type, version).map(({ name, kind, verbs, ...other }) => ({
      name: `${type.plural}/${name}`,
      singularName: '',
      namespaced: type.namespaced,
      kind,
      verbs,
      ...(other.group !== group && { group: other.group, version: other.version }),
    })),
  ]);
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: groupVersion(group, version), resources };
}

interface Subresource {
  readonly name: string;
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly verbs: readonly string[];
}

function subresources(type: ResourceType, version: string): Subresource[] {
  const status = type.versions.find(({ name }) => name === version)?.status
    ? [{ name: 'status', kind: type.kind, group: type.group, version, verbs: statusVerbs }]
    : [];
  return [...status, ...(type.subresources ?? []).map((one) => ({ ...one, verbs: ['create'] }))];
}

/** The aggregated form of `/api` (core) or `/apis` (the rest). */
export function aggregated(registry: Registry, core: boolean, apiVersion: string): JsonObject {
  const groups = registry.groups().filter(({ group }) => (group === '') === core);
  const items = groups.map(({ group, versions }) => ({
    metadata: { name: group, creationTimestamp: null },
    versions: versions.map(({ name, types }) => ({
      version: name,
      resources: types.map((type) => aggregatedResource(type, name)),
      freshness: 'Current',
    })),
  }));
  return { kind: 'APIGroupDiscoveryList', apiVersion, metadata: {}, items };
}

function aggregatedResource(type: ResourceType, version: string): JsonObject {
  const inner = subresources(type, version).map((one) => ({
    subresource: one.name,
    responseKind: { group: one.group, version: one.version, kind: one.kind },
    verbs: one.verbs,
  }));
  return {
    resource: type.plural,
    responseKind: { group: type.group, version, kind: type.kind },
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: type.singular,
    verbs: type.shownVerbs ?? type.verbs,
    ...(type.shortNames.length > 0 && { shortNames: type.shortNames }),
    ...(type.categories.length > 0 && { categories: type.categories }),
    ...(inner.length > 0 && { subresources: inner }),
  };
}
