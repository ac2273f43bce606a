// One pass: gates, encode, Secrets, look at Teleport, plan, apply. Generic over kinds; all judgement is in the
// pure files beside it. What it came to is the outcome; status, Event and queue are others' work.
import type { Message } from '@bufbuild/protobuf';
import { type KubeObject, keyOf } from '../kube/object.js';
import { unknownFlags } from './annotation-values.js';
import { type Applied, readApplied, wantedHash } from './applied.js';
import { type ApplyContext, apply } from './apply.js';
import { holds, ownerOf } from './claims.js';
import { absent, idOf } from './dependencies.js';
import { failure } from './failures.js';
import { closedGate } from './gates.js';
import { isOtherSubKind, isSafelyNew, lookToWrite } from './look.js';
import { annotations } from './names.js';
import type { Outcome } from './outcome.js';
import type { Passed, ReconcilerParts, Recorded } from './parts.js';
import { stillPaused } from './paused.js';
import { plan } from './plan.js';
import { type Policy, policyOf } from './policy.js';
import * as refusals from './refusals.js';
import { remove } from './remove.js';
import { type Lookup, lookUpSecrets } from './secret-lookup.js';
import { recordedName, resourceName, wantedResource } from './wanted.js';

/**
 * Runs one pass over an object.
 * @param isAskedFor somebody asked for a look at Teleport: what is mirrored may be up to two minutes old
 * @throws KubeError where the object or a Secret could not be read or written; the pass is then tried again.
 */
export async function reconcile(
  parts: ReconcilerParts,
  object: KubeObject,
  signal: AbortSignal,
  isAskedFor = false,
): Promise<Passed> {
  const policy = policyOf(object, parts.policy);
  const closed = gateOf(parts, object, policy);
  if (closed && !(closed.type === 'gone' && holds(object))) {
    // The heir of a resource is held before it has it: both objects may be deleted at once, and the resource is to go too.
    const inherits = closed.type === 'failed' && closed.reason === 'NameConflict' && !policy.observe;
    return {
      object: inherits ? await withFinalizer(parts, object, signal) : object,
      outcome: stillPaused(parts.brake.limit, object, closed),
    };
  }
  if (object.metadata.deletionTimestamp === undefined) {
    try {
      return await upsert(parts, object, policy, signal, isAskedFor);
    } catch (error) {
      if (!(error instanceof NotKept)) throw error;
      return { object, outcome: refusals.forgetful(parts.kind) };
    }
  }
  const outcome = closed ?? (await remove(parts, object, policy, signal));
  if (outcome.type !== 'gone' || policy.observe) {
    const waits: Outcome =
      outcome.type === 'gone' ? { type: 'planned', verb: 'release', end: outcome } : outcome;
    return { object, outcome: stillPaused(parts.brake.limit, object, waits) };
  }
  if (outcome.resource === 'handedOver') parts.claims.leave(ownerOf(object.kind, keyOf(object)));
  await parts.objects.removeFinalizer(object, signal);
  return { object, outcome };
}

function gateOf(
  { kind, claims, features }: ReconcilerParts,
  object: KubeObject,
  { observe }: Policy,
): Outcome | undefined {
  return closedGate({ kind, object, claims, features: features(), observe });
}

