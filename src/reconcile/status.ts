// An outcome as the object's status: upstream's three condition types with upstream's reasons, plus Ready.
// Pure; written by the pass runner, once, last, only if it differs.
import type { Condition, KubeObject } from '../kube/object.js';
import { type Applied, readApplied } from './applied.js';
import { whyItStays } from './gone.js';
import type { Failure, Outcome, Owned, Reason } from './outcome.js';
import { deletionWaits, listOf } from './refusals.js';
import { resourceName } from './wanted.js';

/** A condition before it has times. */
export type Wanted = Pick<Condition, 'type' | 'status' | 'reason' | 'message'> & {
  /** Reason and message tell how it came about: they stay while the status does. */
  readonly sticky?: true;
};

/** What a pass has to say in the status. Conditions that are not named stay as they are. */
export interface StatusOf {
  readonly conditions: readonly Wanted[];
  /** Types that must not be there. */
  readonly without: readonly string[];
  /** Undefined: what is remembered stays. */
  readonly applied?: Applied;
}

const condition = (type: string, status: Condition['status'], reason: string, message: string): Wanted => ({
  type,
  status,
  reason,
  message,
});

const ready = (status: Condition['status'], reason: Reason, message: string): Wanted =>
  condition('Ready', status, reason, message);

const valid = condition('ValidStructure', 'True', 'NoError', 'The spec was read.');

const ownedMessages: Readonly<Record<Owned, string>> = {
  NewResource: 'Teleport had no resource of this name: the object made it.',
  OriginLabelMatching: 'The resource in Teleport carries the label teleport.dev/origin: kubernetes.',
};

const owned = (reason: Owned): Wanted => ({
  ...condition('TeleportResourceOwned', 'True', reason, ownedMessages[reason]),
  sticky: true,
});

/**
 * The status for an outcome; undefined where there is nothing left to write it to. Reconciling and Stalled are
 * there only while they are true, as kstatus has it
 * (https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus).
 */
export function statusOf(outcome: Outcome): StatusOf | undefined {
  const told = toldBy(outcome);
  if (!told) return undefined;
  const progress = progressOf(outcome);
  return {
    ...told,
    conditions: [...told.conditions, ...(progress ? [progress] : [])],
    without: ['Reconciling', 'Stalled'].filter((type) => type !== progress?.type),
  };
}

/** Looked at again by themselves, but nothing comes of it before somebody acts. */
const standing: ReadonlySet<Reason> = new Set<Reason>([
  'NotOwned',
  'AdoptionPending',
  'AdoptionRefused',
  'DeletionPaused',
  'KindDisabled',
  'NotReadable',
]);

/** The reason of the object's Ready condition, as its status has it. */
export function readyReason({ status }: KubeObject): string | undefined {
  const conditions = status?.['conditions'];
  if (!Array.isArray(conditions)) return undefined;
  return (conditions as Condition[]).find(({ type }) => type === 'Ready')?.reason;
}

/** A failure that is tried again is work in progress; one that waits for the user stands still. */
function progressOf(outcome: Outcome): Wanted | undefined {
  if (outcome.type !== 'failed') return undefined;
  const moving = outcome.next === 'backoff' && !standing.has(outcome.reason);
  return condition(moving ? 'Reconciling' : 'Stalled', 'True', outcome.reason, outcome.message);
}

function toldBy(outcome: Outcome): Omit<StatusOf, 'without'> | undefined {
  switch (outcome.type) {
    case 'gone':
      return undefined;
    case 'synced':
      return {
        conditions: [
          outcome.ignored
            ? ready('True', 'DriftIgnored', withUnread(ignoredDrift(outcome.ignored), outcome.unread))
            : ready('True', 'Synced', withUnread(syncedMessage(outcome.lacks), outcome.unread)),
          valid,
          owned(outcome.owned),
          condition('SuccessfullyReconciled', 'True', 'NoError', writtenMessage(outcome.ignored)),
        ],
        applied: outcome.applied,
      };
    case 'consumed':
      return {
        conditions: [
          ready(
            'True',
            'Consumed',
            'The token was used and Teleport deleted it, as it does with one-time tokens. It is made again only when the spec changes.',
          ),
          valid,
          condition(
            'SuccessfullyReconciled',
            'True',
            'NoError',
            'The token was made, and has been used since.',
          ),
        ],
        applied: outcome.applied,
      };
    case 'planned':
      return { conditions: [ready('Unknown', 'Observed', plannedMessage(outcome))] };
    case 'ignored':
      return { conditions: [ready('Unknown', 'Ignored', ignoredMessage(outcome.deleting))] };
    case 'failed':
      return { conditions: failed(outcome), ...(outcome.applied ? { applied: outcome.applied } : {}) };
  }
}

