// The end of an object: its resource deleted from Teleport, if it is ours and nobody asked to keep it.
import { sleep } from '../core/abort.js';
import { type KubeObject, keyOf } from '../kube/object.js';
import { isTeleportError } from '../teleport/errors.js';
import { readApplied, unreadable } from './applied.js';
import { ownerOf } from './claims.js';
import { failure } from './failures.js';
import { madeByHidden } from './hidden.js';
import { lacking } from './licence.js';
import { isOtherSubKind, look } from './look.js';
import { annotations, isOn } from './names.js';
import type { Outcome } from './outcome.js';
import { ownership } from './ownership.js';
import type { ReconcilerParts } from './parts.js';
import { isConfirmed, isPaused } from './paused.js';
import type { Policy } from './policy.js';
import * as refusals from './refusals.js';
import { resourceName } from './wanted.js';

/**
 * Deletes the resource. The object may go when the outcome is `gone`.
 * @throws KubeError where it can't be told why the object goes
 */
export async function remove(
  parts: ReconcilerParts,
  object: KubeObject,
  policy: Policy,
  signal: AbortSignal,
): Promise<Outcome> {
  const { kind, teleport, recent, claims } = parts;
  if (isOn(object.metadata.annotations?.[annotations.keep])) return { type: 'gone', resource: 'kept' };
  const ending = await parts.teardown?.ending(object, signal);
  if (ending !== undefined) return { type: 'gone', resource: 'left', ending };
  const lack = lacking(kind, parts.features());
  if (lack !== undefined) return refusals.unlicensed('delete', lack);
  const { brake } = parts;
  if (brake.limit > 0 && isPaused(object)) return refusals.paused(brake.limit);
  const name = resourceName(object);
  let admitted = false;
  try {
    let found = await look(parts, name, signal);
    const doubtful = found ? 0 : recent.doubtful(kind.resource.kind, name);
    if (doubtful > 0) {
      // The reply of a write was lost: it may have been made, and Auth's cache be behind.
      await sleep(parts.clock, doubtful, signal);
      found = await look(parts, name, signal);
    }
    // Of most kinds Auth's cache does not find at once what was just made; taken for gone it would stay for good.
    const existing = found ?? recent.get(kind.resource.kind, name)?.stored?.();
    const applied = readApplied(object);
    const unseen = !existing && applied?.resourceHash === unreadable;
    if (!existing && !unseen) return { type: 'gone', resource: 'absent' };
    if (
      existing &&
      (isOtherSubKind(kind, existing) ||
        madeByHidden({ kind, existing, applied, hidden: claims.hidden(kind.resource.kind) }) ||
        ownership(kind.form.head(existing).labels, parts.policy.operatorId) !== 'ours')
    ) {
      return { type: 'gone', resource: 'notOurs' };
    }
    const heir = claims.heir(`${kind.resource.kind}/${name}`, ownerOf(object.kind, keyOf(object)));
    if (heir) return refusals.idleHeir(kind, name, heir, parts.policy.dryRun);
    if (policy.observe) return { type: 'planned', verb: 'delete', fields: [] };
    if (brake.limit > 0 && !isConfirmed(object)) {
      admitted = brake.admit();
      if (!admitted) return refusals.paused(brake.limit);
    }
    await kind.calls.delete.run(teleport, name, { signal });
    recent.put(kind, name, undefined, existing ? kind.form.revision(existing) : '');
  } catch (error) {
    recent.forget(kind.resource.kind, name);
    if (admitted) brake.giveBack();
    if (!isTeleportError(error, 'NotFound')) return withHolders(parts, name, failure('delete', error));
  }
  return { type: 'gone', resource: 'deleted' };
}

/** Names the objects that hold a resource in use; users without an object are counted, not named. */
function withHolders(
  { kind, mirror, claims, policy }: ReconcilerParts,
  name: string,
  outcome: Outcome,
): Outcome {
  if (outcome.type !== 'failed' || outcome.reason !== 'InUse') return outcome;
  const objects: string[] = [];
  const others: string[] = [];
  for (const { resource } of mirror.kinds) {
    for (const referrer of mirror.referrers(resource.kind, `${kind.resource.kind}/${name}`) ?? []) {
      const [claim] = claims.of(`${resource.kind}/${referrer}`);
      if (claim) objects.push(claim.owner);
      else others.push(`${resource.kind} ${referrer}`);
    }
  }
  if (objects.length === 0 && others.length === 0) return outcome;
  const named = objects.length > 0 ? objects.sort().slice(0, 10).join(', ') : '';
  const more = objects.length > 10 ? ` and ${objects.length - 10} more objects` : '';
  const count =
    others.length > 0 ? `${others.length} resource${others.length === 1 ? '' : 's'} without an object` : '';
  const unmanaged = policy.nameUnmanaged && count !== '' ? `${count} (${refusals.listOf(others)})` : count;
  const holders = [`${named}${more}`, unmanaged].filter((part) => part !== '').join(' and ');
  return { ...outcome, message: `${outcome.message} Used by ${holders}.` };
}