async function upsert(
  parts: ReconcilerParts,
  object: KubeObject,
  policy: Policy,
  signal: AbortSignal,
  isAskedFor: boolean,
): Promise<Passed> {
  const { kind } = parts;
  let held = policy.observe ? object : await hold(parts, object, signal);
  const lookup: Lookup = { secrets: new Set(), versions: [] };
  let waitsFor: ReadonlySet<string> = new Set();
  const passed = (outcome: Outcome): Passed => ({ object: held, outcome, secrets: lookup.secrets, waitsFor });
  /** With what it names and can do without; it is looked at again when that comes or goes. */
  const settled = (outcome: Outcome): Passed => {
    if (outcome.type !== 'synced') return passed(outcome);
    const named = kind.mentions(wanted);
    const unread = unknownFlags(held);
    if (named.length === 0 && unread.length === 0) return passed(outcome);
    waitsFor = new Set(named.map(idOf));
    return passed({ ...outcome, unread, lacks: absent(parts, named).map((to) => `${to.kind} ${to.name}`) });
  };
  let wanted: Message;
  try {
    wanted = wantedResource(kind, held, parts.policy.operatorId);
    await lookUpSecrets(kind, wanted, held, parts.secrets, lookup, signal);
  } catch (error) {
    return passed(failure('decode', error));
  }
  const name = resourceName(held);
  const generation = held.metadata.generation ?? 0;
  const hash = wantedHash(kind, wanted, generation, lookup.versions);
  const applied = readApplied(held);
  if (!isAskedFor && applied?.hash === hash && isMirrored(parts, name, applied)) {
    return settled(policy.observe ? { type: 'planned', verb: 'nothing', fields: [] } : unchanged(applied));
  }
  const converge = async (unseen: boolean): Promise<Outcome> => {
    let existing: Message | undefined;
    try {
      existing = unseen ? undefined : await lookToWrite(parts, name, signal);
    } catch (error) {
      return failure('look', error);
    }
    if (existing && isOtherSubKind(kind, existing)) return refusals.otherSubKind(kind, name, existing);
    const { operatorId } = parts.policy;
    const hidden = parts.claims.hidden(kind.resource.kind);
    const decided = plan({
      kind,
      wanted,
      hash,
      existing,
      applied: readApplied(held),
      policy,
      operatorId,
      hidden,
    });
    const context: ApplyContext = {
      name,
      existing,
      unseen,
      policy,
      attempt: attemptOf(held),
      object: keyOf(held),
      assureRecords: async () => {
        if (!isRecordKept(held)) held = await record(parts, held, { resourceName: name }, signal);
      },
      record: async (intended) => {
        held = await record(parts, held, { resourceName: name, applied: intended }, signal);
      },
    };
    return apply(parts, decided, context, signal);
  };
  const fresh = !applied && !policy.observe && !kind.oneTime?.is(wanted);
  let outcome = await converge(fresh && isSafelyNew(parts, name));
  // The other write may be that of an older object, which has come to be known meanwhile.
  if (outcome.type === 'failed' && outcome.raced)
    outcome = gateOf(parts, held, policy) ?? (await converge(false));
  if (outcome.type !== 'failed' || outcome.reason !== 'DependencyNotReady') return settled(outcome);
  const named = kind.references(wanted);
  const lacks = absent(parts, named);
  waitsFor = new Set((lacks.length > 0 ? lacks : named).map(idOf));
  return passed(outcome.step === 'write' ? refusals.withMissing(outcome, lacks) : outcome);
}

const attemptOf = ({ metadata }: KubeObject): string =>
  `${metadata.generation ?? 0} ${metadata.annotations?.[annotations.reconcileAt] ?? ''}`;

/** The object with our finalizer, and with its resource's name on record where that is not its own. */
async function hold(parts: ReconcilerParts, object: KubeObject, signal: AbortSignal): Promise<KubeObject> {
  const held = await withFinalizer(parts, object, signal);
  const name = resourceName(held);
  if (name === held.metadata.name || recordedName(held) === name) return held;
  // Before the first write: a name that is lost could not be deleted.
  return record(parts, held, { resourceName: name }, signal);
}

/** The object's CRD, of the Go operator's say, drops what was to be on record. */
class NotKept extends Error {}

/** The object with that on record. @throws NotKept where it is not, though the API server took it. */
async function record(
  { objects }: ReconcilerParts,
  object: KubeObject,
  fields: Recorded,
  signal: AbortSignal,
): Promise<KubeObject> {
  const recorded = await objects.record(object, fields, signal);
  const applied = fields.applied && readApplied(recorded)?.hash !== fields.applied.hash;
  if (applied || recordedName(recorded) !== fields.resourceName) throw new NotKept();
  return recorded;
}

/** Whether the status holds what only a CRD of ours lets in: a new object's does, from its default. */
const isRecordKept = (object: KubeObject): boolean =>
  object.status?.['observedGeneration'] !== undefined || recordedName(object) !== undefined;

/** The object with our finalizer. */
const withFinalizer = async (
  { objects }: ReconcilerParts,
  object: KubeObject,
  signal: AbortSignal,
): Promise<KubeObject> => (holds(object) ? object : objects.addFinalizer(object, signal));

/** Whether Teleport is known, without asking, to hold what we last applied. */
function isMirrored({ kind, mirror }: ReconcilerParts, name: string, applied: Applied): boolean {
  const shadow = mirror.get(kind.resource.kind, name);
  if (!shadow?.ours) return false;
  return (
    (applied.revision !== '' && applied.revision === shadow.revision) || applied.resourceHash === shadow.hash
  );
}

const unchanged = (applied: Applied): Outcome => ({
  type: 'synced',
  wrote: 'nothing',
  owned: 'OriginLabelMatching',
  applied,
  fields: [],
});
