// What Teleport holds after a write whose reply does not say. It reads from a cache that is up to a second
// behind (observed.md A.3; nodes, apps and databases are not even found at once), so it is asked when its events tell
// of the write, or, where they don't, until it shows it; a guess would be taken for drift at the next look.
import type { Message } from '@bufbuild/protobuf';
import { childSignal, sleep } from '../core/abort.js';
import { cloneMessage } from '../kinds/clone.js';
import type { AnyKind } from '../kinds/kind.js';
import { isTeleportError } from '../teleport/errors.js';
import type { ReconcilerParts } from './parts.js';
import { looksApplied, writtenOver } from './plan.js';

/** Milliseconds before each look but the first; together several times the longest lag that was seen. */
const waits = [100, 200, 300, 400, 500, 500, 500];

/** Events tell within this of a write, in milliseconds; they come out of the same cache. */
const eventMs = 2_000;
/** The waits after that. */
const lastWaits = [0, 500];

/** What is shown that is not what was sent is looked at for so long, in milliseconds: the cache may be further behind. */
const patienceMs = 1_000;

/** What Teleport holds after a write. */
export interface Seen {
  /** `absent` where Teleport goes on saying that there is none. */
  readonly stored: Message | 'absent';
  /** False where it is not what was sent: somebody else's write, or what Teleport makes of ours. */
  readonly certain: boolean;
}

/**
 * The resource as Teleport stored it, as far as it shows it.
 * @param before the resource that the write replaced
 */
export async function storedAfter(
  parts: Pick<ReconcilerParts, 'kind' | 'teleport' | 'recent' | 'clock' | 'mirror'>,
  name: string,
  resource: Message,
  before: Message | undefined,
  signal: AbortSignal,
): Promise<Seen> {
  const { kind, teleport, recent, clock } = parts;
  const replaced = new Set(recent.get(kind.resource.kind, name)?.replaced);
  if (before) replaced.add(kind.form.revision(before));
  let absent = false;
  let other: { readonly stored: Message; readonly since: number } | undefined;
  try {
    for await (const _ of moments(parts, name, replaced, signal)) {
      const found = await kind.calls.get.run(teleport, name, { signal }).catch(unlessMissing);
      absent = found === undefined;
      if (!found || replaced.has(kind.form.revision(found))) continue;
      if (looksApplied(kind, writtenOver(kind, resource, found), found))
        return { stored: found, certain: true };
      other = { stored: found, since: other?.since ?? clock.monotonic() };
      if (clock.monotonic() - other.since >= patienceMs) break;
    }
  } catch {
    // The write was made; that it can't be looked at now is the next pass's matter.
    return { stored: asStored(kind, resource), certain: true };
  }
  if (other) return { stored: other.stored, certain: false };
  return { stored: absent ? 'absent' : asStored(kind, resource), certain: true };
}

/** When it is worth a look: at once, for most kinds; then when Teleport tells of the write, or again and again. */
async function* moments(
  parts: Pick<ReconcilerParts, 'kind' | 'mirror' | 'clock'>,
  name: string,
  replaced: ReadonlySet<string>,
  signal: AbortSignal,
): AsyncGenerator<void> {
  yield;
  const { kind, mirror, clock } = parts;
  let left = waits;
  if (kind.watched && mirror.isCurrent(kind.resource.kind)) {
    if (await isTold(parts, name, replaced, signal)) yield;
    else left = lastWaits;
  }
  for (const wait of left) {
    if (wait > 0) await sleep(clock, wait, signal);
    yield;
  }
}

/** Waits until the mirror has heard of a revision that was not replaced. @returns whether it has */
async function isTold(
  { kind, mirror, clock }: Pick<ReconcilerParts, 'kind' | 'mirror' | 'clock'>,
  name: string,
  replaced: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<boolean> {
  const own = kind.resource.kind;
  const isNew = (revision = ''): boolean => revision !== '' && !replaced.has(revision);
  if (isNew(mirror.get(own, name)?.revision)) return true;
  let heard = false;
  const wait = childSignal(signal);
  const end = mirror.subscribe((shift) => {
    if (shift.kind !== own || shift.name !== name || !isNew(shift.after?.revision)) return;
    heard = true;
    wait.abort();
  });
  try {
    await sleep(clock, eventMs, wait.signal);
    return false;
  } catch (error) {
    if (!heard) throw error;
    return true;
  } finally {
    end();
    wait.abort();
  }
}

function unlessMissing(error: unknown): undefined {
  if (!isTeleportError(error, 'NotFound')) throw error;
}

/** The resource with the server's defaults: what is most likely stored. */
export function asStored(kind: AnyKind, resource: Message): Message {
  const stored = cloneMessage(resource);
  kind.defaults(stored);
  kind.form.setRevision(stored, '');
  return stored;
}
