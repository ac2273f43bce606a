// What Teleport holds after a write whose reply does not say. It reads from a cache that is up to a second
// behind (observed.md A.3; nodes, apps and databases are not even found at once), so it is asked until it shows
// the write; a guess would be taken for drift at the next look.
import { clone, type Message } from '@bufbuild/protobuf';
import { sleep } from '../core/abort.js';
import type { AnyKind } from '../kinds/kind.js';
import { isTeleportError } from '../teleport/errors.js';
import type { ReconcilerParts } from './parts.js';

/** Milliseconds before each look; together several times the longest lag that was seen. */
const waits = [0, 100, 200, 300, 400, 500, 500, 500];

/**
 * The resource as Teleport stored it, as far as it shows it.
 * @param before the resource that the write replaced
 * @returns `absent` where Teleport goes on saying that there is none
 */
export async function storedAfter(
  { kind, teleport, recent, clock }: Pick<ReconcilerParts, 'kind' | 'teleport' | 'recent' | 'clock'>,
  name: string,
  resource: Message,
  before: Message | undefined,
  signal: AbortSignal,
): Promise<Message | 'absent'> {
  const replaced = new Set(recent.get(kind.resource.kind, name)?.replaced);
  if (before) replaced.add(kind.form.revision(before));
  let absent = false;
  try {
    for (const wait of waits) {
      if (wait > 0) await sleep(clock, wait, signal);
      const found = await kind.calls.get.run(teleport, name, { signal }).catch(unlessMissing);
      absent = found === undefined;
      if (found && !replaced.has(kind.form.revision(found))) return found;
    }
  } catch {
    // The write was made; that it can't be looked at now is the next pass's matter.
    return asStored(kind, resource);
  }
  return absent ? 'absent' : asStored(kind, resource);
}

function unlessMissing(error: unknown): undefined {
  if (!isTeleportError(error, 'NotFound')) throw error;
}

/** The resource with the server's defaults: what is most likely stored. */
export function asStored(kind: AnyKind, resource: Message): Message {
  const stored = clone(kind.schema, resource);
  kind.defaults(stored);
  kind.form.setRevision(stored, '');
  return stored;
}
