// A plan carried out: the write, if there is one, and what it came to.
import type { Message } from '@bufbuild/protobuf';
import type { Call } from '../kinds/calls.js';
import { cloneMessage } from '../kinds/clone.js';
import { isTeleportError } from '../teleport/errors.js';
import { type Applied, isOneTime, storedHash, unreadable } from './applied.js';
import { arm } from './arm.js';
import { missing } from './dependencies.js';
import { failure } from './failures.js';
import type { Failure, Outcome, Owned } from './outcome.js';
import { ownership } from './ownership.js';
import type { ReconcilerParts } from './parts.js';
import { everything, type Plan, writtenOver } from './plan.js';
import type { Policy } from './policy.js';
import * as refusals from './refusals.js';
import { asStored, storedAfter } from './stored.js';

export interface ApplyContext {
  /** The resource's name. */
  readonly name: string;
  readonly existing: Message | undefined;
  /** Whether nobody looked (look.ts, isSafelyNew): the resource may only be made where there is none. */
  readonly unseen: boolean;
  readonly policy: Policy;
  /** Changes whenever the user asked anew. */
  readonly attempt: string;
  /** Key of the object. */
  readonly object: string;
  /** Makes sure, before Teleport is written to, that what is put on record will stay. @throws where it does not */
  readonly assureRecords: () => Promise<void>;
  /** Puts on record, in the object's status, what is about to be applied. @throws KubeError */
  readonly record: (intended: Applied) => Promise<void>;
}

type Write = Extract<Plan, { do: 'create' | 'update' }>;

/** Does what was decided. Every error of Teleport becomes an outcome. */
export async function apply(
  parts: ReconcilerParts,
  decided: Plan,
  context: ApplyContext,
  signal: AbortSignal,
): Promise<Outcome> {
  const { kind } = parts;
  const { name, existing, policy } = context;
  switch (decided.do) {
    case 'refuse':
      return refusals.notOwned(kind, name, existing, decided.why);
    case 'yield':
      return refusals.hiddenRival(kind, name, parts.claims.hidden(kind.resource.kind));
    case 'show':
      if (decided.what === 'drift' && !existing) return refusals.missing(kind, name, 'report');
      return refusals.shown(kind, decided.what, decided.fields);
    case 'stuck':
      return refusals.immutable(kind, decided.path);
    case 'hidden':
      return refusals.hidden(kind, name, decided.applied);
    case 'consumed':
      return { type: 'consumed', applied: decided.applied };
    case 'leave':
      if (policy.observe) return { type: 'planned', verb: 'nothing', fields: decided.fields };
      if (!existing) return refusals.missing(kind, name, 'ignore');
      return {
        type: 'synced',
        wrote: 'nothing',
        owned: 'OriginLabelMatching',
        applied: decided.applied,
        fields: [],
        ignored: decided.fields,
      };
    case 'nothing':
      if (policy.observe) return { type: 'planned', verb: 'nothing', fields: [] };
      return {
        type: 'synced',
        wrote: 'nothing',
        owned: existing ? 'OriginLabelMatching' : 'NewResource',
        applied: decided.applied,
        fields: [],
      };
    case 'create':
    case 'update':
      if (policy.observe) return { type: 'planned', verb: decided.do, fields: fieldsOf(decided) };
      return write(parts, decided, context, signal);
  }
}

