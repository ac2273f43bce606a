// Whether there may be objects of a kind that can't be read: Kubernetes forbids it, or does not serve them in our version, and serves
// the kind. What follows from that is the reconciler's matter (reconcile/claims.ts).
import { sleep } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { ApiResource } from '../kube/object.js';
import { type Discovery, servedVersions } from '../kube/served.js';

/** Between looks whether a kind that can't be read is served, in milliseconds. */
const everyMs = 30_000;

export interface SightParts {
  readonly kube: Discovery;
  readonly resource: ApiResource;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told each time, also where nothing changes. */
  tell(hidden: boolean): void;
}

export class Sight {
  readonly #parts: SightParts;
  #asking: AbortController | undefined;
  #ended = false;
  #servedAs: readonly string[] = [];

  constructor(parts: SightParts) {
    this.#parts = parts;
  }

  /** The informers' word. In doubt, until discovery has answered, there are such objects. */
  unreadable(is: boolean): void {
    if (!is) {
      this.#asking?.abort();
      this.#asking = undefined;
      this.#note([]);
      this.#parts.tell(false);
      return;
    }
    if (this.#asking || this.#ended) return;
    this.#asking = new AbortController();
    this.#parts.tell(true);
    void this.#ask(this.#asking.signal);
  }

  /** Versions in which the kind is served, where not in ours; none as far as that is not known. */
  get servedAs(): readonly string[] {
    return this.#servedAs;
  }

  #note(served: readonly string[]): void {
    const { resource, log } = this.#parts;
    const others = served.includes(resource.version) ? [] : served;
    const isNews = others.length > 0 && this.#servedAs.length === 0;
    this.#servedAs = others;
    if (!isNews) return;
    log.warn('A CRD does not serve the version that the operator reads, so the kind is off', {
      resource: resource.plural,
      reads: resource.version,
      served: others,
    });
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
        const served = await servedVersions(kube, resource, { signal });
        if (signal.aborted) return;
        this.#note(served);
        tell(served.length > 0);
      } catch {
        // Not known: the last answer stands.
      }
      await sleep(clock, everyMs, signal).catch(() => {});
    }
  }
}
