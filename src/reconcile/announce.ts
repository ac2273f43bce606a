// An outcome as one log line and one Kubernetes Event, for people. What repeats is said once: the same
// failure of the same generation is logged at DEBUG after the first time, and Events are rate limited by
// their recorder.
import type { LogFields, Logger } from '../core/log.js';
import { whyItStays } from './gone.js';
import type { Failure, Outcome } from './outcome.js';
import { listOf } from './refusals.js';

/** A Kubernetes Event before it has an object. */
export interface Announcement {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** The Event for an outcome; undefined where nothing happened that is worth one. */
export function eventOf(outcome: Outcome, teleportKind: string): Announcement | undefined {
  const normal = (reason: string, message: string): Announcement => ({ type: 'Normal', reason, message });
  switch (outcome.type) {
    case 'synced':
      switch (outcome.wrote) {
        case 'created':
          return normal('Created', `Created the ${teleportKind} in Teleport.`);
        case 'updated':
          return normal('Updated', `Updated the ${teleportKind} in Teleport: ${listOf(outcome.fields)}.`);
        case 'corrected':
          return normal(
            'DriftCorrected',
            `The ${teleportKind} had been changed in Teleport and is as the object says again: ${listOf(outcome.fields)}.`,
          );
        case 'adopted':
          return normal(
            'Adopted',
            `Took over the ${teleportKind} in Teleport; changed ${listOf(outcome.fields)}.`,
          );
        case 'nothing':
          return undefined;
      }
      break;
    case 'consumed':
      return normal('Consumed', 'The one-time token was used; Teleport has deleted it.');
    case 'ignored':
    case 'planned':
      return undefined;
    case 'gone': {
      if (outcome.resource === 'deleted')
        return normal('Deleted', `Deleted the ${teleportKind} from Teleport.`);
      const why = whyItStays(outcome);
      return why === undefined ? undefined : normal('Kept', `The ${teleportKind} stays in Teleport: ${why}.`);
    }
    case 'failed':
      return { type: 'Warning', reason: warningOf(outcome), message: outcome.message };
  }
  return undefined;
}

function warningOf({ step, reason }: Failure): string {
  if (step === 'delete') return reason === 'DeletionPaused' ? reason : 'DeletionBlocked';
  return reason === 'AccessDenied' ? 'Denied' : reason;
}

/** Writes the pass's one line. */
export function logOutcome(log: Logger, outcome: Outcome, fields: LogFields, repeated: boolean): void {
  switch (outcome.type) {
    case 'failed': {
      const { step, reason, message: error, stack } = outcome;
      const all = { ...fields, step, reason, error };
      if (repeated) log.debug('Still not reconciled', all);
      else log.error('Not reconciled', stack === undefined ? all : { ...all, stack });
      return;
    }
    case 'synced':
      if (outcome.wrote === 'nothing') log.debug('Nothing to do', fields);
      else log.info('Reconciled', { ...fields, wrote: outcome.wrote, fields: outcome.fields });
      return;
    case 'consumed':
      log.debug('One-time resource is consumed', fields);
      return;
    case 'planned':
      log.debug('Observed only', {
        ...fields,
        would: outcome.verb,
        ...(outcome.verb === 'release' ? { resource: outcome.end.resource } : { fields: outcome.fields }),
      });
      return;
    case 'ignored':
      log.debug('Ignored by annotation', fields);
      return;
    case 'gone':
      if (outcome.resource === 'untouched') log.debug('Object is going without us', fields);
      else log.info('Object released', { ...fields, resource: outcome.resource });
  }
}
