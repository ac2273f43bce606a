// Tells whether an object goes because its CRD or its namespace goes. Then the user removes Kubernetes' side
// of things, and nobody's access in Teleport should end by it: the object is released, Teleport left alone.
import { sleep } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import type { KubeObject } from '../kube/object.js';
import type { Change } from '../kube/predicate.js';

/** What ends, in words; undefined where nothing does. */
export type Ending = 'its CRD' | 'its namespace' | undefined;

export interface TeardownParts {
  readonly clock: Clock;
  /** Asks the API server about the kind's CRD and the namespace. @throws KubeError */
  ask(namespace: string, signal: AbortSignal): Promise<Ending>;
  /** Whether every object of the kind in the namespace is being deleted. */
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
/** From the news of a deletion to the first look, in milliseconds: those that go with it are known by then. */
const firstLookMs = 50;
/**
 * The API server tells of a CRD that ends a moment after the first of its objects goes; what it says so long after
 * the news of a deletion holds.
 */
const secondLookMs = 1_500;

interface Answer {
  readonly at: number;
  /** Milliseconds from `at` to the next question. */
  readonly spacing: number;
  readonly ending: Promise<Ending>;
  /** What was answered; undefined until then. */
  said?: { readonly ending: Ending };
}

/** An object on its way. */
interface Going {
  /** When its deletion became known, in monotonic milliseconds. */
  readonly since: number;
  /** It is known why it goes: that it is still there has another cause, and each later look is about that moment. */
  looked: boolean;
}

export class Teardown {
  readonly #parts: TeardownParts;
  readonly #answers = new Map<string, Answer>();
  /** By namespace and uid. */
  readonly #going = new Map<string, Map<string, Going>>();

  constructor(parts: TeardownParts) {
    this.#parts = parts;
  }

  /** To be told of each change: a deletion that waits for its turn has been on its way since it became known. */
  noticed({ old, new: object }: Change<KubeObject>): void {
    if (old && old.metadata.uid !== object?.metadata.uid) this.#forget(old.metadata);
    if (object?.metadata.deletionTimestamp !== undefined) this.#remember(object.metadata);
  }

  /**
   * Whether the object goes because of something greater. Where it does not go alone, or is the only one there was,
   * an answer counts that was asked a good while after its deletion became known. Those who waited as long for their
   * turn wait no longer, and one answer is enough for all of them.
   * @throws KubeError, so that a deletion whose cause is not known is not made.
   */
  async ending({ metadata }: KubeObject, signal: AbortSignal): Promise<Ending> {
    const { namespace = '', uid = '' } = metadata;
    const now = this.#parts.clock.monotonic();
    const going = this.#going.get(namespace)?.get(uid) ?? { since: now, looked: false };
    if (going.looked) return (await this.#ask(namespace, now, signal)).ending;
    const first = await this.#ask(namespace, going.since + firstLookMs, signal);
    const certain = going.since + secondLookMs;
    let ending = await first.ending;
    if (ending === undefined && first.at < certain && this.#isOneOfMany(metadata))
      ending = await (await this.#ask(namespace, certain, signal)).ending;
    going.looked = true;
    return ending;
  }

  /** Whether others go as well; of the only one there was nothing tells. */
  #isOneOfMany({ namespace = '', uid = '' }: KubeObject['metadata']): boolean {
    const those = this.#going.get(namespace);
    const others = those ? those.size - (those.has(uid) ? 1 : 0) : 0;
    return others > 0 || this.#parts.allGoing(namespace);
  }

  #remember({ namespace = '', uid = '' }: KubeObject['metadata']): void {
    const those = this.#going.get(namespace) ?? new Map<string, Going>();
    this.#going.set(namespace, those);
    if (!those.has(uid)) those.set(uid, { since: this.#parts.clock.monotonic(), looked: false });
  }

  #forget({ namespace = '', uid = '' }: KubeObject['metadata']): void {
    const those = this.#going.get(namespace);
    those?.delete(uid);
    if (those?.size === 0) this.#going.delete(namespace);
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
      const rest = Math.max(after, known ? known.at + known.spacing : 0) - now;
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
