// One pass of the queue over one key: the reconciler's outcome made visible (status, Event, log line,
// metrics) and turned into when to look again. Kinds and Kubernetes meet here; neither is known in detail.
import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Counter, Metrics } from '../core/metrics.js';
import { isKubeError } from '../kube/errors.js';
import type { Condition, KubeObject, ObjectKey } from '../kube/object.js';
import { type Announcement, eventOf, logOutcome } from './announce.js';
import type { Door } from './door.js';
import { annotations } from './names.js';
import type { Failure, Outcome } from './outcome.js';
import type { ReconcilerParts } from './parts.js';
import { reconcile } from './reconciler.js';
import { mergedStatus, statusOf, type Wanted } from './status.js';

/** When the key is to be taken again, beside the object's own changes. */
export type PassNext = 'done' | 'retry' | 'retrySoon';

export interface PassParts extends ReconcilerParts {
  readonly clock: Clock;
  readonly door: Door;
  /** The object as the informer last saw it. */
  get(key: ObjectKey): KubeObject | undefined;
  /**
   * Writes the status if it differs from the object's; `compute` is asked again with the object as it is where
   * ours was behind. @throws KubeError
   */
  writeStatus(
    object: KubeObject,
    compute: (current: KubeObject) => Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<void>;
  readonly setConditions: (
    existing: readonly Condition[],
    wanted: readonly Wanted[],
    generation: number | undefined,
  ) => Condition[];
  /** Makes a Kubernetes Event; without one, what was announced before holds no longer. Never throws, never waits. */
  announce(object: KubeObject, announcement: Announcement | undefined): void;
  /** Secrets that the object's values were looked up in; empty when it is gone. */
  usesSecrets(key: ObjectKey, secrets: ReadonlySet<string>): void;
  /** `kind/name` of resources whose coming would help the object; empty when there are none. */
  waitsFor(key: ObjectKey, resources: ReadonlySet<string>): void;
  /** Whether the object's deletion waits for others to let go of its resource. */
  isBlocked(key: ObjectKey, blocked: boolean): void;
  readonly counters: PassCounters;
}

export interface PassCounters {
  readonly outcomes: Counter;
  readonly drift: Counter;
}

/** The metrics of passes, one set for all kinds. */
export function passCounters(metrics: Metrics): PassCounters {
  return {
    outcomes: metrics.counter('teleport_operator_passes_total', 'Passes by kind and by what they came to.', [
      'kind',
      'outcome',
    ]),
    drift: metrics.counter(
      'teleport_operator_drift_total',
      'Changes made in Teleport that a pass found: corrected, reported, or left to somebody who keeps making them.',
      ['kind', 'action'],
    ),
  };
}

const nothing: ReadonlySet<string> = new Set();
const driftActions = ['corrected', 'reported', 'unresolvable'] as const;

/** Runs passes of one kind and remembers what is needed to be quiet about what repeats. */
export class Passes {
  readonly #parts: PassParts;
  /** Hash of the last failure that was logged, by key: the same one again is no news. */
  readonly #lastFailure = new Map<ObjectKey, string>();
  /** Since when, in monotonic milliseconds, a failure is borne that mostly ends by itself. */
  readonly #borneSince = new Map<ObjectKey, number>();
  /** Objects that changed, or went, under their last pass. */
  readonly #overtaken = new Set<ObjectKey>();
  /** The last value of the annotation reconcile-at for which Teleport was looked at. */
  readonly #lookedFor = new Map<ObjectKey, string>();

  constructor(parts: PassParts) {
    this.#parts = parts;
    // from 0, or Prometheus would see no increase in the first drift of a kind
    for (const action of driftActions) parts.counters.drift.inc({ kind: parts.kind.object.kind, action }, 0);
  }

  /**
   * @throws KubeError, where the object or its status could not be written: the queue tries again. Not for the first time that the
   * object changed meanwhile.
   */
  async run(key: ObjectKey, log: Logger, signal: AbortSignal): Promise<PassNext> {
    const { door } = this.#parts;
    const current = this.#parts.get(key);
    if (!current) {
      this.#forget(key);
      return 'done';
    }
    if (!door.admits(key, current)) return 'done';
    try {
      const next = await this.#pass(key, current, log, signal);
      this.#overtaken.delete(key);
      return next;
    } catch (error) {
      // The retry that follows must not be stopped at the door.
      door.force(key);
      if (!this.#isOvertaken(key, error)) throw error;
      log.debug('The object changed under the pass', { object: key, error });
      return 'retrySoon';
    }
  }

  /** Whether the object only changed, or went, while it was worked on; twice in a row that is worth a word. */
  #isOvertaken(key: ObjectKey, error: unknown): boolean {
    const again = this.#overtaken.delete(key);
    if (again || !isKubeError(error, 'Conflict', 'NotFound')) return false;
    this.#overtaken.add(key);
    return true;
  }

