// What keeps an object from being reconciled at all. Pure, in order: ignored, going without us, named as
// nothing can be, renamed, another's, not understood, switched off. The first gate that closes decides.
import type { Features } from '../gen/teleport/client/authservice_pb.js';
import type { AnyKind } from '../kinds/kind.js';
import { type KubeObject, keyOf } from '../kube/object.js';
import { unknownValues } from './annotation-values.js';
import { readApplied } from './applied.js';
import { type Claims, holds, ownerOf } from './claims.js';
import { lacking } from './licence.js';
import { annotations, isOn } from './names.js';
import type { Failure, Outcome } from './outcome.js';
import { deletionWaits, hiddenRival, unlicensed as unlicensedFailure } from './refusals.js';
import { readyReason } from './status.js';
import { askedName, keptName, resourceName } from './wanted.js';

export interface GateContext {
  readonly kind: AnyKind;
  readonly object: KubeObject;
  /** What Ping told of the licence; undefined where nothing is known. */
  readonly features: Features | undefined;
  readonly claims: Claims;
  /** Nothing is to be written: what the object lost is not forgotten by its deletion, which waits. */
  readonly observe: boolean;
}

type Gate = (context: GateContext, deleting: boolean) => Outcome | undefined;

const ignored: Gate = ({ object }, deleting) =>
  isOn(object.metadata.annotations?.[annotations.ignore])
    ? { type: 'ignored', deleting: deleting && holds(object) }
    : undefined;

const goingWithoutUs: Gate = ({ object }, deleting) =>
  deleting && !holds(object) ? { type: 'gone', resource: 'untouched' } : undefined;

/** Teleport's one resource of the kind belongs to the object of its name: another's deletion must not reach it. */
const wrongSingleton: Gate = ({ kind, object }, deleting) => {
  if (kind.singleton === undefined || resourceName(object) === kind.singleton) return undefined;
  if (deleting) return { type: 'gone', resource: 'notOurs' };
  return refusal(
    'NameNotAllowed',
    `Teleport has one ${kind.resource.kind}, named ${kind.singleton}. Delete this object and create one of that name.`,
  );
};

/** A deletion goes on by the name that is kept. */
const renamed: Gate = ({ object }, deleting) => {
  const kept = keptName(object);
  const asked = askedName(object);
  if (deleting || kept === undefined || kept === asked) return undefined;
  // It is known before the first write, and that it failed is no proof that it was not made.
  const made = readApplied(object) ? 'was made' : 'may have been made';
  const own = kept === object.metadata.name;
  return refusal(
    'NameImmutable',
    `The resource ${made} as ${JSON.stringify(kept)} and is not renamed to ${JSON.stringify(asked)}. ${own ? 'Remove' : 'Set'} the annotation ` +
      `${annotations.resourceName}${own ? '' : ' back'}, or delete the object and create it anew.`,
  );
};

/** The resource belongs to the older object; the younger one's deletion must not reach it. */
const conflicting: Gate = ({ kind, object, claims, observe }, deleting) => {
  const resource = `${kind.resource.kind}/${resourceName(object)}`;
  const owner = ownerOf(object.kind, keyOf(object));
  const rival = claims.rival(resource, owner);
  if (rival) {
    if (deleting && !observe) return { type: 'gone', resource: 'notOurs' };
    const lost = `The ${kind.resource.kind} ${JSON.stringify(resourceName(object))} belongs to the older object ${rival.owner}.`;
    const remedy = deleting ? deletionWaits : 'Delete one of the two, or give this one another name.';
    return refusal('NameConflict', `${lost} ${remedy}`);
  }
  // An heir that is not held can't be trusted with it, since nothing would delete the resource after that one; nor one that is
  // idle, which would leave what this object says in Teleport.
  const heir = claims.heir(resource, owner);
  return deleting && heir?.held && !heir.idle ? { type: 'gone', resource: 'handedOver' } : undefined;
};

/** It lost before to an object that can't be read now, and that may still have the resource. */
const lostToHidden: Gate = ({ kind, object, claims, observe }, deleting) => {
  const hidden = claims.hidden(kind.resource.kind);
  if (hidden.length === 0 || readyReason(object) !== 'NameConflict') return undefined;
  if (claims.isContested(`${kind.resource.kind}/${resourceName(object)}`)) return undefined;
  if (deleting && !observe) return { type: 'gone', resource: 'notOurs' };
  if (!deleting && isOn(object.metadata.annotations?.[annotations.adopt])) return undefined;
  return hiddenRival(kind, resourceName(object), hidden);
};

/** It may be told to do less than it would: to observe only, to report drift. Those above write nothing, and tell more. */
const unclear: Gate = ({ object }, deleting) => {
  const wrong = unknownValues(object, deleting);
  if (wrong.length === 0) return undefined;
  const waits = deleting ? 'The deletion waits' : 'Nothing is written to Teleport';
  const message = `${wrong.join(' ')} ${waits} until that is corrected, or the annotation removed.`;
  return { ...refusal('InvalidAnnotation', message), ...(deleting && { step: 'delete' }) };
};

/** A deletion may need nothing of Teleport (remove.ts). */
const unlicensed: Gate = ({ kind, features }, deleting) => {
  const lack = deleting ? undefined : lacking(kind, features);
  return lack === undefined ? undefined : unlicensedFailure('gate', lack);
};

const gates: readonly Gate[] = [
  ignored,
  goingWithoutUs,
  wrongSingleton,
  renamed,
  conflicting,
  lostToHidden,
  unclear,
  unlicensed,
];

/** The outcome of the first gate that is closed; undefined where all are open. */
export function closedGate(context: GateContext): Outcome | undefined {
  const deleting = context.object.metadata.deletionTimestamp !== undefined;
  for (const gate of gates) {
    const outcome = gate(context, deleting);
    if (outcome) return outcome;
  }
  return undefined;
}

function refusal(reason: Failure['reason'], message: string): Failure {
  return { type: 'failed', step: 'gate', reason, message, next: 'onChange' };
}
