// Outcomes that are our own decision rather than an answer of Teleport, with what to do about each.
import type { Message } from '@bufbuild/protobuf';
import type { AnyKind, Reference } from '../kinds/kind.js';
import type { Applied } from './applied.js';
import type { Claim, Hidden, WhyHidden } from './claims.js';
import { botLabel, operatorIdLabel, originKubernetes, originLabel } from './names.js';
import type { Failure, Owned } from './outcome.js';

/** Of an object that is being deleted while it is only observed. */
export const deletionWaits =
  'The deletion waits until that ends: remove the annotation teleport.dev/mode, or the flag -dry-run.';

/** Teleport has a resource of the name that is somebody else's. */
export function notOwned(kind: AnyKind, name: string, existing: Message | undefined, why?: string): Failure {
  const there = `Teleport already has a ${kind.resource.kind} named ${JSON.stringify(name)} that is not this operator's`;
  if (why !== undefined) {
    return {
      type: 'failed',
      step: 'ownership',
      reason: 'AdoptionRefused',
      message: `${there}, and it can't be adopted: ${why}. It is left alone; choose another name.`,
      next: 'backoff',
    };
  }
  const labels = existing ? kind.form.head(existing).labels : {};
  const bot = labels[botLabel];
  const remedy =
    bot === undefined
      ? 'Set the annotation teleport.dev/adopt to "true" to take it over, or to "preview" to see what that would change; or choose another name.'
      : 'Choose another name.';
  return {
    type: 'failed',
    step: 'ownership',
    reason: 'NotOwned',
    message: `${there}: ${bot === undefined ? notOursBy(labels) : `it belongs to the bot ${JSON.stringify(bot)}`}. It is left alone. ${remedy}`,
    next: 'backoff',
  };
}

function notOursBy(labels: Readonly<Record<string, string>>): string {
  return labels[originLabel] === originKubernetes
    ? `it bears another operator's id (label ${operatorIdLabel}: ${labels[operatorIdLabel]})`
    : `it lacks the label ${originLabel}: ${originKubernetes}`;
}

/** It was adopted, and is somebody else's again: whoever that is was told to have it too. */
export function takenBack(kind: AnyKind, name: string): Failure {
  return {
    type: 'failed',
    step: 'ownership',
    reason: 'DriftUnresolvable',
    message:
      `The ${kind.resource.kind} ${JSON.stringify(name)} was adopted twice and taken back each time; it is left alone now. Let one have it: remove the ` +
      'annotation teleport.dev/adopt here or from the object of the other operator; teleport.dev/reconcile-at tries again.',
    next: 'onChange',
  };
}

/** An object that has just come is looked at within this time, in milliseconds, unless there are thousands of them. */
const heirsFirstPassMs = 5_000;

/** The object that would have the resource next may not be written to, or was not looked at yet. */
export function idleHeir(kind: AnyKind, name: string, heir: Claim, dryRun: boolean): Failure {
  const why = heir.idle
    ? 'is ignored or only observed, or has an annotation that is not understood: the resource would stay as this object says, and nobody would keep or delete it'
    : 'has no finalizer, since it was not looked at yet, or its status says why it may not be: nothing would delete the resource after it';
  return {
    type: 'failed',
    step: 'delete',
    reason: 'NameConflict',
    message:
      `The ${kind.resource.kind} ${JSON.stringify(name)} is also named by ${heir.owner}, which ${why}. ` +
      'The deletion waits. Let that object be reconciled to have it take over, delete it too to have ' +
      'the resource deleted, or set the annotation teleport.dev/keep here to "true" to leave the resource in Teleport.',
    // Only to see whether its CRD or its namespace goes.
    next: 'backoff',
    ...(heir.idle || dryRun ? {} : { patience: heirsFirstPassMs }),
  };
}

/** Objects that can't be read may speak for the resource. */
export function hiddenRival(kind: AnyKind, name: string, hidden: readonly Hidden[]): Failure {
  const of = (why: WhyHidden, says: (plurals: string) => string): string[] => {
    const those = hidden.filter((each) => each.why === why).map((each) => each.kind.object);
    if (those.length === 0) return [];
    return [`${listOf(those.map((each) => each.kind))} (${says(listOf(those.map(({ plural }) => plural)))})`];
  };
  const which = [
    ...of(
      'forbidden',
      (plurals) => `the operator's service account may not list and watch ${plurals}: allow it`,
    ),
    ...of(
      'unserved',
      (plurals) =>
        `the CRD of ${plurals} does not serve the version that the operator reads: install the operator's CRDs`,
    ),
    ...of('unlisted', (plurals) => `listing ${plurals} fails; the operator's /readyz?verbose says why`),
  ].join(' or ');
  return {
    type: 'failed',
    step: 'gate',
    reason: 'NameConflict',
    message:
      `The ${kind.resource.kind} ${JSON.stringify(name)} may belong to an object that can't be read now, of ${which}. This one goes on when ` +
      'that can be; or set the annotation teleport.dev/adopt to "true" if it is to have the resource all the same.',
    next: 'onChange',
  };
}

