// One kind at work: its informer, queue and workers around the reconciler. Runs while this replica leads.
import { setMaxListeners } from 'node:events';
import { sleep } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Metrics } from '../core/metrics.js';
import type { Turn } from '../core/turn.js';
import type { Features } from '../gen/teleport/client/authservice_pb.js';
import { tellsStored } from '../kinds/calls.js';
import { type AnyKind, apiResource } from '../kinds/kind.js';
import type { KubeClient } from '../kube/client.js';
import { setConditions } from '../kube/conditions.js';
import { type Next, type Pass, runController } from '../kube/controller.js';
import type { EventRecorder } from '../kube/events.js';
import { addFinalizer, removeFinalizer } from '../kube/finalizer.js';
import { Informer } from '../kube/informer.js';
import { type KubeObject, keyOf, type ObjectKey, splitKey } from '../kube/object.js';
import { writeStatus } from '../kube/status.js';
import { WorkQueue } from '../kube/workqueue.js';
import type { DeletionBrake } from '../reconcile/brake.js';
import { type Claims, claimOf, ownerOf } from '../reconcile/claims.js';
import type { Absences } from '../reconcile/dependencies.js';
import { Door, isNews } from '../reconcile/door.js';
import { Fights } from '../reconcile/fights.js';
import { LatestReads } from '../reconcile/latest.js';
import type { Mirror, Shadow, Shift } from '../reconcile/mirror.js';
import { finalizer } from '../reconcile/names.js';
import { type PassCounters, Passes } from '../reconcile/pass.js';
import type { PolicyDefaults } from '../reconcile/policy.js';
import type { RecentWrites } from '../reconcile/recent.js';
import { isNewTo } from '../reconcile/shift-news.js';
import { readyReason } from '../reconcile/status.js';
import { Teardown } from '../reconcile/teardown.js';
import { resourceName } from '../reconcile/wanted.js';
import type { TeleportClient } from '../teleport/client.js';
import { whatEnds } from './ending.js';
import { KeyIndex } from './key-index.js';
import type { Namespaces } from './namespaces.js';
import { objectMetrics } from './object-metrics.js';
import { ObjectStore } from './object-store.js';
import type { SecretsByNamespace } from './secrets-by-namespace.js';
import { Sight } from './sight.js';

/**
 * Passes of one kind that run at the same time. They wait for servers most of the time; how many of them Teleport
 * sees at once is found out by feedback (teleport/call-limiter.ts).
 */
const workers = 32;
/** The same of a kind whose writes are answered with nothing: each waits up to a second to see what was stored. */
const patientWorkers = 128;

/** Between looks at the resources of a kind that Teleport does not list, in milliseconds. */
const pollMs = 120_000;

/** Delays between tries of one object. */
const retryPolicy = { baseMs: 500, factor: 2, maxMs: 300_000, jitter: 0.5 };

/** Longest of these delays where nothing tells when the next try is worth it. */
const soonMs = 15_000;

export interface KindControllerParts {
  readonly kind: AnyKind;
  readonly namespaces: Namespaces;
  readonly kube: KubeClient;
  readonly teleport: TeleportClient;
  readonly events: EventRecorder;
  readonly recent: RecentWrites;
  readonly secrets: SecretsByNamespace;
  readonly mirror: Mirror;
  readonly absences: Absences;
  readonly claims: Claims;
  readonly policy: PolicyDefaults;
  readonly brake: DeletionBrake;
  readonly deleteOnTeardown: boolean;
  /** Told which resource's claims changed. */
  readonly onClaims: (resource: string) => void;
  /** Told that objects of a kind which claim resources of the Teleport kind can be read now, or can't. */
  readonly onSight: (resourceKind: string) => void;
  readonly features: () => Features | undefined;
  readonly counters: PassCounters;
  readonly clock: Clock;
  readonly turn: Turn;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly syncPeriodMs: number;
}

export class KindController {
  readonly objects: ObjectStore;
  readonly queue: WorkQueue;
  readonly #parts: KindControllerParts;
  readonly #door = new Door();
  readonly #secretUsers = new KeyIndex();
  /** By the resources that they name and that may be missing. */
  readonly #waiting = new KeyIndex();
  /** By the resource they claim. */
  readonly #named = new KeyIndex();
  /** Keys whose resource changed in Teleport while their pass ran, with the last such change. */
  readonly #shifted = new Map<ObjectKey, Shift>();
  /** Deletions that Teleport refuses while the resource is in use. */
  readonly #blocked = new Set<ObjectKey>();
  readonly #passes: Passes;
  readonly #sight: Sight;
  readonly #log: Logger;

