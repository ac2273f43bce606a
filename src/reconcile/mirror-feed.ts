// Keeps the mirror: one WatchEvents stream for the kinds that Auth lets us watch, a list of each when the
// stream begins, and a list every two minutes for the others. Teleport replays nothing, so whenever the stream
// ends everything is listed again (joining.md 8.2).
import { setMaxListeners } from 'node:events';
import { aborted, childSignal, sleep } from '../core/abort.js';
import { Backoff } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import { type Event, Operation } from '../gen/teleport/client/event_pb.js';
import type { AnyKind } from '../kinds/kind.js';
import type { TeleportClient } from '../teleport/client.js';
import { isTeleportError, TeleportError } from '../teleport/errors.js';
import type { Mirror } from './mirror.js';
import type { Rights } from './rights.js';

/** Between lists of a kind that can't be watched, in milliseconds. */
const pollMs = 120_000;
/** The same for a kind of which there is no object: only what others refer to is at stake. */
const idlePollMs = 900_000;
/** After a list that Teleport refused. */
const refusedMs = 300_000;
/** From a change of the operator's rights to what it lacked a right for: more of them may follow. */
const mendedMs = 5_000;
const retryPolicy = { baseMs: 500, factor: 2, maxMs: 60_000, jitter: 0.5 };
/** A stream that held so long ends a row of failures. */
const provedMs = 10_000;

export interface FeedParts {
  readonly mirror: Mirror;
  /** Told of each role that changes, and listened to. */
  readonly rights: Rights;
  readonly teleport: TeleportClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether there are objects for the Teleport kind; all kinds count as used without it. */
  readonly isUsed?: (kind: string) => boolean;
}

/** Feeds the mirror until the signal is aborted. Never throws: what fails is tried again. */
export async function feedMirror(parts: FeedParts, signal: AbortSignal): Promise<void> {
  await new Feed(parts, signal).run();
}

