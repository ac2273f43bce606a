// Whether there may be objects of a kind that can't be read: Kubernetes forbids it, and serves the kind. What follows
// from that is the reconciler's matter (reconcile/claims.ts).
import { sleep } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import type { KubeClient } from '../kube/client.js';
import type { ApiResource } from '../kube/object.js';

/** Between looks whether a forbidden kind is served, in milliseconds. */
const everyMs = 30_000;

export interface SightParts {
  readonly kube: Pick<KubeClient, 'discover'>;
  readonly resource: ApiResource;
  readonly clock: Clock;
  /** Told each time, also where nothing changes. */
  tell(hidden: boolean): void;
}

export class Sight {
  readonly #parts: SightParts;
  #asking: AbortController | undefined;
  #ended = false;

  constructor(parts: SightParts) {
    this.#parts = parts;
  }

  /** The informers' word. In doubt, until discovery has answered, there are such objects. */
  forbidden(is: boolean): void {
    if (!is) {
      this.#asking?.abort();
      this.#asking = undefined;
      this.#parts.tell(false);
      return;
    }
    if (this.#asking || this.#ended) return;
    this.#asking = new AbortController();
    this.#parts.tell(true);
    void this.#ask(this.#asking.signal);
  }

  end(): void {
    this.#ended = true;
    this.#asking?.abort();
  }

  /** Authorization comes before existence: a kind that the server does not have is forbidden as well. */
  async #ask(signal: AbortSignal): Promise<void> {
    const { kube, resource, clock, tell } = this.#parts;
    while (!signal.aborted) {
      try {
        const served = await kube.discover(resource.group, resource.version, { signal });
        if (signal.aborted) return;
        tell(served?.some(({ name }) => name === resource.plural) ?? false);
      } catch {
        // Not known: the last answer stands.
      }
      await sleep(clock, everyMs, signal).catch(() => {});
    }
  }
}
