// What this process has just written, and what it replaced by that. Teleport reads from a cache that is up to
// a second behind its own writes (observed.md A.3): a read that shows a replaced revision is one of those, and
// the reply of the write is the better answer. Any other read is believed, so that a change or a use of the
// resource right after our write is not overlooked. Of a write whose reply was lost nobody knows at first whether it
// was made: for as long a read that finds nothing proves nothing.
import type { Message } from '@bufbuild/protobuf';
import type { Clock } from '../core/clock.js';

/** Milliseconds for which replaced revisions are remembered; several times the longest lag that was seen. */
const rememberedFor = 3_000;

export interface Recent {
  /** The reply of the last write; undefined after a deletion. */
  readonly stored: Message | undefined;
  /** Revisions that our writes of late have replaced. */
  readonly replaced: ReadonlySet<string>;
}

interface Entry {
  readonly recent: Recent;
  readonly at: number;
}

export class RecentWrites {
  readonly #entries = new Map<string, Entry>();
  /** When a write without a reply was given up, by `kind/name`. */
  readonly #doubts = new Map<string, number>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a write; `replaced` is the revision that was there before, empty where there was none. */
  put(kind: string, name: string, stored: Message | undefined, replaced: string): void {
    this.#drop();
    const key = `${kind}/${name}`;
    const before = this.get(kind, name)?.replaced ?? [];
    const revisions = new Set([...before, replaced].filter((revision) => revision !== ''));
    this.#entries.delete(key);
    this.#entries.set(key, { recent: { stored, replaced: revisions }, at: this.#clock.monotonic() });
  }

  /** The last write of the resource, if it is recent. */
  get(kind: string, name: string): Recent | undefined {
    const entry = this.#entries.get(`${kind}/${name}`);
    if (!entry || this.#clock.monotonic() - entry.at > rememberedFor) return undefined;
    return entry.recent;
  }

  /** To be called when Teleport contradicts a reply. */
  forget(kind: string, name: string): void {
    this.#entries.delete(`${kind}/${name}`);
  }

  /** Notes a write of which nobody knows whether it was made. */
  doubt(kind: string, name: string): void {
    this.#drop();
    const key = `${kind}/${name}`;
    this.#entries.delete(key);
    this.#doubts.delete(key);
    this.#doubts.set(key, this.#clock.monotonic());
  }

  /** Milliseconds until a read tells for sure whether there is such a resource; 0 where it does so now. */
  doubtful(kind: string, name: string): number {
    const since = this.#doubts.get(`${kind}/${name}`);
    if (since === undefined) return 0;
    return Math.max(0, since + rememberedFor - this.#clock.monotonic());
  }

  /** Entries are in the order of their writes, so the old ones stand first. */
  #drop(): void {
    const now = this.#clock.monotonic();
    for (const [key, { at }] of this.#entries) {
      if (now - at <= rememberedFor) break;
      this.#entries.delete(key);
    }
    for (const [key, at] of this.#doubts) {
      if (now - at <= rememberedFor) break;
      this.#doubts.delete(key);
    }
  }
}
