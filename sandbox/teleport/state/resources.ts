// Direct access to stored resources by kind and name, for tests: past every check, but with revision and events.
import { type KindName, type Resource, type StoredKind, storedKinds } from './kinds.js';
import type { Store } from './store.js';

type Stored<Name extends KindName> = Resource<(typeof storedKinds)[Name]>;

export class Resources {
  constructor(readonly store: Store) {}

  get<Name extends KindName>(kind: Name, name: string): Stored<Name> | undefined {
    return this.store.get(kindOf(kind), name) as Stored<Name> | undefined;
  }

  list<Name extends KindName>(kind: Name): Stored<Name>[] {
    return this.store.list(kindOf(kind)) as Stored<Name>[];
  }

  put<Name extends KindName>(kind: Name, resource: Stored<Name>): Stored<Name> {
    return this.store.put(kindOf(kind), resource) as Stored<Name>;
  }

  delete(kind: KindName, name: string): boolean {
    return this.store.delete(kindOf(kind), name);
  }
}

/** The kind with its message type forgotten: names and types stand side by side above. */
function kindOf(kind: KindName): StoredKind {
  return storedKinds[kind];
}
