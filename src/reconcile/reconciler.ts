// One pass: gates, encode, Secrets, look at Teleport, plan, apply. Generic over kinds; all judgement is in the
// pure files beside it. What it came to is the outcome; status, Event and queue are others' work.
import { clone, type Message } from '@bufbuild/protobuf';
import type { Features } from '../gen/teleport/client/authservice_pb.js';
import type { AnyKind } from '../kinds/kind.js';
import type { KubeObject } from '../kube/object.js';
import type { TeleportClient } from '../teleport/client.js';
import { isTeleportError } from '../teleport/errors.js';
import { type Applied, readApplied, storedHash, unreadable } from './applied.js';
import { failure } from './failures.js';
import { closedGate, holds } from './gates.js';
import { annotations, isOn } from './names.js';
import type { Outcome, Owned } from './outcome.js';
import { ownership } from './ownership.js';
import { type Plan, plan } from './plan.js';
import type { RecentWrites } from './recent.js';
import * as refusals from './refusals.js';
import { type Lookup, lookUpSecrets, type SecretSource } from './secret-lookup.js';
import { recordedName, resourceName, wantedResource } from './wanted.js';

/** Writes to objects that a pass may need before its status. */
export interface ObjectWrites {
  /** Adds our finalizer. @returns the object as it then is. @throws KubeError */
  addFinalizer(object: KubeObject, signal: AbortSignal): Promise<KubeObject>;
  /** Takes our finalizer away. @throws KubeError */
  removeFinalizer(object: KubeObject, signal: AbortSignal): Promise<void>;
  /** Writes `status.resourceName`. @returns the object as it then is. @throws KubeError */
  recordName(object: KubeObject, name: string, signal: AbortSignal): Promise<KubeObject>;
}

export interface ReconcilerParts {
  readonly kind: AnyKind;
  readonly teleport: TeleportClient;
  readonly objects: ObjectWrites;
  readonly secrets: SecretSource;
  readonly recent: RecentWrites;
  /** What the licence allows, as Ping last told. */
  features(): Features | undefined;
}

/** A pass's outcome with the object that the status is to be written to. */
export interface Passed {
  readonly object: KubeObject;
  readonly outcome: Outcome;
  /** Secrets that the outcome hangs on; undefined where the pass did not get that far. */
  readonly secrets?: ReadonlySet<string>;
}

/**
 * Runs one pass over an object.
 * @throws KubeError where the object or a Secret could not be read or written; the pass is then tried again.
 */
export async function reconcile(
  parts: ReconcilerParts,
  object: KubeObject,
  signal: AbortSignal,
): Promise<Passed> {
  const closed = closedGate({ kind: parts.kind, object, features: parts.features() });
  if (closed && !(closed.type === 'gone' && holds(object))) return { object, outcome: closed };
  if (object.metadata.deletionTimestamp === undefined) return upsert(parts, object, signal);
  const outcome = closed ?? (await remove(parts, object, signal));
  if (outcome.type === 'gone') await parts.objects.removeFinalizer(object, signal);
  return { object, outcome };
}

async function upsert(parts: ReconcilerParts, object: KubeObject, signal: AbortSignal): Promise<Passed> {
  const { kind } = parts;
  const held = await hold(parts, object, signal);
  const lookup: Lookup = { secrets: new Set(), versions: [] };
  const passed = (outcome: Outcome): Passed => ({ object: held, outcome, secrets: lookup.secrets });
  let wanted: Message;
  try {
    wanted = wantedResource(kind, held);
    await lookUpSecrets(kind, wanted, held, parts.secrets, lookup, signal);
  } catch (error) {
    return passed(failure('decode', error));
  }
  const name = resourceName(held);
  let existing: Message | undefined;
  try {
    existing = await look(parts, name, signal);
  } catch (error) {
    return passed(failure('look', error));
  }
  if (existing && isOtherSubKind(kind, existing)) return passed(refusals.otherSubKind(kind, name, existing));
  const decided = plan({
    kind,
    wanted,
    existing,
    applied: readApplied(held),
    generation: held.metadata.generation ?? 0,
    secretVersions: lookup.versions,
  });
  return passed(await apply(parts, name, existing, decided, signal));
}

