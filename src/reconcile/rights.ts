// That the operator may do something else in Teleport than before, as far as this can be told: whoever was refused something for lack
// of a right tries again then, instead of waiting for a delay to end. What the rights are nobody here knows.

export class Rights {
  readonly #own: () => readonly string[] | undefined;
  readonly #listeners = new Set<() => void>();

  /** @param own names of the roles that calls are made with; undefined while that is not known, and any role may be one */
  constructor(own: () => readonly string[] | undefined) {
    this.#own = own;
  }

  /** The role came, changed or went. */
  roleChanged(name: string): void {
    if (this.#own()?.includes(name) ?? true) this.changed();
  }

  /** There are signs of other rights: calls are made with other roles, or what was refused is no more. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Calls back at each such change. @returns the end of it */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
