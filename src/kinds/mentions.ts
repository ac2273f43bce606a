// Names of roles in specs, as references. Patterns and templates stand for roles that are known only when they are
// used, so they refer to none.
import type { Reference } from './kind.js';

const plain = /^[\w.@ +-]+$/;
/** What stands in patterns and templates: `{{external.roles}}`, `dev-*`, `^db-.*$`, `$1`. */
const pattern = /[*^$]|\{\{/;

/** The roles that are named plainly, each once. */
export function rolesNamed(...lists: readonly (readonly string[] | undefined)[]): Reference[] {
  return roles(lists, (name) => plain.test(name));
}

/**
 * The roles that Teleport looks up by their names when it is given the resource, each once. It takes `$1` for a
 * template in some resources, and refuses other patterns as it refuses a role that is missing: that is left to it.
 */
export function rolesRequired(...lists: readonly (readonly string[] | undefined)[]): Reference[] {
  return roles(lists, (name) => !pattern.test(name));
}

function roles(
  lists: readonly (readonly string[] | undefined)[],
  isMeant: (name: string) => boolean,
): Reference[] {
  const names = new Set(lists.flatMap((list) => list ?? []).filter(isMeant));
  return [...names].sort().map((name) => ({ kind: 'role', name }));
}
