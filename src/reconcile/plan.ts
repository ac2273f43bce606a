// What to do about a resource. Pure: from what is wanted, what is there, what was last applied and what the
// user asked for beside the spec.
import type { Message } from '@bufbuild/protobuf';
import { changedFields } from '../kinds/changes.js';
import { cloneMessage } from '../kinds/clone.js';
import { hasSensitive } from '../kinds/codec/redact.js';
import type { AnyKind } from '../kinds/kind.js';
import { copyOver, copyWhereEmpty, isEmpty, valueAt } from '../kinds/paths.js';
import { carryUnknownFields } from '../kinds/unknown-fields.js';
import { adoptionRefusal } from './adoption.js';
import {
  type Applied,
  armed,
  isOneTime,
  isSameSpec,
  notCompared,
  storedHash,
  storedText,
  unreadable,
} from './applied.js';
import type { Hidden } from './claims.js';
import { madeByHidden } from './hidden.js';
import { ownership } from './ownership.js';
import type { Policy } from './policy.js';

/** What comes before the write of a one-time resource (kind.ts, OneTime). */
export interface Arming {
  /** To be written; undefined where it is there already. */
  readonly standIn: Message | undefined;
  /** Whether the intention is on record, from a pass that did not get to its end. */
  readonly recorded: boolean;
}

export type Plan =
  | {
      readonly do: 'create';
      readonly resource: Message;
      readonly hash: string;
      readonly why: 'spec' | 'drift';
      readonly arming?: Arming;
    }
  | {
      readonly do: 'update';
      readonly resource: Message;
      readonly hash: string;
      readonly why: 'spec' | 'drift' | 'adoption';
      /** CR names of what changes in Teleport. */
      readonly fields: readonly string[];
      readonly arming?: Arming;
    }
  | { readonly do: 'nothing'; readonly applied: Applied }
  | { readonly do: 'consumed'; readonly applied: Applied }
  /** Teleport took it and does not show it; writing it again would tell nothing new. */
  | { readonly do: 'hidden'; readonly applied: Applied }
  /** A field that can't change would have to. */
  | { readonly do: 'stuck'; readonly path: string }
  /** Drift that is to be left. */
  | { readonly do: 'leave'; readonly applied: Applied; readonly fields: readonly string[] }
  /** Drift that is to be reported, or an adoption that is to be previewed. */
  | { readonly do: 'show'; readonly what: 'drift' | 'adoption'; readonly fields: readonly string[] }
  /** Ours, and perhaps that of an object which can't be read now. */
  | { readonly do: 'yield' }
  /** Somebody else's; `why` says what forbids an adoption that was asked for. */
  | { readonly do: 'refuse'; readonly why?: string };

export interface Situation {
  readonly kind: AnyKind;
  readonly wanted: Message;
  /** Hash of `wanted` (applied.ts). */
  readonly hash: string;
  /** As Teleport holds it now; undefined where it doesn't. */
  readonly existing: Message | undefined;
  /** What the object's status remembers. */
  readonly applied: Applied | undefined;
  readonly policy: Policy;
  readonly operatorId?: string | undefined;
  /** Kinds of objects that can't be read and may speak for the resource. */
  readonly hidden?: readonly Hidden[];
}

/** What a resource that is gone from Teleport has lost. */
export const everything: readonly string[] = ['the whole resource'];

/** Decides. Neither message is changed. */
export function plan(situation: Situation): Plan {
  return situation.existing ? planExisting(situation, situation.existing) : planMissing(situation);
}

function planMissing(situation: Situation): Plan {
  const { kind, wanted, hash, applied, policy } = situation;
  const arming = armingOf(situation, undefined);
  if (applied && isOneTime(kind, wanted) && !arming) return { do: 'consumed', applied };
  const sameWish = applied?.hash === hash;
  if (!sameWish) return { do: 'create', resource: wanted, hash, why: 'spec', ...arming };
  if (applied.resourceHash === unreadable) return { do: 'hidden', applied };
  return drifted(policy, applied, everything, { do: 'create', resource: wanted, hash, why: 'drift' });
}