  constructor(parts: KindControllerParts) {
    const { kind, kube, namespaces, clock, metrics, events } = parts;
    const resource = apiResource(kind);
    const name = kind.object.kind.toLowerCase();
    this.#parts = parts;
    this.#log = parts.log.with({ controller: name });
    this.queue = new WorkQueue({ name, clock, metrics, policy: retryPolicy });
    this.#sight = new Sight({
      kube,
      resource,
      clock,
      tell: (hidden) => {
        if (parts.claims.hide(kind, hidden)) parts.onSight(kind.resource.kind);
      },
    });
    const informer = (namespace: string | undefined): Informer =>
      new Informer({
        client: kube,
        resource,
        ...(namespace === undefined ? {} : { namespace }),
        clock,
        log: this.#log,
        metrics,
        onState: () => this.#sight.forbidden(this.objects.forbidden),
        onChange: (key, change) => {
          this.#claim(key, change.new);
          if (isNews(change)) this.queue.add(key);
        },
      });
    this.objects = new ObjectStore(namespaces, informer);
    objectMetrics(metrics, kind.object.kind, () => this.objects.items());
    const wrote = (base: KubeObject, result: KubeObject): KubeObject => {
      this.objects.wrote(keyOf(result), base, result);
      return result;
    };
    parts.secrets.subscribe((namespace, name) => {
      const users =
        name === undefined ? this.#secretUsers.all() : this.#secretUsers.of(`${namespace}/${name}`);
      for (const key of users) if (splitKey(key).namespace === namespace) this.#wake(key);
    });
    parts.mirror.subscribe((shift) => this.#onShift(shift));
    this.#passes = new Passes({
      kind,
      teleport: parts.teleport,
      recent: parts.recent,
      latest: new LatestReads(),
      counters: parts.counters,
      clock,
      door: this.#door,
      get: (key) => this.objects.get(key),
      objects: {
        addFinalizer: async (object, signal) =>
          wrote(object, await addFinalizer(kube, resource, object, finalizer, { signal })),
        removeFinalizer: async (object, signal) => {
          await removeFinalizer(kube, resource, object, finalizer, { signal });
        },
        record: async (object, fields, signal) => {
          const result = await writeStatus(kube, resource, object, () => ({ ...fields }), { signal });
          if (result.outcome === 'written') return wrote(result.base, result.object);
          if (result.outcome === 'unchanged') return result.object;
          // Gone or changed meanwhile: the event that says so brings another pass.
          throw new Error(`the object is ${result.outcome}; what is to be done could not be recorded`);
        },
      },
      features: parts.features,
      secrets: parts.secrets,
      writeStatus: async (object, compute, signal) => {
        const result = await writeStatus(kube, resource, object, compute, { signal });
        if (result.outcome === 'written') wrote(result.base, result.object);
      },
      setConditions: (existing, wanted, generation) =>
        setConditions(existing, wanted, { generation, now: clock.now() }),
      mirror: parts.mirror,
      absences: parts.absences,
      claims: parts.claims,
      fights: new Fights(clock),
      brake: parts.brake,
      teardown: parts.deleteOnTeardown
        ? undefined
        : new Teardown({
            clock,
            ask: (namespace, signal) => whatEnds(kube, resource, namespace, signal),
            allGoing: (namespace) => this.#allGoing(namespace),
          }),
      policy: parts.policy,
      waitsFor: (key, resources) => this.#waiting.set(key, resources),
      isBlocked: (key, blocked) => void (blocked ? this.#blocked.add(key) : this.#blocked.delete(key)),
      usesSecrets: (key, secrets) => {
        const { namespace } = splitKey(key);
        this.#secretUsers.set(key, new Set([...secrets].map((name) => `${namespace}/${name}`)));
      },
      announce: (object, announcement) => events.record(object, announcement),
    });
  }

  /** Looks at all objects again, if the kind needs a licence: what that allows has changed. */
  licenceChanged(): void {
    if (this.#parts.kind.needs.length === 0) return;
    for (const key of this.objects.keys()) this.#wake(key);
  }

  /** Whether there are objects for the Teleport kind. */
  uses(kind: string): boolean {
    return this.#parts.kind.resource.kind === kind && !this.objects.keys().next().done;
  }

  /** Looks at the objects again that lost their resource, or may have: a rival of theirs may have come in sight. */
  wakeRivals(resourceKind: string): void {
    if (this.#parts.kind.resource.kind !== resourceKind) return;
    for (const object of this.objects.items()) {
      const key = keyOf(object);
      // A pass that runs may be about to say so.
      if (readyReason(object) === 'NameConflict' || this.queue.isActive(key)) this.#wake(key);
    }
  }

  /** Looks at the objects again that claim the resource: another object's claim to it came or went. */
  wakeClaimants(resource: string): void {
    for (const key of this.#named.of(resource)) this.#wake(key);
  }

  #claim(key: ObjectKey, object: KubeObject | undefined): void {
    const { kind, claims } = this.#parts;
    const resource = object && `${kind.resource.kind}/${resourceName(object)}`;
    this.#named.set(key, new Set(resource === undefined ? [] : [resource]));
    if (!object || resource === undefined) {
      for (const left of claims.remove(ownerOf(kind.object.kind, key))) this.#parts.onClaims(left);
      return;
    }
    for (const changed of claims.set(resource, claimOf(object))) {
      // The only claim is this object's, and its pass comes anyway.
      if (changed !== resource || claims.of(resource).length > 1) this.#parts.onClaims(changed);
    }
  }

  /** Something changed in Teleport: our own resource, what an object lacks, or what held a deletion up. */
  #onShift(shift: Shift): void {
    const { kind, name, before, after } = shift;
    const own = this.#parts.kind.resource.kind;
    if (kind === own) {
      // Mostly the echo of the write that its pass is making; the pass knows better when it is over.
      for (const key of this.#named.of(`${kind}/${name}`))
        if (this.queue.isActive(key)) this.#shifted.set(key, shift);
        else if (this.#isNewTo(key, before, after)) this.#wake(key);
    }
    if (!after !== !before) for (const key of this.#waiting.of(`${kind}/${name}`)) this.#wake(key);
    if (!before || before.refersTo.length === 0 || this.#blocked.size === 0) return;
    const released = before.refersTo.filter((resource) => !after?.refersTo.includes(resource));
    for (const resource of released) {
      for (const key of this.#named.of(resource)) if (this.#blocked.has(key)) this.#wake(key);
    }
  }

  /** The pass is over: whether Teleport now has what it left. */
  #settleShift(key: ObjectKey): void {
    const shift = this.#shifted.get(key);
    this.#shifted.delete(key);
    // Also where the mirror is no longer current: the list that comes tells only of what differs from this.
    if (shift && this.#isNewTo(key, shift.before, shift.after)) this.#wake(key);
  }

  #allGoing(namespace: string): boolean {
    for (const { metadata } of this.objects.items())
      if (metadata.namespace === namespace && metadata.deletionTimestamp === undefined) return false;
    return true;
  }

  #isNewTo(key: ObjectKey, before: Shadow | undefined, after: Shadow | undefined): boolean {
    const object = this.objects.get(key);
    return object !== undefined && isNewTo(object, before, after);
  }

  /** What it waited for came: delays that grew meanwhile count no more. */
  #wake(key: ObjectKey): void {
    this.#door.force(key);
    this.queue.forget(key);
    this.queue.add(key);
  }

  /**
   * Works until one of the signals is aborted.
   * @param stop no further pass begins; those that run may end
   * @param lead no further write may be made
   * @param known no pass begins before it resolves: until then too little is known of the world
   */
  async run(stop: AbortSignal, lead: AbortSignal, known: Promise<void>): Promise<void> {
    const { kind, clock, turn, metrics } = this.#parts;
    const ending = AbortSignal.any([stop, lead]);
    // Each worker and each call listens; Node would take that for a leak.
    setMaxListeners(0, ending, lead);
    const stopResync = this.#resync(ending);
    void this.#poll(ending);
    try {
      await Promise.all([
        this.objects.run(ending),
        known.then(() =>
          runController({
            name: kind.object.kind.toLowerCase(),
            queue: this.queue,
            workers: tellsStored(kind.calls.create.method, kind.schema) ? workers : patientWorkers,
            log: this.#log,
            metrics,
            clock,
            turn,
            signal: ending,
            passSignal: lead,
            handle: (key, pass) => this.#pass(key, pass),
          }),
        ),
      ]);
    } finally {
      stopResync();
      this.#sight.end();
      this.queue.shutDown();
    }
  }

  async #pass(key: ObjectKey, { passId, signal }: Pass): Promise<Next> {
    const next = await this.#passes.run(key, this.#log.with({ pass: passId }), signal);
    this.#settleShift(key);
    if (next === 'done') return { done: true };
    return next === 'retry' ? { retry: true } : { retry: true, maxMs: soonMs };
  }

  /** Looks at every object now and then whose kind Teleport does not list: so changes made there are found. */
  async #poll(signal: AbortSignal): Promise<void> {
    const { clock, kind, mirror } = this.#parts;
    while (!signal.aborted) {
      await sleep(clock, pollMs, signal).catch(() => {});
      if (signal.aborted || !mirror.isOff(kind.resource.kind)) continue;
      for (const key of this.objects.keys()) {
        this.#door.force(key);
        this.queue.addAfter(key, (Math.random() * pollMs) / 2);
      }
    }
  }

  /** Looks at every object again once a period, spread over a tenth of it. */
  #resync(signal: AbortSignal): () => void {
    const { clock, syncPeriodMs } = this.#parts;
    const arm = (): { cancel(): void } =>
      clock.after(syncPeriodMs, () => {
        if (signal.aborted) return;
        for (const key of this.objects.keys()) {
          this.#door.force(key);
          this.queue.addAfter(key, (Math.random() * syncPeriodMs) / 10);
        }
        timer = arm();
      });
    let timer = arm();
    return () => timer.cancel();
  }
}
