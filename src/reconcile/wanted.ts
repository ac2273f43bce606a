// The resource that an object asks for: its spec decoded, its name, labels and description put in. Pure.
import type { Message } from '@bufbuild/protobuf';
import { fromObject } from '../kinds/codec/index.js';
import type { AnyKind } from '../kinds/kind.js';
import { hasFinalizer } from '../kube/finalizer.js';
import type { Condition, KubeObject } from '../kube/object.js';
import { annotations, botLabel, finalizer, operatorIdLabel, originKubernetes, originLabel } from './names.js';

/** The name that the object's resource was first made under, as its status tells; undefined before that. */
export function recordedName(object: KubeObject): string | undefined {
  const name = object.status?.['resourceName'];
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/**
 * The name that the object's resource has, or may have, and keeps; undefined where none may have been made. Without a record it can
 * only be the object's own, since any other is put on record before the first write: so it is of what the Go operator made, which
 * says whose a resource is before it writes it, and of what a first write without an answer may have made.
 */
export function keptName(object: KubeObject): string | undefined {
  const recorded = recordedName(object);
  if (recorded !== undefined || !hasFinalizer(object, finalizer) || !isOurs(object)) return recorded;
  return object.metadata.name;
}

function isOurs({ status }: KubeObject): boolean {
  const conditions = Array.isArray(status?.['conditions']) ? (status['conditions'] as Condition[]) : [];
  return conditions.some((each) => each.type === 'TeleportResourceOwned' && each.status === 'True');
}

/** The name that the object asks for now; an empty annotation asks for nothing. */
export function askedName({ metadata }: KubeObject): string {
  return metadata.annotations?.[annotations.resourceName] || metadata.name;
}

/** The name that an object's resource has in Teleport: the one it keeps, else as annotated, else the object's. */
export function resourceName(object: KubeObject): string {
  return keptName(object) ?? askedName(object);
}

/** @throws DecodeError where the spec is not one of the kind's. */
export function wantedResource(kind: AnyKind, object: KubeObject, operatorId?: string): Message {
  const spec = fromObject(kind.spec.schema, object.spec ?? {}, { path: 'spec', hidden: kind.spec.hidden });
  return kind.form.build(
    kind.resource,
    {
      name: resourceName(object),
      description: object.metadata.annotations?.[annotations.description] ?? '',
      labels: {
        ...ordinary(object.metadata.labels),
        [originLabel]: originKubernetes,
        ...(operatorId ? { [operatorIdLabel]: operatorId } : {}),
      },
    },
    spec,
  );
}

/** Labels that decide whose a resource is are not the object's to set: it would lose what it made. */
function ordinary(labels: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { [operatorIdLabel]: _id, [botLabel]: _bot, ...rest } = labels;
  return rest;
}
