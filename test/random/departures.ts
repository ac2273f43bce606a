// What may keep an object that is being deleted, and nothing else may: that it is ignored or only observed, that Teleport
// does not let a role in use go, that the heir of its resource is not to be written to.
import { isOurs } from './views.js';
import {
  byAge,
  type Claimant,
  holderOf,
  isGoing,
  isHeld,
  isIdle,
  isObserved,
  isOn,
  type Known,
  readyOf,
  titleOf,
  type World,
} from './world.js';

/** What is wrong with an object that is on its way out. */
export function departure(world: World, known: Known, claimant: Claimant): string[] {
  // What keeps it is a finalizer of others.
  if (!isHeld(claimant)) return [];
  const allowed = reasons(world, known, claimant);
  const ready = readyOf(claimant);
  if (allowed.includes(ready?.reason ?? '')) return [];
  const why = allowed.length > 0 ? `to wait as ${allowed.join(' or ')}` : 'to be gone';
  return [`${titleOf(claimant)} is deleted and ${why}, but is there: ${ready?.reason} (${ready?.message})`];
}

function reasons(world: World, known: Known, claimant: Claimant): string[] {
  const { claimants, resource } = known;
  if (isOn(claimant, 'ignore')) return ['Ignored'];
  const lost = holderOf(claimants) !== claimant;
  if (isObserved(claimant)) return lost ? ['NameConflict'] : ['Observed', 'NameConflict'];
  if (lost) return [];
  const heir = byAge(claimants).find((each) => each !== claimant && !isGoing(each));
  if ((heir && !isIdle(heir)) || isOn(claimant, 'keep') || !resource || !isOurs(resource)) return [];
  if (heir) return ['NameConflict'];
  return inUse(world, known) ? ['InUse'] : [];
}

const inUse = ({ rolesInUse }: World, { subject, claimants }: Known): boolean => {
  const { metadata } = claimants[0]?.object ?? { metadata: undefined };
  const name = metadata?.annotations?.['teleport.dev/resource-name'] ?? metadata?.name ?? '';
  return subject.type === 'role' && rolesInUse.has(name);
};
