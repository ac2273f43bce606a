// Says what is wrong with a world that has come to rest: a small model of its own of what docs/drift.md, docs/errors.md
// and docs/kinds.md promise, over the state of both sides and the ledger of what was done. It knows nothing of how the
// operator gets there. Objects on their way out are departures.ts's matter.
import { departure } from './departures.js';
import type { Entry, Ledger } from './ledger.js';
import type { Spec } from './subjects.js';
import { isOurs, isSame, type View, viewOf, wantedOf } from './views.js';
import { besides, planTold } from './words.js';
import {
  annotation,
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

/** `Ready` as it is to be: `True Synced`. */
type Ready = `${'True' | 'False' | 'Unknown'} ${string}`;

/** What is wrong, one sentence each; none where all is well. */
export function judge(world: World, ledger: Ledger): string[] {
  return world.subjects.flatMap((known) => {
    const entry = ledger.of(known.subject);
    const wrong = [
      ...known.claimants.flatMap((claimant) =>
        isGoing(claimant) ? departure(world, known, claimant) : presence(world, known, claimant, entry),
      ),
      ...(known.claimants.length === 0 ? remains(known, entry) : []),
      ...untouched(known, entry),
    ];
    return wrong.map((text) => `${known.subject.id}: ${text}`);
  });
}

/** What others made is as they left it. */
function untouched({ subject, resource }: Known, { others, mayBeTaken }: Entry): string[] {
  if (!others || mayBeTaken) return [];
  const now = resource && viewOf(subject.type, resource);
  if (now && isSame(now, others)) return [];
  return [
    `others made ${text(others)} in Teleport, and nobody asked to take it over; now it is ${text(now)}`,
  ];
}

/** What is to be left when no object names the resource. */
function remains({ subject, resource }: Known, { others, end }: Entry): string[] {
  if (others) return [];
  if (!resource) return end === 'stays' ? ['it was to be kept, and is gone'] : [];
  if (end !== 'gone') return [];
  return [`no object names it any more, and Teleport still has ${text(viewOf(subject.type, resource))}`];
}

function presence(world: World, known: Known, claimant: Claimant, entry: Entry): string[] {
  if (!isIdle(claimant) && !isHeld(claimant)) return [`${titleOf(claimant)} has no finalizer`];
  const allowed = expected(world, known, claimant, entry);
  const ready = readyOf(claimant);
  const now = ready ? `${ready.status} ${ready.reason}` : 'not told for its generation';
  const { subject, resource } = known;
  if (allowed.some((each) => each === now)) return [...besides(claimant), ...planTold(known, claimant)];
  return [
    `${titleOf(claimant)} is to be ${allowed.join(' or ')}, but Ready is ${now} (${ready?.message ?? ''}); ` +
      `Teleport has ${text(resource && viewOf(subject.type, resource))}`,
  ];
}

/** What Ready may be. Where it may not be what it is though nothing is wrong with it alone, the resource is. */
function expected(world: World, known: Known, claimant: Claimant, entry: Entry): Ready[] {
  if (isOn(claimant, 'ignore')) return ['Unknown Ignored'];
  if (holderOf(known.claimants) !== claimant) return ['False NameConflict'];
  const { object, secret } = claimant;
  const { subject, resource } = known;
  if (isUnreadable(object.spec)) return ['False FailedToDecode'];
  if (secret === undefined && refersToSecret(object.spec)) return ['False SecretLookupFailed'];
  const adopt = annotation(claimant, 'adopt');
  const notTaken: Ready | undefined =
    !resource || isOurs(resource) || adopt === 'true'
      ? undefined
      : adopt === 'preview'
        ? 'False AdoptionPending'
        : 'False NotOwned';
  if (isObserved(claimant)) return notTaken ? ['Unknown Observed', notTaken] : ['Unknown Observed'];
  const lacks = rolesOf(object.spec, subject.type).some((role) => !world.roles.has(role));
  if (notTaken) return lacks ? [notTaken, 'False DependencyNotReady'] : [notTaken];
  const wanted = wantedOf(subject.type, object, secret);
  const now = resource && viewOf(subject.type, resource);
  if (now && isSame(now, wanted)) {
    if (entry.isLeft) return ['True Synced, with the change in Teleport left as it is'];
    // What a used token was made for is over, though somebody wrote it back.
    return subject.type === 'once' && entry.used ? ['True Consumed'] : ['True Synced'];
  }
  if (lacks) return ['False DependencyNotReady'];
  return otherwise(claimant, entry, now, subject.type === 'once');
}

/** What Ready may be where Teleport does not hold what the object says. */
function otherwise(claimant: Claimant, entry: Entry, now: View | undefined, oneTime: boolean): Ready[] {
  const allowed: Ready[] = [];
  if (oneTime && !now && entry.deletedSince) allowed.push('True Consumed');
  // Twice it is put right within ten minutes; no round takes as long.
  if (entry.touches > 2) allowed.push('False DriftUnresolvable');
  const drift = annotation(claimant, 'drift');
  if (drift === 'report' && entry.touchedSince) allowed.push('False Drifted');
  if (drift === 'ignore' && entry.touchedSince)
    allowed.push(now === undefined ? 'False Missing' : 'True DriftIgnored');
  return allowed.length > 0 ? allowed : [wrongResource];
}

/** No status makes it right. */
const wrongResource: Ready = 'True Synced, with its resource as it says';

const isUnreadable = (spec: Spec | undefined): boolean => spec?.options?.max_session_ttl === 'soon';

const refersToSecret = (spec: Spec | undefined): boolean =>
  String(spec?.client_secret).startsWith('secret://');

const rolesOf = (spec: Spec | undefined, type: string): readonly string[] =>
  type === 'user' ? (spec?.roles ?? []) : [];

const text = (view: View | undefined): string => (view ? JSON.stringify(view) : 'nothing');
