// Which namespaces the objects are in: the operator's own, those of -namespaces, or all of them.

/** Namespaces by name, or all of the cluster. */
export type Namespaces = readonly string[] | 'all';

/** @param asked what -namespaces says: names, `all` or `*`, or nothing for the operator's own. */
export function objectNamespaces(asked: readonly string[], own: string): Namespaces {
  if (asked.length === 0) return [own];
  return asked.some((name) => name === 'all' || name === '*') ? 'all' : [...new Set(asked)];
}
