// What /readyz says: every part that can be not ready, and why. A replica that stands by is ready.

export interface PartState {
  readonly ready: boolean;
  /** Why not, or how it is; one line, no secret. */
  readonly detail: string;
}

export interface ReadinessReport {
  readonly ready: boolean;
  readonly parts: readonly { readonly name: string; readonly ready: boolean; readonly detail: string }[];
}

/** Asks the parts when it is asked. */
export class Readiness {
  readonly #parts = new Map<string, () => PartState>();

  /** Adds a part; `state` is called at each probe and must be quick. */
  add(name: string, state: () => PartState): void {
    this.#parts.set(name, state);
  }

  report(): ReadinessReport {
    const parts = [...this.#parts].map(([name, state]) => ({ name, ...state() }));
    return { ready: parts.every(({ ready }) => ready), parts };
  }
}
