// Objects for tests, with the few fields that a test is about.
import type { KubeObject, ObjectMeta } from '../../src/kube/object.js';

export interface ObjectWith {
  kind?: string;
  apiVersion?: string;
  name?: string;
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  metadata?: Partial<ObjectMeta>;
}

/** An object of TeleportRoleV7 in namespace `teleport`, unless said otherwise. */
export function anObject(given: ObjectWith = {}): KubeObject {
  const name = given.name ?? 'engineer';
  return {
    apiVersion: given.apiVersion ?? 'resources.teleport.dev/v1',
    kind: given.kind ?? 'TeleportRoleV7',
    metadata: {
      name,
      namespace: 'teleport',
      uid: `uid-${name}`,
      resourceVersion: '1',
      generation: 1,
      ...given.metadata,
    },
    spec: given.spec ?? { allow: { logins: ['ubuntu'] } },
    ...(given.status === undefined ? {} : { status: given.status }),
  };
}