function syncedMessage(lacks: readonly string[] = []): string {
  const synced = 'Teleport holds what the object says.';
  return lacks.length === 0 ? synced : `${synced} It names what Teleport does not have: ${listOf(lacks)}.`;
}

const withUnread = (message: string, unread: readonly string[] = []): string =>
  [message, ...unread].join(' ');

const writtenMessage = (ignored: readonly string[] | undefined): string =>
  ignored ? 'What the object says was written.' : 'Teleport holds what the object says.';

const ignoredDrift = (fields: readonly string[]): string =>
  `What the object says was written, and changed in Teleport since: ${listOf(fields)}. It is left so, as asked (drift: ignore). ` +
  'Set the annotation teleport.dev/drift to "correct" to have it put right.';

function plannedMessage(outcome: Extract<Outcome, { type: 'planned' }>): string {
  return `Observed only, nothing is written. ${planOf(outcome)}`;
}

function planOf(outcome: Extract<Outcome, { type: 'planned' }>): string {
  switch (outcome.verb) {
    case 'nothing':
      return outcome.fields.length === 0
        ? 'Teleport holds what the object says; nothing would be written.'
        : `Changed in Teleport: ${listOf(outcome.fields)}. It would be left so (drift: ignore).`;
    case 'create':
      return 'The resource would be created.';
    case 'update':
      return `The resource would be updated: ${listOf(outcome.fields)}.`;
    case 'delete':
      return `The resource would be deleted. ${deletionWaits}`;
    case 'release': {
      const why = whyItStays(outcome.end);
      const stays =
        why === undefined ? 'Teleport has no such resource' : `the resource would stay in Teleport: ${why}`;
      return `The object would be let go; ${stays}. ${deletionWaits}`;
    }
  }
}

function ignoredMessage(deleting: boolean): string {
  const waits = deleting ? ' The deletion waits until the annotation is gone.' : '';
  return `The annotation teleport.dev/ignore is on: nothing is created, updated or deleted in Teleport.${waits}`;
}

function failed({ step, reason, message, owned: known }: Failure): Wanted[] {
  const notReady = ready('False', reason, message);
  const notReconciled = condition('SuccessfullyReconciled', 'False', 'TeleportError', message);
  switch (step) {
    case 'decode':
      return [
        notReady,
        condition('ValidStructure', 'False', 'FailedToDecode', message),
        condition(
          'SuccessfullyReconciled',
          'False',
          'TeleportError',
          'Nothing was written: the spec could not be read.',
        ),
      ];
    case 'gate':
      return [notReady, notReconciled];
    case 'lookup':
      return [notReady, valid, { ...notReconciled, reason: 'MutationError' }];
    case 'ownership':
      return [
        notReady,
        valid,
        condition('TeleportResourceOwned', 'False', 'OriginLabelNotMatching', message),
        condition(
          'SuccessfullyReconciled',
          'False',
          'TeleportError',
          'Nothing was written: the resource is not ours.',
        ),
      ];
    case 'dependency':
    case 'write':
      return [notReady, valid, ...(known ? [owned(known)] : []), notReconciled];
    case 'look':
      return [notReady, valid, notReconciled];
    case 'delete':
      return [notReady, notReconciled];
  }
}

/**
 * The status fields that are ours with the outcome's conditions in them; conditions of others stay.
 * @param object as it now is
 * @param about as the pass had it: an annotation that has come since names no resource that was written
 */
export function mergedStatus(
  object: KubeObject,
  wanted: StatusOf,
  about: KubeObject,
  setConditions: (existing: readonly Condition[], wanted: readonly Wanted[]) => Condition[],
): Record<string, unknown> {
  const existing = Array.isArray(object.status?.['conditions'])
    ? (object.status['conditions'] as Condition[])
    : [];
  const applied = wanted.applied ?? readApplied(object);
  const { generation } = about.metadata;
  const conditions = wanted.conditions.map((next) => {
    const now = next.sticky
      ? existing.find(({ type, status }) => type === next.type && status === next.status)
      : undefined;
    return now ? { ...next, reason: now.reason, message: now.message } : next;
  });
  return {
    conditions: setConditions(
      existing.filter(({ type }) => !wanted.without.includes(type)),
      conditions,
    ),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(applied === undefined ? {} : { applied: { ...applied }, resourceName: resourceName(about) }),
  };
}
