// That the operator may do something else in Teleport than before, as far as this can be told: whoever was refused something for lack
// of a right tries again then, instead of waiting for a delay to end. What the rights are nobody here knows.

/** Names of roles, as far as they are known. */
export interface OwnRoles {
  /** Those that calls are made with; any role may be one while they are not known. */
  readonly roles?: readonly string[] | undefined;
  /** The one that says which of them the bot may take on. */
  readonly botRole?: string | undefined;
}

export class Rights {
  readonly #own: () => OwnRoles;
  readonly #takeOnAnew: () => void;
  readonly #listeners = new Set<() => void>();

  /** @param takeOnAnew called where the bot may take on other roles than before */
  constructor(own: () => OwnRoles, takeOnAnew: () => void = () => {}) {
    this.#own = own;
    this.#takeOnAnew = takeOnAnew;
  }

  /** The role came, changed or went. */
  roleChanged(name: string): void {
    const { roles, botRole } = this.#own();
    if (name === botRole) this.#takeOnAnew();
    else if (roles?.includes(name) ?? true) this.changed();
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