class Feed {
  readonly #parts: FeedParts;
  readonly #signal: AbortSignal;
  /** Names that events told of while a list of the kind is read, for each list: stream and poll may both read one. */
  readonly #touched = new Map<string, Set<Set<string>>>();
  /** Kinds that the stream of now covers. */
  #watched: ReadonlySet<string> = new Set();
  readonly #refusals = new Set<string>();
  /** Aborted at the next change of rights; made for whoever wants to know. */
  #rightsChange: AbortController | undefined;
  #tellFirst: () => void = () => {};
  /** The first stream has begun, or could not. */
  readonly #firstStream = new Promise<void>((resolve) => {
    this.#tellFirst = resolve;
  });

  constructor(parts: FeedParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
    setMaxListeners(0, signal);
  }

  async run(): Promise<void> {
    const { mirror, rights } = this.#parts;
    const { kinds } = mirror;
    const end = rights.subscribe(() => {
      this.#rightsChange?.abort();
      this.#rightsChange = undefined;
    });
    await Promise.all([this.#follow(kinds), ...kinds.map((kind) => this.#poll(kind))]);
    end();
  }

  /** The stream, again and again. */
  async #follow(kinds: readonly AnyKind[]): Promise<void> {
    const { clock, log, mirror } = this.#parts;
    const wanted = kinds.filter((kind) => kind.watched).map((kind) => kind.resource.kind);
    const backoff = new Backoff(retryPolicy);
    while (wanted.length > 0 && !this.#signal.aborted) {
      const started = clock.monotonic();
      try {
        await this.#watch(wanted, kinds);
      } catch (error) {
        if (this.#signal.aborted) return;
        log.debug('watching Teleport ended', { error: TeleportError.from(error).message });
      }
      this.#tellFirst();
      for (const kind of this.#watched) mirror.stale(kind);
      this.#watched = new Set();
      if (clock.monotonic() - started > provedMs) backoff.reset();
      await this.#pause(backoff.next());
    }
  }

  async #watch(wanted: readonly string[], kinds: readonly AnyKind[]): Promise<void> {
    const { teleport } = this.#parts;
    const { signal, abort } = childSignal(this.#signal);
    // every kind's list waits on it at once; Node would warn on stderr, between the JSON lines
    setMaxListeners(0, signal);
    const request = { Kinds: wanted.map((Kind) => ({ Kind })), AllowPartialSuccess: true };
    try {
      for await (const event of teleport.serverStream(AuthService.method.watchEvents, request, { signal })) {
        if (event.Type !== Operation.INIT) {
          this.#apply(event);
          continue;
        }
        this.#watched = confirmed(event);
        this.#tellFirst();
        if (wanted.some((kind) => !this.#watched.has(kind))) void this.#untilMended(signal, abort);
        for (const kind of kinds) {
          if (this.#watched.has(kind.resource.kind)) void this.#fill(kind, signal);
        }
      }
    } finally {
      abort();
    }
  }

  /** Ends a stream that lacks kinds once the operator has other rights: the next one may cover them. */
  async #untilMended(signal: AbortSignal, end: () => void): Promise<void> {
    const mended = childSignal(signal, this.#nextRights());
    await aborted(mended.signal);
    mended.abort();
    await this.#pause(mendedMs, signal);
    end();
  }

  #apply(event: Event): void {
    const { mirror, rights } = this.#parts;
    const { Resource: resource } = event;
    if (resource.case === 'ResourceHeader') {
      const { Kind: kind, Metadata: metadata } = resource.value;
      const name = metadata?.Name ?? '';
      this.#touch(kind, name);
      if (kind === 'role') rights.roleChanged(name);
      if (event.Type === Operation.DELETE) mirror.delete(kind, name);
      return;
    }
    const value = resource.value;
    const kind = value && mirror.kinds.find(({ schema }) => schema.typeName === value.$typeName);
    if (!value || !kind) return;
    const { name } = kind.form.head(value);
    this.#touch(kind.resource.kind, name);
    const goes = event.Type === Operation.DELETE;
    if (kind.resource.kind === 'role') rights.roleChanged(name, goes ? undefined : kind.form.revision(value));
    if (goes) mirror.delete(kind.resource.kind, name);
    else mirror.put(kind.resource.kind, value, 'news');
  }

  /** Aborted at the next change of rights. */
  #nextRights(): AbortSignal {
    this.#rightsChange ??= new AbortController();
    return this.#rightsChange.signal;
  }

  #touch(kind: string, name: string): void {
    for (const touched of this.#touched.get(kind) ?? []) touched.add(name);
  }

  /** Lists a kind that the stream does not cover, every two minutes; less often while nobody uses it. */
  async #poll(kind: AnyKind): Promise<void> {
    const { mirror, clock, isUsed = () => true } = this.#parts;
    if (!kind.calls.list) {
      mirror.off(kind.resource.kind);
      return;
    }
    // The stream, where it covers the kind, lists it itself; it gets a moment to say so.
    if (kind.watched) await Promise.race([this.#firstStream, this.#pause(5_000)]);
    let listed = Number.NEGATIVE_INFINITY;
    while (!this.#signal.aborted) {
      const due = isUsed(kind.resource.kind) || clock.monotonic() - listed >= idlePollMs;
      if (due && !this.#watched.has(kind.resource.kind)) {
        await this.#fill(kind, this.#signal);
        listed = clock.monotonic();
      }
      await this.#pause(pollMs);
    }
  }

  /** Lists a kind until that goes well: without a list nothing is known of it, whatever the stream tells. */
  async #fill(kind: AnyKind, signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(retryPolicy);
    while (!signal.aborted) {
      const rights = this.#nextRights();
      const result = await this.#list(kind, signal);
      if (result === 'listed') return;
      if (result === 'forbidden') {
        await this.#pause(mendedMs, signal);
        const mended = childSignal(signal, rights);
        await this.#pause(refusedMs - mendedMs, mended.signal);
        mended.abort();
      } else await this.#pause(result === 'refused' ? refusedMs : backoff.next(), signal);
    }
  }

  async #list(kind: AnyKind, signal: AbortSignal): Promise<'listed' | 'forbidden' | 'refused' | 'failed'> {
    const { mirror, rights, teleport, log } = this.#parts;
    const name = kind.resource.kind;
    const touched = new Set<string>();
    const seen = new Set<string>();
    const ownRoles = new Map<string, string>();
    const reading = this.#touched.get(name) ?? new Set();
    this.#touched.set(name, reading.add(touched));
    try {
      for await (const page of kind.calls.list?.pages(teleport, signal) ?? []) {
        for (const resource of page) {
          const resourceName = kind.form.head(resource).name;
          seen.add(resourceName);
          if (name === 'role' && rights.counts(resourceName))
            ownRoles.set(resourceName, kind.form.revision(resource));
          // An event that came while the list was read is newer than the list.
          if (!touched.has(resourceName)) mirror.put(name, resource);
        }
      }
      // The stream that would have told of changes since is gone.
      if (signal.aborted) return 'failed';
      mirror.replaced(name, seen, touched);
      if (name === 'role') rights.rolesListed(ownRoles, touched);
      if (this.#refusals.delete(name)) rights.changed();
      return 'listed';
    } catch (error) {
      if (signal.aborted) return 'failed';
      const refused = isTeleportError(error, 'AccessDenied', 'NotImplemented', 'BadParameter');
      const fields = { resource: name, error: TeleportError.from(error).message };
      if (!refused) {
        log.debug('listing Teleport failed, trying again', fields);
        mirror.stale(name, fields.error);
        return 'failed';
      }
      if (!this.#refusals.has(name)) {
        this.#refusals.add(name);
        log.info('a kind of Teleport can not be listed; its resources are looked at one by one', fields);
      }
      mirror.off(name, fields.error);
      return isTeleportError(error, 'AccessDenied') ? 'forbidden' : 'refused';
    } finally {
      reading.delete(touched);
    }
  }

  async #pause(delayMs: number, signal: AbortSignal = this.#signal): Promise<void> {
    await sleep(this.#parts.clock, delayMs, signal).catch(() => {});
  }
}

/** Kinds that the INIT event says are watched. */
function confirmed({ Resource: resource }: Event): ReadonlySet<string> {
  if (resource.case !== 'WatchStatus') return new Set();
  return new Set((resource.value.Spec?.Kinds ?? []).map(({ Kind }) => Kind));
}
