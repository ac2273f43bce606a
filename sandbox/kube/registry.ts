// The resource types that are served right now: the built-in ones, and those of established CRDs.
import type { ResourceType, Version } from './kinds/resource-type.js';
import { versionOf } from './kinds/resource-type.js';

export interface GroupInfo {
  readonly group: string;
  /** Served versions, the preferred one first. */
  readonly versions: readonly { readonly name: string; readonly types: readonly ResourceType[] }[];
}

export class Registry {
  private readonly types = new Map<string, ResourceType>();

  /** Changes with every type that comes, changes or goes; the OpenAPI documents are cached by it. */
  generation = 0;

  constructor(builtins: readonly ResourceType[]) {
    for (const type of builtins) this.set(type);
  }

  set(type: ResourceType): void {
    this.types.set(type.key, type);
    this.generation += 1;
  }

  delete(key: string): void {
    if (this.types.delete(key)) this.generation += 1;
  }

  byKey(key: string): ResourceType | undefined {
    return this.types.get(key);
  }

  all(): ResourceType[] {
    return [...this.types.values()];
  }

  /** What a URL names. */
  find(group: string, version: string, plural: string): { type: ResourceType; version: Version } | undefined {
    const type = this.types.get(group ? `${plural}.${group}` : plural);
    const found = type && versionOf(type, version);
    return type && found ? { type, version: found } : undefined;
  }

  groups(): GroupInfo[] {
    const byGroup = new Map<string, Map<string, ResourceType[]>>();
    for (const type of this.types.values()) {
      const versions = byGroup.get(type.group) ?? new Map<string, ResourceType[]>();
      byGroup.set(type.group, versions);
      for (const { name } of type.versions) versions.set(name, [...(versions.get(name) ?? []), type]);
    }
    return [...byGroup].map(([group, versions]) => ({
      group,
      versions: [...versions]
        .map(([name, types]) => ({ name, types }))
        .sort((a, b) => compareVersions(a.name, b.name)),
    }));
  }
}

/** Kubernetes' order of versions: v2 before v1 before v1beta2 before v1beta1 before v1alpha1; others last. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [rank(a), rank(b)];
  for (let index = 0; index < left.length; index += 1) {
    const difference = (right[index] ?? 0) - (left[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

function rank(version: string): [number, number, number] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (!match) return [0, 0, 0];
  const stage = match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1;
  return [stage, Number(match[1]), Number(match[3] ?? 0)];
}
