// One kind at work: its informer, queue and workers around the reconciler. Runs while this replica leads. What makes
// it look at an object again that did not change is the matter of wakes.ts.
import { setMaxListeners } from 'node:events';
import type { Logger } from '../core/log.js';
import { tellsStored } from '../kinds/calls.js';
import { apiResource } from '../kinds/kind.js';
import { setConditions } from '../kube/conditions.js';
import { type Next, type Pass, runController } from '../kube/controller.js';
import { KubeError } from '../kube/errors.js';
import { addFinalizer, removeFinalizer } from '../kube/finalizer.js';
import { Informer } from '../kube/informer.js';
import { type KubeObject, keyOf, type ObjectKey } from '../kube/object.js';
import { writeStatus } from '../kube/status.js';
import { WorkQueue } from '../kube/workqueue.js';
import { readApplied } from '../reconcile/applied.js';
import { holds } from '../reconcile/claims.js';
import { Door, isNews } from '../reconcile/door.js';
import { Fights } from '../reconcile/fights.js';
import { LatestReads } from '../reconcile/latest.js';
import { finalizer } from '../reconcile/names.js';
import { Passes } from '../reconcile/pass.js';
import { Teardown } from '../reconcile/teardown.js';
import { resourceName } from '../reconcile/wanted.js';
import { whatEnds } from './ending.js';
import type { KindControllerParts } from './kind-controller-parts.js';
import { objectMetrics } from './object-metrics.js';
import { ObjectStore } from './object-store.js';
import { Sight } from './sight.js';
import { Wakes } from './wakes.js';

/**
 * Passes of one kind that run at the same time. They wait for servers most of the time; how many of them Teleport
 * sees at once is found out by feedback (teleport/call-limiter.ts).
 */
const workers = 32;
/** The same of a kind whose writes are answered with nothing: each waits up to a second to see what was stored. */
const patientWorkers = 128;

/** Delays between tries of one object. */
const retryPolicy = { baseMs: 500, factor: 2, maxMs: 300_000, jitter: 0.5 };

/** Longest of these delays where nothing tells when the next try is worth it. */
const soonMs = 15_000;

export class KindController {
  readonly objects: ObjectStore;
  /** To be told what changes in the world. */
  readonly wakes: Wakes;
  readonly #queue: WorkQueue;
  readonly #parts: KindControllerParts;
  readonly #passes: Passes;
  readonly #sight: Sight;
  readonly #log: Logger;
  #toldForgetful = false;
  #isLate = false;

