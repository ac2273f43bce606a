// Notices when somebody keeps changing a resource back: after two corrections of the same fields within ten
// minutes the third is not made but reported. A change of the spec, or time, begins anew.
import type { Clock } from '../core/clock.js';

/** Corrections that count, in milliseconds. */
const windowMs = 600_000;
/** Corrections of the same fields after which no other is made. */
const limit = 2;

interface Corrections {
  readonly fields: string;
  readonly attempt: string;
  readonly at: number[];
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
    const known = this.#of(object, attempt, fields);
    return known !== undefined && known.at.length >= limit;
  }

  /** A correction was made. */
  corrected(object: string, attempt: string, fields: readonly string[]): void {
    const known = this.#of(object, attempt, fields);
    const at = [...(known?.at ?? []), this.#clock.monotonic()];
    this.#corrections.set(object, { fields: fields.join(), attempt, at });
  }

  forget(object: string): void {
    this.#corrections.delete(object);
  }

  #of(object: string, attempt: string, fields: readonly string[]): Corrections | undefined {
    const known = this.#corrections.get(object);
    if (!known || known.attempt !== attempt || known.fields !== fields.join()) return undefined;
    const since = this.#clock.monotonic() - windowMs;
    return { ...known, at: known.at.filter((at) => at > since) };
  }
}
