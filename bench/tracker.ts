// Watches the load's objects and notes when each of them became what it is waited for: Ready at its present
// generation, or gone. Times are of this process's own clock, from the write's request on.
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../src/core/clock.js';
import { createKubeClient, type KubeClient, type WatchEvent } from '../src/kube/client.js';
import { loadKubeConfig } from '../src/kube/config.js';
import type { ApiResource, Condition, KubeObject } from '../src/kube/object.js';
import type { Recipe } from './load.js';

/** What is waited for; `at` is when its write was sent. */
interface Wait {
  readonly at: number;
  readonly met: (event: WatchEvent) => boolean;
}

/** Of operators without `Ready` the older condition is read. */
function readiness({ status }: KubeObject): Condition | undefined {
  const conditions = (status?.['conditions'] ?? []) as Condition[];
  return (
    conditions.find(({ type }) => type === 'Ready') ??
    conditions.find(({ type }) => type === 'SuccessfullyReconciled')
  );
}

/** Whether the object is Ready as it now is. */
export function isReady(object: KubeObject): boolean {
  const { metadata } = object;
  const condition = readiness(object);
  if (condition?.status !== 'True') return false;
  return condition.observedGeneration === undefined || condition.observedGeneration === metadata.generation;
}

export class Tracker {
  readonly #client: KubeClient;
  readonly #stop = new AbortController();
  readonly #waits = new Map<string, Wait>();
  #times: number[] = [];
  #lastEvent = 0;
  /**
   * Whether the operator's status says which generation of the spec it is about; otherwise an old one can't be told
   * from a new one, and the end of an update not be seen.
   */
  statesGeneration = false;
  #done: (() => void) | undefined;

  constructor(kubeconfigPath: string) {
    const access = loadKubeConfig({ env: {}, clock: systemClock, kubeconfig: kubeconfigPath });
    this.#client = createKubeClient(access, { clock: systemClock, userAgent: 'tracker' });
  }

  /** Watches the kinds from now on. */
  async watch(recipes: readonly Recipe[], namespace: string): Promise<void> {
    for (const { apiVersion, plural } of recipes) {
      const [group = '', version = ''] = apiVersion.split('/');
      const resource = { group, version, plural };
      const list = await this.#client.list(resource, { namespace, limit: 1 });
      void this.#follow(resource, namespace, list.metadata.resourceVersion ?? '');
    }
  }

  /** Waits that are open. */
  get open(): number {
    return this.#waits.size;
  }

  /** To be called right before the request is sent. */
  expect(plural: string, name: string, met: (event: WatchEvent) => boolean): void {
    this.#waits.set(`${plural}/${name}`, { at: performance.now(), met });
  }

  expectReady(plural: string, name: string): void {
    this.expect(plural, name, ({ type, object }) => type !== 'DELETED' && isReady(object));
  }

  expectGone(plural: string, name: string): void {
    this.expect(plural, name, ({ type }) => type === 'DELETED');
  }

  /** Resolves when every wait is over. @throws when nothing was met for so long */
  async settled(idleMs: number, tell: (open: number) => void): Promise<void> {
    this.#lastEvent = performance.now();
    while (this.#waits.size > 0) {
      await Promise.race([pause(500), new Promise<void>((resolve) => (this.#done = resolve))]);
      tell(this.#waits.size);
      if (this.#waits.size > 0 && performance.now() - this.#lastEvent > idleMs) {
        throw new Error(
          `${this.#waits.size} objects are not there yet, and none came for ${idleMs / 1000} s`,
        );
      }
    }
  }

  /** Milliseconds of the waits that ended since the last call. */
  take(): number[] {
    const times = this.#times;
    this.#times = [];
    return times;
  }

  /** Gives up what is still waited for. */
  forget(): void {
    this.#waits.clear();
  }

  close(): void {
    this.#stop.abort();
    this.#client.close();
  }

  async #follow(resource: ApiResource, namespace: string, from: string): Promise<void> {
    let resourceVersion = from;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        const options = { namespace, resourceVersion, allowBookmarks: true, timeoutSeconds: 3_000, signal };
        for await (const event of this.#client.watch(resource, options)) {
          resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion;
          if (event.type !== 'BOOKMARK') this.#see(resource.plural, event);
        }
      } catch (error) {
        if (signal.aborted) return;
        process.stderr.write(`\nthe bench's own watch of ${resource.plural} broke: ${String(error)}\n`);
        await pause(500);
      }
    }
  }

  #see(plural: string, event: WatchEvent): void {
    const key = `${plural}/${event.object.metadata.name}`;
    const wait = this.#waits.get(key);
    if (!wait?.met(event)) return;
    this.statesGeneration ||= readiness(event.object)?.observedGeneration !== undefined;
    const now = performance.now();
    this.#waits.delete(key);
    this.#times.push(now - wait.at);
    this.#lastEvent = now;
    if (this.#waits.size === 0) this.#done?.();
  }
}
