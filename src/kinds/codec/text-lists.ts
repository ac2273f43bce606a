// Lists of strings and maps of them: label selectors, traits, lists that may be written as one string.
import type { Place } from './problems.js';
import { decodeString } from './scalars.js';

/** A JSON object that came from outside. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A list of strings; undefined after a report. No null may hide in it. */
export function decodeStrings(value: unknown, place: Place): string[] | undefined {
  if (!Array.isArray(value)) return place.mismatch(value, 'a list of strings');
  const items = value.map((item: unknown, index) => decodeString(item, place.item(index)));
  return items.every((item) => item !== undefined) ? items : undefined;
}

/** One string or a list of strings. */
export function decodeStringOrList(value: unknown, place: Place): string[] | undefined {
  if (Array.isArray(value)) return decodeStrings(value, place);
  if (typeof value !== 'string') return place.mismatch(value, 'a string or a list of strings');
  const text = decodeString(value, place);
  return text === undefined ? undefined : [text];
}

/**
 * The entries of an object whose keys its author chose; undefined after a report that there is no object. A
 * null under a key is never read as "unset": in a label selector that would widen what it matches.
 */
export function decodeEntries<Value>(
  value: unknown,
  place: Place,
  wanted: string,
  decode: (value: unknown, place: Place) => Value | undefined,
): Map<string, Value> | undefined {
  if (!isJsonObject(value)) return place.mismatch(value, wanted);
  const entries = new Map<string, Value>();
  for (const [key, item] of Object.entries(value)) {
    const at = place.key(key);
    if (key === '__proto__') at.report('is a key that cannot be used, must be renamed');
    else if (decodeString(key, at) !== undefined) {
      const decoded = decode(item, at);
      if (decoded !== undefined) entries.set(key, decoded);
    }
  }
  return entries;
}
