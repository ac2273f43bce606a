// Outcomes that are our own decision rather than an answer of Teleport, with what to do about each.
import type { Message } from '@bufbuild/protobuf';
import type { AnyKind } from '../kinds/kind.js';
import type { Applied } from './applied.js';
import type { Failure, Owned } from './outcome.js';

/** Teleport has a resource of the name that is somebody else's. */
export function notOwned(kind: AnyKind, name: string): Failure {
  return {
    type: 'failed',
    step: 'ownership',
    reason: 'NotOwned',
    message:
      `Teleport already has a ${kind.resource.kind} named ${JSON.stringify(name)} that is not this operator's: it lacks the label ` +
      'teleport.dev/origin: kubernetes. It is left alone. Add the label to it in Teleport to hand it over, or choose another name.',
    next: 'backoff',
  };
}

/** The name belongs to a resource of the kind's sibling. */
export function otherSubKind(kind: AnyKind, name: string, existing: Message): Failure {
  const { subKind } = kind.form.names(existing);
  return {
    type: 'failed',
    step: 'ownership',
    reason: 'NotOwned',
    message:
      `Teleport already has a ${kind.resource.kind} named ${JSON.stringify(name)} of sub-kind ${JSON.stringify(subKind ?? '')}, not ` +
      `${JSON.stringify(kind.resource.subKind)}. It is left alone; choose another name.`,
    next: 'backoff',
  };
}

/** The server stored something else than was sent. */
export function otherVersion(kind: AnyKind, version: string, owned: Owned): Failure {
  return {
    type: 'failed',
    step: 'write',
    reason: 'VersionMismatch',
    message:
      `This Teleport stored the ${kind.resource.kind} as version ${version}, not ${kind.resource.version}, so it may mean something ` +
      'else than the object says. Use a kind of the version that this server knows, or upgrade Teleport.',
    next: 'onChange',
    owned,
  };
}

/** A change that Teleport would refuse each time. */
export function immutable(kind: AnyKind, path: string): Failure {
  const field = path.split('.').at(-1) ?? path;
  return {
    type: 'failed',
    step: 'write',
    reason: 'FieldImmutable',
    message:
      `Teleport does not let ${field} of a ${kind.resource.kind} change once it is there. Set it back, or delete the object and ` +
      'create it anew.',
    next: 'onChange',
    owned: 'OriginLabelMatching',
  };
}

/** Teleport took the resource and answers that there is none. */
export function hidden(kind: AnyKind, name: string, applied: Applied): Failure {
  return {
    type: 'failed',
    step: 'write',
    reason: 'NotReadable',
    message:
      `Teleport took the ${kind.resource.kind} ${JSON.stringify(name)} but does not show it to the operator, so its state is unknown. ` +
      "Let the labels of the operator's role match it, for example node_labels: {'*': '*'}.",
    next: 'backoff',
    owned: 'NewResource',
    applied,
  };
}
