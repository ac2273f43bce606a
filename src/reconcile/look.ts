// What Teleport holds of a resource at this moment, and when that need not be asked.
import type { Message } from '@bufbuild/protobuf';
import type { AnyKind } from '../kinds/kind.js';
import { isTeleportError } from '../teleport/errors.js';
import type { ReconcilerParts } from './parts.js';

/**
 * The resource as Teleport holds it, undefined where it has none; what we wrote a moment ago is believed rather
 * than a stale read of before.
 * @throws TeleportError
 */
export async function look(
  { kind, teleport, recent }: Pick<ReconcilerParts, 'kind' | 'teleport' | 'recent'>,
  name: string,
  signal: AbortSignal,
): Promise<Message | undefined> {
  try {
    const found = await kind.calls.get.run(teleport, name, { signal });
    const just = recent.get(kind.resource.kind, name);
    return just?.replaced.has(kind.form.revision(found)) ? just.stored?.() : found;
  } catch (error) {
    if (isTeleportError(error, 'NotFound')) return undefined;
    throw error;
  }
}

/**
 * Whether a creation needs no look before it: as far as is known there is no such resource, and Teleport refuses the
 * call if there is one after all. Then the pass looks, and judges anew.
 */
export function isSafelyNew(
  { kind, mirror, recent }: Pick<ReconcilerParts, 'kind' | 'mirror' | 'recent'>,
  name: string,
): boolean {
  const { kind: of } = kind.resource;
  if (!kind.calls.create.ifAbsent || !mirror.isCurrent(of)) return false;
  return mirror.get(of, name) === undefined && recent.get(of, name) === undefined;
}

/**
 * The same, to be written over: where no revision guards that, what is stored, past Auth's cache.
 * @throws TeleportError
 */
export async function lookToWrite(
  parts: Pick<ReconcilerParts, 'kind' | 'teleport' | 'recent' | 'latest'>,
  name: string,
  signal: AbortSignal,
): Promise<Message | undefined> {
  const { kind, teleport, latest } = parts;
  const found = await look(parts, name, signal);
  if (!found || !kind.calls.list || !kind.unguarded?.isTouchy(found)) return found;
  try {
    return (await latest.read(kind, teleport, signal)).get(name);
  } catch (error) {
    // Without the right to list, the cache is all there is.
    if (isTeleportError(error, 'AccessDenied')) return found;
    throw error;
  }
}

/** Whether the name belongs to a resource of the kind's sibling. */
export function isOtherSubKind(kind: AnyKind, existing: Message): boolean {
  return kind.resource.subKind !== undefined && kind.form.names(existing).subKind !== kind.resource.subKind;
}
