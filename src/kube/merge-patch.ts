// The JSON merge patch (RFC 7396) that makes one value out of another, and what comes of it. Pure.
import { isDeepStrictEqual } from 'node:util';

type Mapping = Readonly<Record<string, unknown>>;

/**
 * The patch for the fields that `to` names: a field that is undefined or null there is removed, all other fields
 * of `from` are left alone. Within the named fields, mappings are compared to the bottom.
 * @returns undefined if there is nothing to change
 */
export function mergePatch(from: Mapping, to: Mapping): Mapping | undefined {
  const patch: Record<string, unknown> = {};
  for (const [name, wanted] of Object.entries(to)) {
    const present = from[name];
    const difference = compare(present, wanted);
    if (difference !== same) patch[name] = difference;
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}

/**
 * What that patch would make of `from`, in whole.
 * @returns undefined where fields that `to` does not name hold what can't be repeated for sure: a number that came through
 * JavaScript may have lost digits
 */
export function mergedWhole(from: Mapping, to: Mapping): Mapping | undefined {
  const others = Object.entries(from).filter(([name]) => !(name in to));
  if (!others.every(([, value]) => isRepeatable(value))) return undefined;
  const named = Object.entries(to).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries([...others, ...named]);
}

function isRepeatable(value: unknown): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.values(value).every(isRepeatable);
}

const same = Symbol('same');

function compare(present: unknown, wanted: unknown): unknown {
  if (wanted === undefined || wanted === null) return present === undefined || present === null ? same : null;
  if (isMapping(wanted) && isMapping(present)) {
    const all = Object.fromEntries(Object.keys(present).map((name) => [name, undefined]));
    return mergePatch(present, { ...all, ...wanted }) ?? same;
  }
  return isDeepStrictEqual(present, wanted) ? same : wanted;
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
