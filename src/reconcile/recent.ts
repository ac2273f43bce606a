// What this process has just written. Teleport reads from a cache that is up to a second behind its own
// writes (observed.md A.3), so for a moment the reply of a write is the better answer to "what is there?".
import type { Message } from '@bufbuild/protobuf';
import type { Clock } from '../core/clock.js';

/** Milliseconds for which a reply is preferred to a read; several times the longest lag that was seen. */
const preferredFor = 3_000;

/** The reply of a write, or the revision of what was deleted. */
export type Recent =
  | { readonly stored: Message; readonly deletedRevision?: never }
  | { readonly stored?: never; readonly deletedRevision: string };

interface Entry {
  readonly recent: Recent;
  readonly at: number;
}

export class RecentWrites {
  readonly #entries = new Map<string, Entry>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  put(kind: string, name: string, recent: Recent): void {
    this.#drop();
    this.#entries.delete(`${kind}/${name}`);
    this.#entries.set(`${kind}/${name}`, { recent, at: this.#clock.monotonic() });
  }

  /** The last write of the resource, if it is recent. */
  get(kind: string, name: string): Recent | undefined {
    const entry = this.#entries.get(`${kind}/${name}`);
    if (!entry || this.#clock.monotonic() - entry.at > preferredFor) return undefined;
    return entry.recent;
  }

  /** To be called when Teleport contradicts a reply. */
  forget(kind: string, name: string): void {
    this.#entries.delete(`${kind}/${name}`);
  }

  /** Entries are in the order of their writes, so the old ones stand first. */
  #drop(): void {
    const now = this.#clock.monotonic();
    for (const [key, { at }] of this.#entries) {
      if (now - at <= preferredFor) return;
      this.#entries.delete(key);
    }
  }
}
