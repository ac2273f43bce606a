// Notices when somebody keeps changing a resource back: what would correct only fields that were each corrected twice
// within ten minutes is not done but reported. One field that is fought over keeps no other from being put right, and
// turns taken with several are a fight as well. A change of the spec, or time, begins anew.
import type { Clock } from '../core/clock.js';

/** Corrections that count, in milliseconds. */
const windowMs = 600_000;
/** Corrections of the same field after which no other is made. */
const limit = 2;
/** Stands for the fields of a correction that names none: it is about labels of ownership. */
const unnamed: readonly string[] = [''];

interface Corrections {
  readonly attempt: string;
  /** When each field was corrected, in monotonic milliseconds. */
  readonly at: Map<string, readonly number[]>;
}

export class Fights {
  readonly #corrections = new Map<string, Corrections>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Whether correcting these fields again would be one time too many.
   * @param attempt changes whenever the user asked anew: the object's generation and reconcile-at.
   */
  isFought(object: string, attempt: string, fields: readonly string[]): boolean {
    return named(fields).every((field) => this.#times(object, attempt, field).length >= limit);
  }

  /** A correction was made. */
  corrected(object: string, attempt: string, fields: readonly string[]): void {
    const known = this.#corrections.get(object);
    const at = known?.attempt === attempt ? known.at : new Map<string, readonly number[]>();
    for (const field of named(fields))
      at.set(field, [...this.#times(object, attempt, field), this.#clock.monotonic()]);
    this.#corrections.set(object, { attempt, at });
  }

  forget(object: string): void {
    this.#corrections.delete(object);
  }

  #times(object: string, attempt: string, field: string): readonly number[] {
    const known = this.#corrections.get(object);
    if (known?.attempt !== attempt) return [];
    const since = this.#clock.monotonic() - windowMs;
    return (known.at.get(field) ?? []).filter((at) => at > since);
  }
}

const named = (fields: readonly string[]): readonly string[] => (fields.length === 0 ? unnamed : fields);
