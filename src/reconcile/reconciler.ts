// One pass: load, gates, encode, look at Teleport, ownership, plan, apply. Generic over kinds; all judgement
// is in the pure files beside it. What it came to is the outcome; status, Event and queue are others' work.
import { clone, type Message } from '@bufbuild/protobuf';
import type { AnyKind } from '../kinds/kind.js';
import type { KubeObject } from '../kube/object.js';
import type { TeleportClient } from '../teleport/client.js';
import { isTeleportError } from '../teleport/errors.js';
import { readApplied, storedHash } from './applied.js';
import { failure } from './failures.js';
import { annotations, finalizer, isOn } from './names.js';
import type { Outcome, Owned } from './outcome.js';
import { ownership } from './ownership.js';
import { type Plan, plan } from './plan.js';
import type { RecentWrites } from './recent.js';
import { resourceName, wantedResource } from './wanted.js';

/** Writes to objects that a pass may need before its status. */
export interface ObjectWrites {
  /** Adds our finalizer. @returns the object as it then is. @throws KubeError */
  addFinalizer(object: KubeObject, signal: AbortSignal): Promise<KubeObject>;
  /** Takes our finalizer away. @throws KubeError */
  removeFinalizer(object: KubeObject, signal: AbortSignal): Promise<void>;
}

export interface ReconcilerParts {
  readonly kind: AnyKind;
  readonly teleport: TeleportClient;
  readonly objects: ObjectWrites;
  readonly recent: RecentWrites;
}

/** A pass's outcome with the object that the status is to be written to. */
export interface Passed {
  readonly object: KubeObject;
  readonly outcome: Outcome;
}

/**
 * Runs one pass over an object.
 * @throws KubeError where the finalizer could not be added or removed; the pass is then tried again.
 */
export async function reconcile(
  parts: ReconcilerParts,
  object: KubeObject,
  signal: AbortSignal,
): Promise<Passed> {
  const deleting = object.metadata.deletionTimestamp !== undefined;
  const ours = object.metadata.finalizers?.includes(finalizer) ?? false;
  if (isOn(object.metadata.annotations?.[annotations.ignore])) {
    return { object, outcome: { type: 'ignored', deleting: deleting && ours } };
  }
  if (!deleting) {
    const held = ours ? object : await parts.objects.addFinalizer(object, signal);
    return { object: held, outcome: await upsert(parts, held, signal) };
  }
  if (!ours) return { object, outcome: { type: 'gone', resource: 'untouched' } };
  const outcome = await remove(parts, object, signal);
  if (outcome.type === 'gone') await parts.objects.removeFinalizer(object, signal);
  return { object, outcome };
}

async function upsert(parts: ReconcilerParts, object: KubeObject, signal: AbortSignal): Promise<Outcome> {
  const { kind } = parts;
  let wanted: Message;
  try {
    wanted = wantedResource(kind, object);
  } catch (error) {
    return failure('decode', error);
  }
  const name = resourceName(object);
  let existing: Message | undefined;
  try {
    existing = await look(parts, name, signal);
  } catch (error) {
    return failure('look', error);
  }
  const decided = plan({
    kind,
    wanted,
    existing,
    applied: readApplied(object),
    generation: object.metadata.generation ?? 0,
  });
  return apply(parts, name, existing, decided, signal);
}

async function apply(
  parts: ReconcilerParts,
  name: string,
  existing: Message | undefined,
  decided: Plan,
  signal: AbortSignal,
): Promise<Outcome> {
  const owned: Owned = existing ? 'OriginLabelMatching' : 'NewResource';
  switch (decided.do) {
    case 'refuse':
      return notOwned(parts.kind, name);
    case 'consumed':
      return { type: 'consumed', applied: decided.applied };
    case 'nothing':
      return { type: 'synced', wrote: 'nothing', owned, applied: decided.applied };
    case 'create':
      return write(parts, name, existing, decided, 'created', owned, signal);
    case 'update':
      return write(parts, name, existing, decided, decided.drift ? 'corrected' : 'updated', owned, signal);
  }
}

