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
  /** Revisions of those roles as they were last told of; undefined of one that is not there. */
  readonly #known = new Map<string, string | undefined>();

  /** @param takeOnAnew called where the bot may take on other roles than before */
  constructor(own: () => OwnRoles, takeOnAnew: () => void = () => {}) {
    this.#own = own;
    this.#takeOnAnew = takeOnAnew;
  }

  /**
   * The role came, changed or went.
   * @param revision that it has now, where that is known; one that is known already is no news
   */
  roleChanged(name: string, revision?: string): void {
    const { roles, botRole } = this.#own();
    if (revision && this.#known.get(name) === revision) return;
    if (this.counts(name)) this.#known.set(name, revision);
    if (name === botRole) this.#takeOnAnew();
    else if (roles?.includes(name) ?? true) this.changed();
  }

  /** Whether a change of the role would be news. */
  counts(name: string): boolean {
    const { roles, botRole } = this.#own();
    return name === botRole || (roles?.includes(name) ?? false);
  }

  /**
   * All roles were listed: of what changed while nobody told, this tells, once.
   * @param revisions by name, of those that count
   * @param touched names of roles that were told of while the list was read, which is older
   */
  rolesListed(revisions: ReadonlyMap<string, string>, touched: ReadonlySet<string>): void {
    const { roles = [], botRole } = this.#own();
    const isOther = (name: string): boolean => {
      if (touched.has(name)) return false;
      const [listed, known, before] = [revisions.get(name), this.#known.has(name), this.#known.get(name)];
      this.#known.set(name, listed);
      return known && listed !== before;
    };
    if (botRole !== undefined && isOther(botRole)) this.#takeOnAnew();
    // Each is looked at, so that none is news the next time.
    if (roles.filter(isOther).length > 0) this.changed();
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
