// Which namespaces the objects are in: the operator's own, those of -namespaces, or all of them; and how the Lease says so.

/** Namespaces by name, or all of the cluster. */
export type Namespaces = readonly string[] | 'all';

/** @param asked what -namespaces says: names, `all` or `*`, or nothing for the operator's own. */
export function objectNamespaces(asked: readonly string[], own: string): Namespaces {
  if (asked.length === 0) return [own];
  return asked.some((name) => name === 'all' || name === '*') ? 'all' : [...new Set(asked)];
}

/** As the Lease's annotation has it, and as -namespaces takes it. */
export const namespacesText = (namespaces: Namespaces): string =>
  namespaces === 'all' ? 'all' : namespaces.join(',');

/** Those of `first` that are not among `second`; 'others' where that is all of the cluster but those. */
export function without(first: Namespaces, second: Namespaces): readonly string[] | 'others' {
  if (second === 'all') return [];
  if (first === 'all') return 'others';
  return first.filter((name) => !second.includes(name));
}

/** Those of both. */
export function union(first: Namespaces, second: Namespaces): Namespaces {
  return first === 'all' || second === 'all' ? 'all' : [...new Set([...first, ...second])];
}

/** As `without`, with all of the cluster staying what it is, though some are meant to be left out. */
export function minus(first: Namespaces, second: Namespaces): Namespaces {
  const left = without(first, second);
  return left === 'others' ? 'all' : left;
}

/** Whether an object can be in both. */
export function overlap(first: Namespaces, second: Namespaces): boolean {
  if (first === 'all') return second === 'all' || second.length > 0;
  return second === 'all' ? first.length > 0 : first.some((name) => second.includes(name));
}
