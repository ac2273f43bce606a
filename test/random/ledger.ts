// What of a round's past the judge must know, for each resource: what others made there and nobody may touch, what
// was done to it in Teleport, and what is to be there once no object names it any more. Written by the acts, in the
// order in which they were done; where two things happened side by side it says that either may be so.
import type { Subject } from './subjects.js';
import type { View } from './views.js';

/** What is to be in Teleport when no object names the resource. */
export type End = 'gone' | 'stays' | 'either';

export class Entry {
  /** A resource of others, as they left it. */
  others: View | undefined;
  /** There was one of others at some time. */
  hadOthers = false;
  /** Somebody asked an object to take over what others made, be it for a moment. */
  mayBeTaken = false;
  /** Changes that an administrator made to what may be the operator's, deletions among them. */
  touches = 0;
  deletions = 0;
  /** Of these, since the object that has the resource last changed its spec, or came. */
  touchedSince = false;
  deletedSince = false;
  /** A one-time token was deleted in Teleport that was there for use: it must not come back for that spec. */
  used = false;
  end: End = 'gone';
  /** It was changed while its object asked to leave that. */
  isLeft = false;
  /** There was an object of the resource, or the resource itself. */
  isUsed = false;

  /** Another wish: what was done to the resource before counts no more. */
  wished(): void {
    this.isUsed = true;
    this.touchedSince = false;
    this.deletedSince = false;
    this.used = false;
  }

  touched(): void {
    this.touches += 1;
    this.touchedSince = true;
  }

  deleted(wasForUse: boolean): void {
    this.touched();
    this.deletions += 1;
    this.deletedSince = true;
    this.used ||= wasForUse;
    this.others = undefined;
    if (this.end === 'stays') this.end = 'either';
  }

  /** The resource is others' from now on. */
  othersHave(view: View, mayBeTaken: boolean): void {
    this.others = view;
    this.hadOthers = true;
    this.isUsed = true;
    this.mayBeTaken = mayBeTaken;
  }
}

export class Ledger {
  readonly #entries = new Map<Subject, Entry>();

  of(subject: Subject): Entry {
    let entry = this.#entries.get(subject);
    if (!entry) this.#entries.set(subject, (entry = new Entry()));
    return entry;
  }
}
