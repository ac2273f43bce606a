// Tells whether an object goes because its CRD or its namespace goes. Then the user removes Kubernetes' side
// of things, and nobody's access in Teleport should end by it: the object is released, Teleport left alone.
import { sleep } from '../core/abort.js';
import type { Clock } from '../core/clock.js';

/** What ends, in words; undefined where nothing does. */
export type Ending = 'its CRD' | 'its namespace' | undefined;

export interface TeardownParts {
  readonly clock: Clock;
  /** Asks the API server about the kind's CRD and the namespace. @throws KubeError */
  ask(namespace: string, signal: AbortSignal): Promise<Ending>;
  /** Whether every object of the kind in the namespace is being deleted: the mark of a teardown. */
  allGoing(namespace: string): boolean;
}

/** An answer counts for so long, in milliseconds: deletions come in crowds. */
const answerMs = 1_000;
/** The API server tells of a CRD that ends a moment after the first of its objects goes. */
const secondLookMs = 1_500;

export class Teardown {
  readonly #parts: TeardownParts;
  readonly #answers = new Map<string, { readonly at: number; readonly ending: Promise<Ending> }>();

  constructor(parts: TeardownParts) {
    this.#parts = parts;
  }

  /**
   * Whether the kind's objects go because of something greater. Where all of them go at once it looks twice,
   * since the API server's word may come after the first deletion.
   * @throws KubeError, so that a deletion whose cause is not known is not made.
   */
  async ending(namespace: string, signal: AbortSignal): Promise<Ending> {
    const first = await this.#ask(namespace, signal);
    if (first !== undefined || !this.#parts.allGoing(namespace)) return first;
    await sleep(this.#parts.clock, secondLookMs, signal);
    return this.#ask(namespace, signal);
  }

  #ask(namespace: string, signal: AbortSignal): Promise<Ending> {
    const now = this.#parts.clock.monotonic();
    const known = this.#answers.get(namespace);
    if (known && now - known.at < answerMs) return known.ending;
    const ending = this.#parts.ask(namespace, signal);
    this.#answers.set(namespace, { at: now, ending });
    ending.catch(() => this.#answers.delete(namespace));
    return ending;
  }
}
