// What the status says beside Ready: that its conditions agree with one another, and that the plan of an object which is
// only observed is what would be done.
import type { Condition } from '../../src/kube/object.js';
import { isSame, viewOf, wantedOf } from './views.js';
import { type Claimant, isObserved, type Known, readyOf, titleOf } from './world.js';

/** Reconciling and Stalled are there while Ready is False, one of them; what is Ready was reconciled. */
export function besides(claimant: Claimant): string[] {
  const conditions = (claimant.object.status?.['conditions'] ?? []) as Condition[];
  const isTrue = (type: string): boolean => conditions.find((each) => each.type === type)?.status === 'True';
  const ready = readyOf(claimant)?.status;
  const progress = ['Reconciling', 'Stalled'].filter(isTrue);
  const wrong: string[] = [];
  if (progress.length !== (ready === 'False' ? 1 : 0))
    wrong.push(
      `Ready is ${ready}, and of the conditions of progress these are True: ${progress.join() || 'none'}`,
    );
  if (ready === 'True' && !isTrue('SuccessfullyReconciled'))
    wrong.push('Ready is True, and SuccessfullyReconciled is not');
  if (claimant.object.status?.['observedGeneration'] !== claimant.object.metadata.generation)
    wrong.push(`observedGeneration is ${String(claimant.object.status?.['observedGeneration'])}`);
  return wrong.map((text) => `${titleOf(claimant)}: ${text}`);
}

/** The message of an observed object tells what would be done. */
export function planTold({ subject, resource }: Known, claimant: Claimant): string[] {
  const ready = readyOf(claimant);
  if (!isObserved(claimant) || ready?.reason !== 'Observed' || subject.type === 'once') return [];
  const now = resource && viewOf(subject.type, resource);
  const { object, secret } = claimant;
  const plan = !now
    ? 'would be created'
    : isSame(now, wantedOf(subject.type, object, secret))
      ? 'nothing would be written'
      : 'would be updated';
  return ready.message.includes(plan)
    ? []
    : [`${titleOf(claimant)} is observed, and "${plan}"; it says: ${ready.message}`];
}
