// What goes before the write of a resource that Teleport deletes at its first use (kinds/kind.ts, OneTime): a stand-in
// in Teleport, then the intention on record. The process may die after each step: a stand-in is armed by the next one, and
// what is gone although the intention is on record was used.
import type { Message } from '@bufbuild/protobuf';
import { sleep } from '../core/abort.js';
import { armed } from './applied.js';
import type { ApplyContext } from './apply.js';
import { failure } from './failures.js';
import { look } from './look.js';
import type { Failure } from './outcome.js';
import type { ReconcilerParts } from './parts.js';
import type { Arming } from './plan.js';
import * as refusals from './refusals.js';
import { storedAfter } from './stored.js';

/** Milliseconds after which Auth's cache knows of a write that a pass before this one may have made; three times what was seen. */
const settledMs = 3_000;

/**
 * Makes it safe to write the resource.
 * @returns the stand-in, over which it is to be written
 * @throws KubeError where the intention could not be recorded, or can't be
 */
export async function arm(
  parts: ReconcilerParts,
  arming: Arming,
  hash: string,
  context: ApplyContext,
  signal: AbortSignal,
): Promise<{ readonly standIn: Message } | { readonly failed: Failure }> {
  // A stand-in takes the place of a token that may be good.
  await context.assureRecords();
  let standIn: Message | undefined;
  try {
    standIn = await standInOf(parts, arming, context, signal);
  } catch (error) {
    parts.recent.failed(parts.kind.resource.kind, context.name, error);
    return { failed: failure('write', error) };
  }
  if (!standIn) return { failed: refusals.moved(parts.kind) };
  if (!arming.recorded) await context.record({ hash, revision: '', resourceHash: armed });
  return { standIn };
}

/** @returns undefined where Teleport turns out to hold something else */
async function standInOf(
  parts: ReconcilerParts,
  { standIn, recorded }: Arming,
  { name, existing }: ApplyContext,
  signal: AbortSignal,
): Promise<Message | undefined> {
  if (standIn) return place(parts, name, standIn, existing, signal);
  return recorded ? unarmed(parts, name, existing, signal) : existing;
}

async function place(
  parts: ReconcilerParts,
  name: string,
  standIn: Message,
  existing: Message | undefined,
  signal: AbortSignal,
): Promise<Message | undefined> {
  const { kind, teleport, recent } = parts;
  const before = existing ? kind.form.revision(existing) : '';
  kind.form.setRevision(standIn, before);
  const reply = await kind.calls[existing ? 'update' : 'create'].run(teleport, standIn, { signal });
  const placed = reply ?? (await storedAfter(parts, name, standIn, existing, signal)).stored;
  if (placed === 'absent') return undefined;
  recent.put(kind, name, placed, before);
  return placed;
}

/** The stand-in, if that is what is there: a pass before this one may have armed it, which the cache does not show at once. */
async function unarmed(
  parts: ReconcilerParts,
  name: string,
  existing: Message | undefined,
  signal: AbortSignal,
): Promise<Message | undefined> {
  await sleep(parts.clock, settledMs, signal);
  const now = await look(parts, name, signal);
  const { form } = parts.kind;
  return now && existing && form.revision(now) === form.revision(existing) ? now : undefined;
}