async function write(
  { kind, teleport, recent }: ReconcilerParts,
  name: string,
  existing: Message | undefined,
  { do: verb, resource, hash }: Extract<Plan, { do: 'create' | 'update' }>,
  wrote: 'created' | 'updated' | 'corrected',
  owned: Owned,
  signal: AbortSignal,
): Promise<Outcome> {
  let reply: Message | undefined;
  try {
    reply = await kind.calls[verb].run(teleport, resource, { signal });
  } catch (error) {
    recent.forget(kind.resource.kind, name);
    return failure('write', error, owned);
  }
  const stored = reply ?? asStored(kind, resource);
  recent.put(kind.resource.kind, name, stored, existing ? kind.form.revision(existing) : '');
  const { version } = kind.form.names(stored);
  if (version !== kind.resource.version) {
    return {
      type: 'failed',
      step: 'write',
      reason: 'VersionMismatch',
      message:
        `This Teleport stored the ${kind.resource.kind} as version ${version}, not ${kind.resource.version}, so it may ` +
        'mean something else than the object says. Use a kind of the version that this server knows, or upgrade Teleport.',
      next: 'onChange',
      owned,
    };
  }
  const revision = reply ? kind.form.revision(reply) : '';
  return {
    type: 'synced',
    wrote,
    owned,
    applied: { hash, revision, resourceHash: storedHash(kind, stored) },
  };
}

/** What Teleport will hold after a write whose reply does not say: the resource with the server's defaults. */
function asStored(kind: AnyKind, resource: Message): Message {
  const stored = clone(kind.schema, resource);
  kind.defaults(stored);
  kind.form.setRevision(stored, '');
  return stored;
}

/** The resource as Teleport holds it; what we wrote a moment ago is believed rather than a stale read of before. */
async function look(
  { kind, teleport, recent }: ReconcilerParts,
  name: string,
  signal: AbortSignal,
): Promise<Message | undefined> {
  try {
    const found = await kind.calls.get.run(teleport, name, { signal });
    const just = recent.get(kind.resource.kind, name);
    return just?.replaced.has(kind.form.revision(found)) ? just.stored : found;
  } catch (error) {
    if (isTeleportError(error, 'NotFound')) return undefined;
    throw error;
  }
}

async function remove(parts: ReconcilerParts, object: KubeObject, signal: AbortSignal): Promise<Outcome> {
  const { kind, teleport, recent } = parts;
  if (isOn(object.metadata.annotations?.[annotations.keep])) return { type: 'gone', resource: 'kept' };
  const name = resourceName(object);
  let existing: Message | undefined;
  try {
    existing = await look(parts, name, signal);
  } catch (error) {
    return failure('delete', error);
  }
  if (!existing) return { type: 'gone', resource: 'absent' };
  if (ownership(kind.form.head(existing).labels) !== 'ours') return { type: 'gone', resource: 'notOurs' };
  try {
    await kind.calls.delete.run(teleport, name, { signal });
  } catch (error) {
    recent.forget(kind.resource.kind, name);
    if (!isTeleportError(error, 'NotFound')) return failure('delete', error);
  }
  recent.put(kind.resource.kind, name, undefined, kind.form.revision(existing));
  return { type: 'gone', resource: 'deleted' };
}

function notOwned(kind: AnyKind, name: string): Outcome {
  return {
    type: 'failed',
    step: 'ownership',
    reason: 'NotOwned',
    message:
      `Teleport already has a ${kind.resource.kind} named ${JSON.stringify(name)} that is not this operator's: it lacks the label ` +
      'teleport.dev/origin: kubernetes. It is left alone. Add the label to it in Teleport to hand it over, or choose another name.',
    next: 'backoff',
  };
}
