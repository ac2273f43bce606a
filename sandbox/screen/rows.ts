// What the sandbox shows: each object with its readiness, and the resource in Teleport beside it.
import { kinds } from '../../src/kinds/index.js';
import { apiResource } from '../../src/kinds/kind.js';
import type { Condition, KubeObject } from '../../src/kube/object.js';
import type { EmbeddedKubernetes } from '../kube/server.js';
import type { EmbeddedTeleport } from '../teleport/server.js';

export interface Row {
  readonly kind: string;
  readonly name: string;
  readonly ready: string;
  readonly reason: string;
  /** `kind/name version`, or empty where Teleport has none. */
  readonly resource: string;
}

/** One row an object of our kinds, sorted. */
export function rows(
  objects: EmbeddedKubernetes['store'],
  resources: EmbeddedTeleport['resources'],
  namespace: string,
): Row[] {
  return kinds.flatMap((kind) => {
    const { group, plural } = apiResource(kind);
    return objects.list(`${plural}.${group}`, namespace).map((stored) => {
      const object = stored as unknown as KubeObject;
      const { name } = object.metadata;
      const ready = readyOf(object);
      return {
        kind: kind.object.kind,
        name,
        ready: ready?.status ?? '',
        reason: ready?.reason ?? '',
        resource: resources.get(kind.resource.kind as Parameters<typeof resources.get>[0], name)
          ? `${kind.resource.kind}/${name}`
          : '',
      };
    });
  });
}

/** True when there are objects and each of them is Ready. */
export function allReady(all: readonly Row[]): boolean {
  return all.length > 0 && all.every(({ ready }) => ready === 'True');
}

function readyOf(object: KubeObject): Condition | undefined {
  const conditions = object.status?.['conditions'];
  return Array.isArray(conditions)
    ? (conditions as Condition[]).find(({ type }) => type === 'Ready')
    : undefined;
}
