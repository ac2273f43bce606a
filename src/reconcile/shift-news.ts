// Whether a change in Teleport is worth another pass over the object that speaks for the resource. Pure: from what
// the object's status says and remembers. Who else hangs on the resource is the matter of operator/wakes.ts.
import type { KubeObject } from '../kube/object.js';
import { readApplied } from './applied.js';
import type { Shadow } from './mirror.js';
import type { Reason } from './outcome.js';
import { readyReason } from './status.js';

/** Reasons that tell how Teleport differs from the object: what makes it the same again is news. */
const tellDifference: ReadonlySet<string> = new Set<Reason>([
  'Drifted',
  'DriftIgnored',
  'DriftUnresolvable',
  'Missing',
  'NotOwned',
]);

/** Whether the resource is other than the object's status tells or remembers it, or changed hands. */
export function isNewTo(object: KubeObject, before: Shadow | undefined, after: Shadow | undefined): boolean {
  const differs = before?.hash !== after?.hash || before?.ours !== after?.ours;
  // A list told of its end before Auth's cache knew of it, from which a pass may have read since.
  const hasGone = before === undefined && after === undefined;
  const reason = readyReason(object);
  if (reason === 'Observed') return differs || hasGone;
  // What goes needs no other look; what holds it up wakes it.
  if (object.metadata.deletionTimestamp !== undefined) return false;
  const applied = readApplied(object);
  // Nothing was written yet: it is somebody else's, and matters when it goes or becomes ours.
  if (!applied) return hasGone || (before ? before.ours !== after?.ours : reason === 'NotOwned');
  if (after?.hash !== applied.resourceHash) return true;
  // As we left it; mostly the echo of our own write.
  return differs && reason !== undefined && tellDifference.has(reason);
}
