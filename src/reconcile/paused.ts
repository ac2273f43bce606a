// What the brake has stopped stays so until somebody looks: the object's own status remembers it, whatever else comes in between,
// and nothing but a confirmation, `keep` or the end of CRD or namespace lets it go. How many are let through is brake.ts's matter.
import type { KubeObject } from '../kube/object.js';
import { annotations, isOn } from './names.js';
import type { Next, Outcome } from './outcome.js';
import * as refusals from './refusals.js';
import { readyReason, statusOf } from './status.js';

export const isConfirmed = ({ metadata }: KubeObject): boolean =>
  isOn(metadata.annotations?.[annotations.confirmDelete]);

/** Whether the brake has stopped this deletion before, and nobody has confirmed it since. */
export const isPaused = (object: KubeObject): boolean =>
  readyReason(object) === 'DeletionPaused' && !isConfirmed(object);

/**
 * The outcome of a pass over an object, which says DeletionPaused still where that would be forgotten, and what else is so:
 * ignored for a while, or rival of another object that goes, the next pass would delete the resource.
 * @param limit of the brake; 0 where there is none, and nothing is paused
 */
export function stillPaused(limit: number, object: KubeObject, outcome: Outcome): Outcome {
  if (limit === 0 || object.metadata.deletionTimestamp === undefined || !isPaused(object)) return outcome;
  if (outcome.type === 'gone' || (outcome.type === 'failed' && outcome.reason === 'DeletionPaused'))
    return outcome;
  const paused = refusals.paused(limit);
  const also = statusOf(outcome)?.conditions.find(({ type }) => type === 'Ready')?.message ?? '';
  return { ...paused, message: `${paused.message} ${also}`, next: nextOf(outcome) };
}

function nextOf(outcome: Outcome): Next {
  if (outcome.type === 'failed') return outcome.next;
  // Of what is only observed a look tells whether its CRD or its namespace goes.
  return outcome.type === 'planned' ? 'backoff' : 'onChange';
}
