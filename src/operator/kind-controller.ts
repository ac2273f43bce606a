// One kind at work: its informer, queue and workers around the reconciler. Runs while this replica leads.
import { setMaxListeners } from 'node:events';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Metrics } from '../core/metrics.js';
import type { Features } from '../gen/teleport/client/authservice_pb.js';
import { type AnyKind, apiResource } from '../kinds/kind.js';
import type { KubeClient } from '../kube/client.js';
import { setConditions } from '../kube/conditions.js';
import { type Next, type Pass, runController } from '../kube/controller.js';
import type { EventRecorder } from '../kube/events.js';
import { addFinalizer, removeFinalizer } from '../kube/finalizer.js';
import { Informer } from '../kube/informer.js';
import type { KubeObject, ObjectKey } from '../kube/object.js';
import { writeStatus } from '../kube/status.js';
import { WorkQueue } from '../kube/workqueue.js';
import { Door, isNews } from '../reconcile/door.js';
import { finalizer } from '../reconcile/names.js';
import { type PassCounters, Passes } from '../reconcile/pass.js';
import type { RecentWrites } from '../reconcile/recent.js';
import type { TeleportClient } from '../teleport/client.js';
import { SecretUsers } from './secret-users.js';
import type { Secrets } from './secrets.js';

/** Passes of one kind that run at the same time. They wait for Teleport most of the time. */
const workers = 8;

/** Delays between tries of one object. */
const retryPolicy = { baseMs: 500, factor: 2, maxMs: 300_000, jitter: 0.5 };

export interface KindControllerParts {
  readonly kind: AnyKind;
  readonly namespace: string;
  readonly kube: KubeClient;
  readonly teleport: TeleportClient;
  readonly events: EventRecorder;
  readonly recent: RecentWrites;
  readonly secrets: Secrets;
  readonly features: () => Features | undefined;
  readonly counters: PassCounters;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly syncPeriodMs: number;
}

export class KindController {
  readonly informer: Informer;
  readonly queue: WorkQueue;
  readonly #parts: KindControllerParts;
  readonly #door = new Door();
  readonly #secretUsers = new SecretUsers();
  readonly #passes: Passes;
  readonly #log: Logger;

  constructor(parts: KindControllerParts) {
    const { kind, kube, namespace, clock, metrics, events } = parts;
    const resource = apiResource(kind);
    const name = kind.object.kind.toLowerCase();
    this.#parts = parts;
    this.#log = parts.log.with({ controller: name });
    this.queue = new WorkQueue({ name, clock, metrics, policy: retryPolicy });
    this.informer = new Informer({
      client: kube,
      resource,
      namespace,
      clock,
      log: this.#log,
      metrics,
      onChange: (key, change) => {
        if (isNews(change)) this.queue.add(key);
      },
    });
    const wrote = (base: KubeObject, result: KubeObject): KubeObject => {
      this.informer.wrote(base, result);
      return result;
    };
    parts.secrets.subscribe((name) => {
      for (const key of this.#secretUsers.of(name)) this.#wake(key);
    });
    this.#passes = new Passes({
      kind,
      teleport: parts.teleport,
      recent: parts.recent,
      counters: parts.counters,
      clock,
      door: this.#door,
      get: (key) => this.informer.get(key),
      objects: {
        addFinalizer: async (object, signal) =>
          wrote(object, await addFinalizer(kube, resource, object, finalizer, { signal })),
        removeFinalizer: async (object, signal) => {
          await removeFinalizer(kube, resource, object, finalizer, { signal });
        },
        recordName: async (object, name, signal) => {
          const result = await writeStatus(kube, resource, object, () => ({ resourceName: name }), {
            signal,
          });
          if (result.outcome === 'written') return wrote(result.base, result.object);
          // Gone or changed meanwhile: the event that says so brings another pass.
          throw new Error(`the object is ${result.outcome}; its name could not be recorded`);
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
      usesSecrets: (key, secrets) => this.#secretUsers.set(key, secrets),
      announce: (object, announcement) => events.record(object, announcement),
    });
  }

  #wake(key: ObjectKey): void {
    this.#door.force(key);
    this.queue.add(key);
  }

  /**
   * Works until one of the signals is aborted.
   * @param stop no further pass begins; those that run may end
   * @param lead no further write may be made
   */
  async run(stop: AbortSignal, lead: AbortSignal): Promise<void> {
    const { kind, clock, metrics } = this.#parts;
    const ending = AbortSignal.any([stop, lead]);
    // Each worker and each call listens; Node would take that for a leak.
    setMaxListeners(0, ending, lead);
    const stopResync = this.#resync(ending);
    try {
      await Promise.all([
        this.informer.run(ending),
        runController({
          name: kind.object.kind.toLowerCase(),
          queue: this.queue,
          workers,
          log: this.#log,
          metrics,
          clock,
          signal: ending,
          passSignal: lead,
          handle: (key, pass) => this.#pass(key, pass),
        }),
      ]);
    } finally {
      stopResync();
      this.queue.shutDown();
    }
  }

  async #pass(key: ObjectKey, { passId, signal }: Pass): Promise<Next> {
    const next = await this.#passes.run(key, this.#log.with({ pass: passId }), signal);
    return next === 'retry' ? { retry: true } : { done: true };
  }

  /** Looks at every object again once a period, spread over a tenth of it. */
  #resync(signal: AbortSignal): () => void {
    const { clock, syncPeriodMs } = this.#parts;
    const arm = (): { cancel(): void } =>
      clock.after(syncPeriodMs, () => {
        if (signal.aborted) return;
        for (const key of this.informer.keys()) {
          this.#door.force(key);
          this.queue.addAfter(key, (Math.random() * syncPeriodMs) / 10);
        }
        timer = arm();
      });
    let timer = arm();
    return () => timer.cancel();
  }
}