async function write(
  parts: ReconcilerParts,
  decided: Write,
  context: ApplyContext,
  signal: AbortSignal,
): Promise<Outcome> {
  const { name, attempt, object, existing, unseen } = context;
  const { kind, recent, fights } = parts;
  const { hash, why } = decided;
  const fields = fieldsOf(decided);
  const owned: Owned = existing ? 'OriginLabelMatching' : 'NewResource';
  const lacks = await missing(parts, kind.references(decided.resource), signal);
  if (lacks.length > 0) return refusals.held(kind, lacks, existing);
  const fought = foughtOver(decided);
  if (fought && fights.isFought(object, attempt, fought)) {
    return why === 'drift' ? refusals.fought(kind, fields) : refusals.takenBack(kind, name);
  }
  const step = await prepared(parts, decided, context, signal);
  if ('failed' in step) return step.failed;
  const { verb, resource, over } = step;
  const call = (unseen ? kind.calls.create.ifAbsent : undefined) ?? kind.calls[verb];
  let seen: Message | 'absent';
  try {
    seen = await sent(parts, name, call, resource, over, signal);
  } catch (error) {
    recent.failed(kind.resource.kind, name, error);
    const failed = failure('write', error, owned);
    // A server without that RPC can be written to by others, which need a look before them.
    return unseen && isTeleportError(error, 'NotImplemented') ? { ...failed, raced: true } : failed;
  }
  if (fought) fights.corrected(object, attempt, fought);
  if (seen === 'absent' && kind.mayBeHidden) {
    return refusals.hidden(kind, name, { hash, revision: '', resourceHash: unreadable });
  }
  const stored = seen === 'absent' ? asStored(kind, resource) : seen;
  recent.put(kind, name, stored, over ? kind.form.revision(over) : '');
  const { version } = kind.form.names(stored);
  const revision = kind.form.revision(stored);
  const applied: Applied = { hash, revision, resourceHash: storedHash(kind, stored) };
  parts.mirror.wrote(kind.resource.kind, name, revision, applied.resourceHash);
  if (version !== kind.resource.version) return refusals.otherVersion(kind, version, owned, applied);
  return { type: 'synced', wrote: wrote(decided), owned, applied, fields };
}

/**
 * Makes the call. What is stored after a silent one may be another's write, or what Teleport made of ours: a second
 * one tells, and is believed.
 * @returns what Teleport stored
 * @throws TeleportError
 */
async function sent(
  parts: ReconcilerParts,
  name: string,
  call: Pick<Call<Message, Message | undefined>, 'run'>,
  resource: Message,
  over: Message | undefined,
  signal: AbortSignal,
): Promise<Message | 'absent'> {
  const { kind, teleport, recent } = parts;
  const reply = await call.run(teleport, resource, { signal });
  if (reply) return reply;
  const first = await storedAfter(parts, name, resource, over, signal);
  if (first.stored === 'absent' || first.certain) return first.stored;
  const { labels } = kind.form.head(first.stored);
  const isTaken = ownership(labels, parts.policy.operatorId) !== 'ours';
  // One that Teleport deletes at its first use may be used by now.
  if (isTaken || isOneTime(kind, resource)) return first.stored;
  if (over) recent.put(kind, name, first.stored, kind.form.revision(over));
  const again = writtenOver(kind, resource, first.stored);
  kind.form.setRevision(again, kind.form.revision(first.stored));
  const answer = await kind.calls.update.run(teleport, again, { signal });
  return answer ?? (await storedAfter(parts, name, again, first.stored, signal)).stored;
}

interface WriteStep {
  readonly verb: 'create' | 'update';
  readonly resource: Message;
  /** What is written over. */
  readonly over: Message | undefined;
}

/** The call to make: over a stand-in where the resource is a one-time one. */
async function prepared(
  parts: ReconcilerParts,
  { do: verb, resource, hash, arming }: Write,
  context: ApplyContext,
  signal: AbortSignal,
): Promise<WriteStep | { readonly failed: Failure }> {
  if (!arming) return { verb, resource, over: context.existing };
  const { kind } = parts;
  const armed = await arm(parts, arming, hash, context, signal);
  if ('failed' in armed) return armed;
  const final = cloneMessage(resource);
  kind.form.setRevision(final, kind.form.revision(armed.standIn));
  return { verb: 'update', resource: final, over: armed.standIn };
}

function wrote({ do: verb, why }: Write): 'created' | 'updated' | 'corrected' | 'adopted' {
  if (why === 'drift') return 'corrected';
  if (why === 'adoption') return 'adopted';
  return verb === 'create' ? 'created' : 'updated';
}

/** Two operators that were both told to adopt a resource would take it from each other for ever. */
function foughtOver(decided: Write): readonly string[] | undefined {
  if (decided.why === 'spec') return undefined;
  return decided.why === 'drift' ? fieldsOf(decided) : ['(adoption)'];
}

/** A new resource has no fields that change; one that was deleted in Teleport has lost them all. */
function fieldsOf(decided: Write): readonly string[] {
  if (decided.do === 'update') return decided.fields;
  return decided.why === 'drift' ? everything : [];
}
