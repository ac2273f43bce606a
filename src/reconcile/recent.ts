// What this process has just written, and what it replaced by that. Teleport reads from a cache that is up to
// a second behind its own writes (observed.md A.3): a read that shows a replaced revision is one of those, and
// the reply of the write is the better answer. Any other read is believed, so that a change or a use of the
// resource right after our write is not overlooked. Of a write whose reply was lost nobody knows at first whether it
// was made: for as long a read that finds nothing proves nothing.
import { type DescMessage, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import type { Clock } from '../core/clock.js';
import { isOutcomeUnknown } from '../teleport/errors.js';

/** Milliseconds for which replaced revisions are remembered; several times the longest lag that was seen. */
const rememberedFor = 3_000;

export interface Recent {
  /** Reads the reply of the last write; undefined after a deletion. */
  readonly stored: (() => Message) | undefined;
  /** Revisions that our writes of late have replaced. */
  readonly replaced: ReadonlySet<string>;
}

/** What of a kind's declaration a write is noted with. */
export interface WrittenKind {
  readonly resource: { readonly kind: string };
  readonly schema: DescMessage;
}

interface Entry {
  /** Undefined where no reply told whether the write was made. */
  readonly recent: Recent | undefined;
  readonly at: number;
}

export class RecentWrites {
  readonly #entries = new Map<string, Entry>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Notes a write.
   * @param stored the reply, undefined of a deletion
   * @param replaced the revision that was there before, empty where there was none
   */
  put(
    { resource: { kind }, schema }: WrittenKind,
    name: string,
    stored: Message | undefined,
    replaced: string,
  ): void {
    const before = this.get(kind, name)?.replaced ?? [];
    const revisions = new Set([...before, replaced].filter((revision) => revision !== ''));
    this.#note(`${kind}/${name}`, { stored: stored && packed(schema, stored), replaced: revisions });
  }

  /** The last write of the resource, if it is recent. */
  get(kind: string, name: string): Recent | undefined {
    const entry = this.#entries.get(`${kind}/${name}`);
    if (!entry || this.#clock.monotonic() - entry.at > rememberedFor) return undefined;
    return entry.recent;
  }

  /** To be called when Teleport contradicts a reply. It says nothing of a write before whose reply was lost. */
  forget(kind: string, name: string): void {
    const key = `${kind}/${name}`;
    if (this.#entries.get(key)?.recent) this.#entries.delete(key);
  }

  /** Notes a write that failed so: a refusal, or no answer, and then nobody knows whether it was made. */
  failed(kind: string, name: string, error: unknown): void {
    if (isOutcomeUnknown(error)) this.#note(`${kind}/${name}`, undefined);
    else this.forget(kind, name);
  }

  /** Milliseconds until a read tells for sure whether there is such a resource; 0 where it does so now. */
  doubtful(kind: string, name: string): number {
    const entry = this.#entries.get(`${kind}/${name}`);
    if (!entry || entry.recent) return 0;
    return Math.max(0, entry.at + rememberedFor - this.#clock.monotonic());
  }

  #note(key: string, recent: Recent | undefined): void {
    this.#drop();
    this.#entries.delete(key);
    this.#entries.set(key, { recent, at: this.#clock.monotonic() });
  }

  /** Entries are in the order of their writes, so the old ones stand first. */
  #drop(): void {
    const now = this.#clock.monotonic();
    for (const [key, { at }] of this.#entries) {
      if (now - at <= rememberedFor) return;
      this.#entries.delete(key);
    }
  }
}

/** Few replies are ever read again, and as bytes they are a tenth of the size: a crowd of writes leaves hundreds. */
function packed(schema: DescMessage, message: Message): () => Message {
  const bytes = toBinary(schema, message);
  return () => fromBinary(schema, bytes);
}