/** The object with our finalizer, and with its resource's name on record where that is not its own. */
async function hold(parts: ReconcilerParts, object: KubeObject, signal: AbortSignal): Promise<KubeObject> {
  const held = holds(object) ? object : await parts.objects.addFinalizer(object, signal);
  const name = resourceName(held);
  if (name === held.metadata.name || recordedName(held) === name) return held;
  // Before the first write: a name that is lost could not be deleted.
  return parts.objects.recordName(held, name, signal);
}

async function apply(
  parts: ReconcilerParts,
  name: string,
  existing: Message | undefined,
  decided: Plan,
  signal: AbortSignal,
): Promise<Outcome> {
  const { kind } = parts;
  const owned: Owned = existing ? 'OriginLabelMatching' : 'NewResource';
  switch (decided.do) {
    case 'refuse':
      return refusals.notOwned(kind, name);
    case 'stuck':
      return refusals.immutable(kind, decided.path);
    case 'hidden':
      return refusals.hidden(kind, name, decided.applied);
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
  parts: ReconcilerParts,
  name: string,
  existing: Message | undefined,
  { do: verb, resource, hash }: Extract<Plan, { do: 'create' | 'update' }>,
  wrote: 'created' | 'updated' | 'corrected',
  owned: Owned,
  signal: AbortSignal,
): Promise<Outcome> {
  const { kind, teleport, recent } = parts;
  let reply: Message | undefined;
  try {
    reply = await kind.calls[verb].run(teleport, resource, { signal });
    if (verb === 'create' && kind.mayBeHidden && !(await isShown(parts, name, signal))) {
      return refusals.hidden(kind, name, { hash, revision: '', resourceHash: unreadable });
    }
  } catch (error) {
    recent.forget(kind.resource.kind, name);
    return failure('write', error, owned);
  }
  const stored = reply ?? asStored(kind, resource);
  recent.put(kind.resource.kind, name, stored, existing ? kind.form.revision(existing) : '');
  const { version } = kind.form.names(stored);
  if (version !== kind.resource.version) return refusals.otherVersion(kind, version, owned);
  const revision = reply ? kind.form.revision(reply) : '';
  const applied: Applied = { hash, revision, resourceHash: storedHash(kind, stored) };
  return { type: 'synced', wrote, owned, applied };
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

/** Whether Teleport lets us see what it has just taken; a read that misses its cache asks its storage. */
async function isShown(parts: ReconcilerParts, name: string, signal: AbortSignal): Promise<boolean> {
  return (await look(parts, name, signal)) !== undefined;
}

function isOtherSubKind(kind: AnyKind, existing: Message): boolean {
  return kind.resource.subKind !== undefined && kind.form.names(existing).subKind !== kind.resource.subKind;
}

async function remove(parts: ReconcilerParts, object: KubeObject, signal: AbortSignal): Promise<Outcome> {
  const { kind, teleport, recent } = parts;
  if (isOn(object.metadata.annotations?.[annotations.keep])) return { type: 'gone', resource: 'kept' };
  const name = resourceName(object);
  try {
    const existing = await look(parts, name, signal);
    const hidden = !existing && readApplied(object)?.resourceHash === unreadable;
    if (!existing && !hidden) return { type: 'gone', resource: 'absent' };
    if (
      existing &&
      (isOtherSubKind(kind, existing) || ownership(kind.form.head(existing).labels) !== 'ours')
    ) {
      return { type: 'gone', resource: 'notOurs' };
    }
    await kind.calls.delete.run(teleport, name, { signal });
    recent.put(kind.resource.kind, name, undefined, existing ? kind.form.revision(existing) : '');
  } catch (error) {
    recent.forget(kind.resource.kind, name);
    if (!isTeleportError(error, 'NotFound')) return failure('delete', error);
  }
  return { type: 'gone', resource: 'deleted' };
}