/** What an adoption would change, or what was changed in Teleport and is only to be reported. */
export function shown(kind: AnyKind, what: 'drift' | 'adoption', fields: readonly string[]): Failure {
  const list = listOf(fields);
  if (what === 'adoption') {
    return {
      type: 'failed',
      step: 'ownership',
      reason: 'AdoptionPending',
      message: `Adopting the ${kind.resource.kind} would change ${list}. Set the annotation teleport.dev/adopt to "true" to do it.`,
      next: 'backoff',
    };
  }
  return {
    type: 'failed',
    step: 'write',
    reason: 'Drifted',
    message:
      `The ${kind.resource.kind} was changed in Teleport: ${list}. It is left so, as asked (drift: report). Set the annotation ` +
      'teleport.dev/drift to "correct" to put it right, or change the spec.',
    next: 'onChange',
    owned: 'OriginLabelMatching',
  };
}

/** The resource was deleted in Teleport, and that is not to be put right. */
export function missing(kind: AnyKind, name: string, drift: 'report' | 'ignore'): Failure {
  return {
    type: 'failed',
    step: 'write',
    reason: drift === 'report' ? 'Drifted' : 'Missing',
    message:
      `The ${kind.resource.kind} ${JSON.stringify(name)} was deleted in Teleport. It is left so, as asked (drift: ${drift}). Set the ` +
      'annotation teleport.dev/drift to "correct" to have it made again, change the spec, or delete the object.',
    next: 'onChange',
  };
}

/** The licence does not allow the kind. */
export function unlicensed(step: 'gate' | 'delete', lack: string): Failure {
  const message = step === 'delete' ? `${lack} The deletion waits for it.` : lack;
  return { type: 'failed', step, reason: 'KindDisabled', message, next: 'backoff' };
}

/** What must be on record before the write can't be. */
export function forgetful(kind: AnyKind): Failure {
  return {
    type: 'failed',
    step: 'gate',
    reason: 'KindDisabled',
    message:
      `The CRD of ${kind.object.kind} is not this operator's: it drops status.applied and status.resourceName, and without them a used one-time ` +
      'token would be made again, and a name of its own be lost. Install ours, which takes all that the other takes: ' +
      'teleport-operator crds | kubectl apply --server-side -f -',
    next: 'backoff',
  };
}

/** Somebody keeps changing it back. */
export function fought(kind: AnyKind, fields: readonly string[]): Failure {
  return {
    type: 'failed',
    step: 'write',
    reason: 'DriftUnresolvable',
    message:
      `Teleport, or somebody in it, keeps changing ${listOf(fields)} of the ${kind.resource.kind} back; it is not corrected any more. State ` +
      'the value in the spec that Teleport keeps, find who changes it, or set the annotation teleport.dev/reconcile-at to try again.',
    next: 'onChange',
    owned: 'OriginLabelMatching',
  };
}

/** Field names for a sentence; long lists are cut. */
export function listOf(fields: readonly string[]): string {
  if (fields.length === 0) return 'nothing but its labels of ownership';
  const first = fields.slice(0, 8).join(', ');
  return fields.length > 8 ? `${first} and ${fields.length - 8} more` : first;
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

/** The server stored something else than was sent. What is remembered tells our write from others', and matches no wish. */
export function otherVersion(kind: AnyKind, version: string, owned: Owned, stored: Applied): Failure {
  return {
    type: 'failed',
    step: 'write',
    reason: 'VersionMismatch',
    message:
      `This Teleport stored the ${kind.resource.kind} as version ${version}, not ${kind.resource.version}, so it may mean something ` +
      'else than the object says. Use a kind of the version that this server knows, or upgrade Teleport.',
    next: 'onChange',
    owned,
    applied: { ...stored, hash: '' },
  };
}

/** Teleport would refuse the write for what it lacks. Of a resource that is being adopted nothing is said: it is not ours yet. */
export function held(kind: AnyKind, missing: readonly Reference[], existing: Message | undefined): Failure {
  const names = listOf(missing.map(({ kind: to, name }) => `${to} ${name}`));
  const [it, comes] = missing.length === 1 ? ['it', 'it comes'] : ['them', 'they come'];
  const stays = existing ? ` The ${kind.resource.kind} stays as it is until then.` : '';
  return {
    type: 'failed',
    step: 'dependency',
    reason: 'DependencyNotReady',
    message:
      `Nothing was written: the spec refers to what Teleport does not have: ${names}. Create ${it}, or take ${it} out of the spec; ` +
      `the object goes on by itself when ${comes}.${stays}`,
    next: 'backoff',
  };
}

/** Teleport tells of the first thing that is missing; the mirror knows all. */
export function withMissing(outcome: Failure, missing: readonly Reference[]): Failure {
  if (missing.length < 2) return outcome;
  const names = listOf(missing.map(({ kind, name }) => `${kind} ${name}`));
  return { ...outcome, message: `${outcome.message} Missing in all: ${names}.` };
}

/** Somebody had a hand in it between two of our steps. */
export function moved(kind: AnyKind): Failure {
  return {
    type: 'failed',
    step: 'write',
    reason: 'TeleportError',
    message: `The ${kind.resource.kind} changed in Teleport while it was being made; it is looked at again.`,
    next: 'backoff',
    raced: true,
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

/** More deletions than the brake lets through. */
export function paused(limit: number): Failure {
  return {
    type: 'failed',
    step: 'delete',
    reason: 'DeletionPaused',
    message:
      `More than ${limit} deletions a minute (-deletion-brake); this one waits until somebody looks. Set the annotation ` +
      'teleport.dev/confirm-delete to "true" to have the resource deleted, or teleport.dev/keep to let the object go and leave Teleport alone.',
    // Only to see whether its CRD or its namespace goes: that lets it go as well.
    next: 'backoff',
  };
}