  constructor(parts: KindControllerParts) {
    const { kind, kube, namespaces, clock, metrics, events } = parts;
    const resource = apiResource(kind);
    const name = kind.object.kind.toLowerCase();
    const door = new Door();
    this.#parts = parts;
    this.#log = parts.log.with({ controller: name });
    this.#queue = new WorkQueue({ name, clock, metrics, policy: retryPolicy });
    this.#sight = new Sight({
      kube: parts.discovery,
      resource,
      clock,
      log: this.#log,
      tell: (hidden) => {
        const why = hidden ? (this.objects.hiddenBy ?? 'unlisted') : undefined;
        if (parts.claims.hide(kind, why)) parts.onSight(kind.resource.kind);
      },
    });
    const teardown = parts.deleteOnTeardown
      ? undefined
      : new Teardown({
          clock,
          ask: (namespace, signal) => whatEnds(kube, resource, namespace, signal),
          allGoing: (namespace) => this.#allGoing(namespace),
        });
    const informer = (namespace: string | undefined): Informer =>
      new Informer({
        client: kube,
        resource,
        ...(namespace === undefined ? {} : { namespace }),
        clock,
        log: this.#log,
        metrics,
        onState: () => this.#look(),
        onChange: (key, change) => {
          this.wakes.claim(key, change.new);
          // No pass is made over what is gone, nor over what stood there before another of its name.
          if (change.old && change.old.metadata.uid !== change.new?.metadata.uid) events.withdraw(change.old);
          teardown?.noticed(change);
          if (isNews(change)) this.#queue.add(key);
        },
      });
    this.objects = new ObjectStore(namespaces, informer);
    objectMetrics(metrics, kind.object.kind, () => this.objects.items());
    const wrote = (base: KubeObject, result: KubeObject): KubeObject => {
      const key = keyOf(result);
      this.objects.wrote(key, base, result);
      const known = this.objects.get(key);
      // The watch tells nothing of our own write: who goes before it waits for an heir that is held, and a name that is on
      // record is the object's whatever it asks for now.
      const claims = holds(base) !== holds(result) || resourceName(base) !== resourceName(result);
      if (known && claims) this.wakes.claim(key, known);
      return result;
    };
    this.wakes = new Wakes({
      kind,
      objects: this.objects,
      queue: this.#queue,
      door,
      claims: parts.claims,
      onClaims: parts.onClaims,
      secrets: parts.secrets,
      mirror: parts.mirror,
      clock,
      syncPeriodMs: parts.syncPeriodMs,
    });
    this.#passes = new Passes({
      kind,
      teleport: parts.teleport,
      recent: parts.recent,
      latest: new LatestReads(),
      counters: parts.counters,
      clock,
      door,
      get: (key) => this.objects.get(key),
      objects: {
        addFinalizer: async (object, signal) =>
          wrote(object, await addFinalizer(kube, resource, object, finalizer, { signal })),
        removeFinalizer: async (object, signal) => {
          const left = await removeFinalizer(kube, resource, object, finalizer, { signal });
          // Where others keep it there: a pass over the copy of before would not find the finalizer that it was to remove.
          if (left) wrote(object, left);
        },
        record: async (object, fields, signal) => {
          const result = await writeStatus(kube, resource, object, () => ({ ...fields }), { signal });
          if (result.outcome === 'written') return wrote(result.base, result.object);
          if (result.outcome === 'unchanged') return result.object;
          // Gone or changed meanwhile: the event that says so brings another pass.
          throw new KubeError('Conflict', `it is ${result.outcome}: nothing could be put on record`);
        },
      },
      features: parts.features,
      secrets: parts.secrets,
      writeStatus: async (object, compute, signal) => {
        let wanted: Readonly<Record<string, unknown>> = {};
        const noted = (current: KubeObject) => (wanted = compute(current));
        const result = await writeStatus(kube, resource, object, noted, { signal });
        if (result.outcome !== 'written') return;
        wrote(result.base, result.object);
        if (wanted['applied'] !== undefined && readApplied(result.object) === undefined)
          this.#tellForgetful();
      },
      setConditions: (existing, wanted, generation) =>
        setConditions(existing, wanted, { generation, now: clock.now() }),
      mirror: parts.mirror,
      absences: parts.absences,
      claims: parts.claims,
      fights: new Fights(clock),
      brake: parts.brake,
      teardown,
      policy: parts.policy,
      waitsFor: (key, resources) => this.wakes.waitsFor(key, resources),
      isBlocked: (key, blocked) => this.wakes.isBlocked(key, blocked),
      usesSecrets: (key, secrets) => this.wakes.usesSecrets(key, secrets),
      announce: (object, announcement) =>
        announcement ? events.record(object, announcement) : events.withdraw(object),
    });
  }

  /** The object kind. */
  get name(): string {
    return this.#parts.kind.object.kind;
  }

  /** The others begin, though the objects of this kind could not be listed yet. */
  goOnWithout(): void {
    this.#isLate = true;
    this.#look();
  }

  /** Tells whether there may be objects that nobody sees. */
  #look(): void {
    const late = this.#isLate && this.objects.state === 'starting';
    this.#sight.unreadable(late || this.objects.hiddenBy !== undefined);
  }

  /** Versions in which the kind is served, where not in ours. */
  get servedAs(): readonly string[] {
    return this.#sight.servedAs;
  }

  #tellForgetful(): void {
    if (this.#toldForgetful) return;
    this.#toldForgetful = true;
    this.#log.warn(
      "The CRD is not this operator's and drops what is remembered in status: drift can't be told from a changed spec, so it is corrected " +
        'whatever is asked; install ours: teleport-operator crds | kubectl apply --server-side -f -',
    );
  }

  /** Whether there are objects for the Teleport kind. */
  uses(kind: string): boolean {
    return this.#parts.kind.resource.kind === kind && !this.objects.keys().next().done;
  }

  #allGoing(namespace: string): boolean {
    for (const { metadata } of this.objects.items())
      if (metadata.namespace === namespace && metadata.deletionTimestamp === undefined) return false;
    return true;
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
    const endWakes = this.wakes.run(ending);
    try {
      await Promise.all([
        this.objects.run(ending),
        known.then(() =>
          runController({
            name: kind.object.kind.toLowerCase(),
            queue: this.#queue,
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
      endWakes();
      this.#sight.end();
      this.#queue.shutDown();
    }
  }

  async #pass(key: ObjectKey, { passId, signal }: Pass): Promise<Next> {
    const next = await this.#passes.run(key, this.#log.with({ pass: passId }), signal);
    this.wakes.passed(key);
    if (next === 'done') return { done: true };
    return next === 'retry' ? { retry: true } : { retry: true, maxMs: soonMs };
  }
}
