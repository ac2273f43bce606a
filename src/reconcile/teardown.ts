// Tells whether an object goes because its CRD or its namespace goes. Then the user removes Kubernetes' side
// of things, and nobody's access in Teleport should end by it: the object is released, Teleport left alone.
import { sleep } from '../core/abort.js';
import type { Clock } from '../core/clock.js';

/** What ends, in words; undefined where nothing does. */
export type Ending = 'its CRD' | 'its namespace' | undefined;

export interface TeardownParts {
  readonly clock: Clock;
  /** Asks the API server. @throws KubeError */
  ask(signal: AbortSignal): Promise<Ending>;
  /** Whether every object of the kind is being deleted: the mark of a teardown. */
  allGoing(): boolean;
}

/** An answer counts for so long, in milliseconds: deletions come in crowds. */
const answerMs = 1_000;
/** The API server tells of a CRD that ends a moment after the first of its objects goes. */
const secondLookMs = 1_500;

export class Teardown {
  readonly #parts: TeardownParts;
  #answer: { readonly at: number; readonly ending: Promise<Ending> } | undefined;

  constructor(parts: TeardownParts) {
    this.#parts = parts;
  }

  /**
   * Whether the kind's objects go because of something greater. Where all of them go at once it looks twice,
   * since the API server's word may come after the first deletion.
   * @throws KubeError, so that a deletion whose cause is not known is not made.
   */
  async ending(signal: AbortSignal): Promise<Ending> {
    const first = await this.#ask(signal);
    if (first !== undefined || !this.#parts.allGoing()) return first;
    await sleep(this.#parts.clock, secondLookMs, signal);
    return this.#ask(signal);
  }

  #ask(signal: AbortSignal): Promise<Ending> {
    const now = this.#parts.clock.monotonic();
    if (this.#answer && now - this.#answer.at < answerMs) return this.#answer.ending;
    const ending = this.#parts.ask(signal);
    this.#answer = { at: now, ending };
    ending.catch(() => {
      this.#answer = undefined;
    });
    return ending;
  }
}
