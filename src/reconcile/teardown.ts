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

/** That something ends counts for so long, in milliseconds; that nothing does, only for what went before it was asked. */
const answerMs = 1_000;
/**
 * Between two questions, in milliseconds: what goes meanwhile shares the next one. Twice as long each time while
 * deletions follow each other, since a question costs the API server as much as a deletion does.
 */
const spacingMs = 100;
const mostSpacingMs = 400;
/** The API server tells of a CRD that ends a moment after the first of its objects goes. */
const secondLookMs = 1_500;
/** A crowd of deletions is at an end when none came for so long, in milliseconds. */
const crowdEndsMs = 2_000;
/** So long a crowd is taken for one without going through all objects again, in milliseconds. */
const recountMs = 250;

interface Answer {
  readonly at: number;
  /** Milliseconds from `at` to the next question. */
  readonly spacing: number;
  readonly ending: Promise<Ending>;
  /** What was answered; undefined until then. */
  said?: { readonly ending: Ending };
}

/** Deletions of all objects there are. */
interface Crowd {
  readonly since: number;
  seen: number;
  counted: number;
}

export class Teardown {
  readonly #parts: TeardownParts;
  readonly #answers = new Map<string, Answer>();
  readonly #crowds = new Map<string, Crowd>();

  constructor(parts: TeardownParts) {
    this.#parts = parts;
  }

  /**
   * Whether the kind's objects go because of something greater. Where all of them go at once it looks twice,
   * since the API server's word may come after the first deletion. The crowd waits for that once, not each of it.
   * @throws KubeError, so that a deletion whose cause is not known is not made.
   */
  async ending(namespace: string, signal: AbortSignal): Promise<Ending> {
    const { clock } = this.#parts;
    const first = await this.#ask(namespace, clock.monotonic(), signal);
    const ending = await first.ending;
    const crowd = ending === undefined ? this.#crowd(namespace) : undefined;
    if (!crowd) return ending;
    const certain = crowd.since + secondLookMs;
    if (first.at >= certain) return ending;
    await sleep(clock, Math.max(0, certain - clock.monotonic()), signal);
    return (await this.#ask(namespace, certain, signal)).ending;
  }

  /** The crowd of deletions in the namespace, if all objects go. */
  #crowd(namespace: string): Crowd | undefined {
    const now = this.#parts.clock.monotonic();
    const known = this.#crowds.get(namespace);
    const crowd = known && now - known.seen < crowdEndsMs ? known : { since: now, seen: now, counted: -1 };
    if (crowd.counted < 0 || now - crowd.counted > recountMs) {
      if (!this.#parts.allGoing(namespace)) {
        this.#crowds.delete(namespace);
        return undefined;
      }
      crowd.counted = now;
    }
    crowd.seen = now;
    this.#crowds.set(namespace, crowd);
    return crowd;
  }

  /**
   * One question at a time; those that come meanwhile share the next.
   * @param after that nothing ends, asked before then (monotonic milliseconds), is no answer
   */
  async #ask(namespace: string, after: number, signal: AbortSignal): Promise<Answer> {
    for (;;) {
      const now = this.#parts.clock.monotonic();
      const known = this.#answers.get(namespace);
      if (known && known.at >= after) return known;
      if (known?.said?.ending !== undefined && now - known.at < answerMs) return known;
      if (known && !known.said) {
        await known.ending.catch(() => {});
        continue;
      }
      const rest = known ? known.at + known.spacing - now : 0;
      if (rest > 0) {
        await sleep(this.#parts.clock, rest, signal);
        continue;
      }
      const answer: Answer = {
        at: now,
        spacing: spacingAfter(known, now),
        ending: this.#parts.ask(namespace, signal),
      };
      this.#answers.set(namespace, answer);
      answer.ending.then(
        (ending) => void (answer.said = { ending }),
        () => {
          if (this.#answers.get(namespace) === answer) this.#answers.delete(namespace);
        },
      );
      return answer;
    }
  }
}

/** Of the next question's answer: longer where it follows the last one as soon as it may. */
function spacingAfter(last: Answer | undefined, now: number): number {
  const follows = last !== undefined && now - last.at < 2 * last.spacing;
  return follows ? Math.min(2 * last.spacing, mostSpacingMs) : spacingMs;
}