function planExisting(situation: Situation, existing: Message): Plan {
  const { kind, wanted, hash, applied, policy } = situation;
  const { labels } = kind.form.head(existing);
  const ours = ownership(labels, situation.operatorId) === 'ours';
  if (!ours && policy.adopt === 'no') return { do: 'refuse' };
  const refusal = ours ? undefined : adoptionRefusal(labels);
  if (refusal !== undefined) return { do: 'refuse', why: refusal };
  if (ours && policy.adopt !== 'yes' && madeByHidden(situation)) return { do: 'yield' };
  const stuck = kind.immutable.find((path) => wouldChange(path, existing, wanted));
  if (stuck !== undefined) return { do: 'stuck', path: stuck };
  const revision = kind.form.revision(existing);
  const sameWish = applied?.hash === hash;
  // The revision may be a newer one (a sign-in, a lock): the memory of it is not worth a status write.
  if (ours && sameWish && isAsStored(kind, existing, revision, applied)) return { do: 'nothing', applied };
  const arming = armingOf(situation, existing);
  if (ours && kind.oneTime?.isStandIn(existing) && arming) {
    return { do: 'create', resource: wanted, hash, why: 'spec', ...arming };
  }
  const resource = writtenOver(kind, wanted, existing);
  // Secrets can't be compared, and what is in doubt is written.
  const comparable = isUnknown(applied) && !hasSensitive(kind.schema, wanted);
  if (ours && comparable && looksApplied(kind, resource, existing)) {
    return { do: 'nothing', applied: { hash, revision, resourceHash: storedHash(kind, existing) } };
  }
  const fields = differences(kind, existing, resource);
  kind.form.setRevision(resource, revision);
  if (!ours) {
    return policy.adopt === 'preview'
      ? { do: 'show', what: 'adoption', fields }
      : { do: 'update', resource, hash, why: 'adoption', fields, ...arming };
  }
  if (!sameWish) return { do: 'update', resource, hash, why: 'spec', fields, ...arming };
  return drifted(policy, applied, fields, { do: 'update', resource, hash, why: 'drift', fields });
}

function drifted(policy: Policy, applied: Applied, fields: readonly string[], correction: Plan): Plan {
  switch (policy.drift) {
    case 'correct':
      return correction;
    case 'report':
      return { do: 'show', what: 'drift', fields };
    case 'ignore':
      return { do: 'leave', applied, fields };
  }
}

/** What a write of `wanted` over the existing resource holds: some of that stays. Without its revision. */
export function writtenOver(kind: AnyKind, wanted: Message, existing: Message): Message {
  const resource = cloneMessage(wanted);
  for (const path of kind.initial) copyOver(path, existing, resource);
  for (const path of kind.kept) copyWhereEmpty(path, existing, resource);
  carryUnknownFields(kind.schema, existing, resource);
  return resource;
}

/** Nothing where the resource is an ordinary one, or was made from this spec before. */
function armingOf(
  { kind, wanted, hash, applied }: Situation,
  existing: Message | undefined,
): { arming: Arming } | undefined {
  const { oneTime } = kind;
  if (!oneTime?.is(wanted)) return undefined;
  const stands = existing !== undefined && oneTime.isStandIn(existing);
  const recorded = isSameSpec(hash, applied?.hash);
  if (recorded && !stands) return undefined;
  if (stands) return { arming: { standIn: undefined, recorded } };
  const standIn = cloneMessage(wanted);
  oneTime.makeStandIn(standIn);
  return { arming: { standIn, recorded } };
}

/** Whether nothing is known of what Teleport held after the last write. */
function isUnknown(applied: Applied | undefined): boolean {
  return applied === undefined || applied.resourceHash === unreadable || applied.resourceHash === armed;
}

/** Secrets come back empty, so an empty existing value can't be compared. */
function wouldChange(path: string, existing: Message, wanted: Message): boolean {
  const [before, after] = [valueAt(existing, path), valueAt(wanted, path)];
  return !isEmpty(before) && !isEmpty(after) && before !== after;
}

function isAsStored(kind: AnyKind, existing: Message, revision: string, applied: Applied): boolean {
  if (applied.revision !== '' && applied.revision === revision) return true;
  return applied.resourceHash === storedHash(kind, existing);
}

/** Whether the existing resource is what a write of the wanted one would leave. Any doubt is a no. */
export function looksApplied(kind: AnyKind, wanted: Message, existing: Message): boolean {
  return storedText(kind, withDefaults(kind, wanted)) === storedText(kind, withDefaults(kind, existing));
}

/** CR names of what a write of `wanted` changes. */
function differences(kind: AnyKind, existing: Message, wanted: Message): readonly string[] {
  return changedFields(
    kind.schema,
    withDefaults(kind, existing),
    withDefaults(kind, wanted),
    notCompared(kind),
  );
}

function withDefaults(kind: AnyKind, resource: Message): Message {
  const copy = cloneMessage(resource);
  kind.defaults(copy);
  return copy;
}