  async #pass(key: ObjectKey, current: KubeObject, log: Logger, signal: AbortSignal): Promise<PassNext> {
    const { door, kind, counters } = this.#parts;
    const asked = current.metadata.annotations?.[annotations.reconcileAt];
    const isAskedFor = asked !== undefined && asked !== this.#lookedFor.get(key);
    const passed = await reconcile(this.#noting(key), current, signal, isAskedFor);
    const { object, outcome, secrets, waitsFor } = passed;
    const isJudged = outcome.type !== 'failed' && outcome.type !== 'ignored';
    if (asked !== undefined && isJudged) this.#lookedFor.set(key, asked);
    if (secrets) this.#parts.usesSecrets(key, secrets);
    this.#parts.waitsFor(key, waitsFor ?? nothing);
    this.#parts.isBlocked(key, outcome.type === 'failed' && outcome.step === 'delete');
    counters.outcomes.inc({ kind: kind.object.kind, outcome: label(outcome) });
    if (this.#bears(key, outcome)) {
      log.debug('Waiting in silence', { object: key, reason: outcome.type === 'failed' && outcome.message });
      door.force(key);
      return 'retrySoon';
    }
    const repeated = this.#isRepeated(key, object, outcome);
    const drift = repeated ? undefined : driftAction(outcome);
    if (drift) counters.drift.inc({ kind: kind.object.kind, action: drift });
    logOutcome(
      log,
      outcome,
      { kind: kind.object.kind, object: key, generation: object.metadata.generation },
      repeated,
    );
    if (!repeated || outcome.type !== 'failed')
      this.#parts.announce(object, repeated ? undefined : eventOf(outcome, kind.resource.kind));
    await this.#writeStatus(object, outcome, signal);
    if (outcome.type === 'gone') {
      this.#forget(key);
      return 'done';
    }
    if (outcome.type === 'failed' && outcome.next === 'backoff') {
      door.force(key);
      return this.#hasWaker(outcome, waitsFor) ? 'retry' : 'retrySoon';
    }
    if (outcome.type === 'planned' && object.metadata.deletionTimestamp !== undefined) {
      // Whether its CRD or its namespace goes nothing else tells, and the plan hangs on it.
      door.force(key);
      return 'retry';
    }
    door.settle(key, current, object);
    return 'done';
  }

  /** Each Secret is noted before it is read: of one that changes while the pass runs nothing else would tell. */
  #noting(key: ObjectKey): ReconcilerParts {
    const { secrets, usesSecrets } = this.#parts;
    const read = new Set<string>();
    return {
      ...this.#parts,
      secrets: {
        get: (namespace, name, signal) => {
          usesSecrets(key, read.add(name));
          return secrets.get(namespace, name, signal);
        },
      },
    };
  }

  /** Whether something tells when it is worth another try, so that tries may become rare. */
  #hasWaker({ reason }: Failure, waitsFor: ReadonlySet<string> = nothing): boolean {
    const { mirror } = this.#parts;
    switch (reason) {
      case 'DependencyNotReady':
        return [...waitsFor].every((id) => mirror.isCurrent(id.slice(0, id.indexOf('/'))));
      case 'InUse':
        return mirror.kinds.every(({ resource, watched }) => !watched || mirror.isCurrent(resource.kind));
      default:
        return true;
    }
  }

  async #writeStatus(object: KubeObject, outcome: Outcome, signal: AbortSignal): Promise<void> {
    const wanted = statusOf(outcome);
    if (!wanted) return;
    const { setConditions } = this.#parts;
    const { generation } = object.metadata;
    const compute = (current: KubeObject): Record<string, unknown> =>
      mergedStatus(current, wanted, object, (existing, conditions) =>
        setConditions(existing, conditions, generation),
      );
    await this.#parts.writeStatus(object, compute, signal);
  }

  /** Whether it is too early to tell of the failure. */
  #bears(key: ObjectKey, outcome: Outcome): boolean {
    if (outcome.type !== 'failed' || outcome.patience === undefined) {
      this.#borneSince.delete(key);
      return false;
    }
    const now = this.#parts.clock.monotonic();
    const since = this.#borneSince.get(key) ?? now;
    this.#borneSince.set(key, since);
    return now - since < outcome.patience;
  }

  #isRepeated(key: ObjectKey, object: KubeObject, outcome: Outcome): boolean {
    if (outcome.type !== 'failed') {
      this.#lastFailure.delete(key);
      return outcome.type === 'consumed' && isConsumedAlready(object);
    }
    const text = `${object.metadata.generation}|${outcome.step}|${outcome.reason}|${outcome.message}`;
    const now = createHash('sha1').update(text).digest('base64');
    if (this.#lastFailure.get(key) === now) return true;
    this.#lastFailure.set(key, now);
    return false;
  }

  #forget(key: ObjectKey): void {
    this.#parts.door.forget(key);
    this.#lastFailure.delete(key);
    this.#borneSince.delete(key);
    this.#lookedFor.delete(key);
    this.#overtaken.delete(key);
    this.#parts.usesSecrets(key, nothing);
    this.#parts.waitsFor(key, nothing);
    this.#parts.isBlocked(key, false);
    this.#parts.fights.forget(key);
  }
}

function isConsumedAlready(object: KubeObject): boolean {
  const conditions = object.status?.['conditions'];
  return Array.isArray(conditions) && (conditions as Condition[]).some(({ reason }) => reason === 'Consumed');
}

function driftAction(outcome: Outcome): (typeof driftActions)[number] | undefined {
  if (outcome.type === 'synced') return outcome.wrote === 'corrected' ? 'corrected' : undefined;
  if (outcome.type !== 'failed') return undefined;
  if (outcome.reason === 'Drifted') return 'reported';
  return outcome.reason === 'DriftUnresolvable' ? 'unresolvable' : undefined;
}

function label(outcome: Outcome): string {
  switch (outcome.type) {
    case 'synced':
      return outcome.wrote === 'nothing' ? 'unchanged' : outcome.wrote;
    case 'failed':
      return outcome.reason;
    default:
      return outcome.type;
  }
}
