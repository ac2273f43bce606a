// What a pass came to, as one value. The reconciler returns it; the queue (when to try again), the status,
// the Event and the log line are read off it by others.
import type { Applied } from './applied.js';
import type { Ending } from './teardown.js';

/** Reasons of the Ready condition; docs/errors.md says what to do about each. */
export const reasons = [
  'Synced',
  'Ignored',
  'Observed',
  'FailedToDecode',
  'NotOwned',
  'DependencyNotReady',
  'InUse',
  'Consumed',
  'KindDisabled',
  'Missing',
  'InvalidAnnotation',
  'NameNotAllowed',
  'NameImmutable',
  'FieldImmutable',
  'SecretLookupFailed',
  'NotReadable',
  'NameConflict',
  'AdoptionPending',
  'AdoptionRefused',
  'Drifted',
  'DriftIgnored',
  'DriftUnresolvable',
  'DeletionPaused',
  'VersionMismatch',
  'AccessDenied',
  'Rejected',
  'TeleportUnavailable',
  'TeleportError',
  'OperatorError',
] as const;

export type Reason = (typeof reasons)[number];

/** When the object is looked at again, beside its own changes and the resync. */
export type Next = 'onChange' | 'backoff';

/** The object is going or gone; nothing of it is left to write a status to. */
export type Gone =
  | {
      readonly type: 'gone';
      readonly resource: 'deleted' | 'absent' | 'kept' | 'notOurs' | 'handedOver' | 'untouched';
    }
  /** The same, because its CRD or its namespace goes: Teleport was left alone. */
  | { readonly type: 'gone'; readonly resource: 'left'; readonly ending: Exclude<Ending, undefined> };

/** How the resource was found to belong to us. */
export type Owned = 'NewResource' | 'OriginLabelMatching';

export type Outcome =
  /** Teleport holds what the object says. */
  | {
      readonly type: 'synced';
      readonly wrote: 'created' | 'updated' | 'corrected' | 'adopted' | 'nothing';
      readonly owned: Owned;
      readonly applied: Applied;
      /** CR names of what changed in Teleport; empty for a new resource. */
      readonly fields: readonly string[];
      /** `role engineer`: what it names, does without, and Teleport does not have. */
      readonly lacks?: readonly string[];
      /** CR names of what was changed in Teleport since, and is left so. */
      readonly ignored?: readonly string[];
      /** Sentences about annotations that count as not given, since they can't be read. */
      readonly unread?: readonly string[];
    }
  /** Teleport used up a one-time resource; it is not made again. */
  | { readonly type: 'consumed'; readonly applied: Applied }
  /** Observed only: what would be done. */
  | {
      readonly type: 'planned';
      readonly verb: 'nothing' | 'create' | 'update' | 'delete';
      readonly fields: readonly string[];
    }
  /** Observed only, and being deleted: it would be let go, and its resource stay or be gone already. */
  | { readonly type: 'planned'; readonly verb: 'release'; readonly end: Gone }
  /** Switched off by annotation. */
  | { readonly type: 'ignored'; readonly deleting: boolean }
  | Gone
  /** Not done; the message says why and what to do. */
  | {
      readonly type: 'failed';
      readonly step: 'gate' | 'decode' | 'lookup' | 'look' | 'ownership' | 'dependency' | 'write' | 'delete';
      readonly reason: Reason;
      readonly message: string;
      readonly next: Next;
      /** Known ownership at the time, where it was looked at. */
      readonly owned?: Owned;
      /** What was applied all the same, to be remembered. */
      readonly applied?: Applied;
      /** Somebody else wrote between our look and our write: a new look may show what to do. */
      readonly raced?: true;
      /** It mostly ends by itself at once, and is not told before it has lasted so long; milliseconds. */
      readonly patience?: number;
      /** Where in the program its mistake is, for the log (core/mistake.ts). */
      readonly stack?: string;
    };

export type Failure = Extract<Outcome, { type: 'failed' }>;
