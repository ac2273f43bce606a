// Names of roles in specs, as references. Patterns and templates stand for roles that are known only when they are
// used, so they refer to none.
import type { Reference } from './kind.js';

const plain = /^[\w.@ +-]+$/;

/** The roles that are named plainly, each once. */
export function rolesNamed(...lists: readonly (readonly string[] | undefined)[]): Reference[] {
  const names = new Set(lists.flatMap((list) => list ?? []).filter((name) => plain.test(name)));
  return [...names].sort().map((name) => ({ kind: 'role', name }));
}
