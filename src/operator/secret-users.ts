// Which objects of a kind look values up in which Secrets, so that a changed Secret wakes just them.
import type { ObjectKey } from '../kube/object.js';

export class SecretUsers {
  readonly #secretsOf = new Map<ObjectKey, ReadonlySet<string>>();
  readonly #usersOf = new Map<string, Set<ObjectKey>>();

  /** Notes the Secrets of the object's last pass; none takes the object out. */
  set(user: ObjectKey, secrets: ReadonlySet<string>): void {
    for (const name of this.#secretsOf.get(user) ?? []) {
      const users = this.#usersOf.get(name);
      users?.delete(user);
      if (users?.size === 0) this.#usersOf.delete(name);
    }
    this.#secretsOf.delete(user);
    if (secrets.size === 0) return;
    this.#secretsOf.set(user, new Set(secrets));
    for (const name of secrets) {
      const users = this.#usersOf.get(name) ?? new Set();
      users.add(user);
      this.#usersOf.set(name, users);
    }
  }

  /** Objects that use the Secret; all that use any for undefined. */
  of(secret: string | undefined): Iterable<ObjectKey> {
    return secret === undefined ? this.#secretsOf.keys() : (this.#usersOf.get(secret) ?? []);
  }
}
