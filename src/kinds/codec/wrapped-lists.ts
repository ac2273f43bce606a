// Maps of string lists on the wire. Teleport has three shapes for one thing: wrappers.LabelValues, a map of
// wrappers.StringValues, and a list of messages with a key and values.
import { create, type DescField } from '@bufbuild/protobuf';
import { type Trait, TraitSchema } from '../../gen/teleport/trait/v1/trait_pb.js';
import {
  type LabelValues,
  LabelValuesSchema,
  type StringValues,
  StringValuesSchema,
} from '../../gen/teleport/types/wrappers_pb.js';
import type { Place } from './problems.js';
import { decodeEntries, decodeStrings } from './text-lists.js';

type Entries = ReadonlyMap<string, readonly string[]>;

export function stringValues(values: readonly string[]): StringValues {
  return create(StringValuesSchema, { Values: [...values] });
}

export function labelValues(entries: Entries): LabelValues {
  return create(LabelValuesSchema, { Values: valuesByKey(entries) });
}

function valuesByKey(entries: Entries): Record<string, StringValues> {
  return Object.fromEntries([...entries].map(([key, values]) => [key, stringValues(values)]));
}

/** Reads an object from names to lists of strings into the field's shape; undefined after a report. */
export function decodeTraits(
  field: DescField,
  value: unknown,
  place: Place,
): LabelValues | Record<string, StringValues> | Trait[] | undefined {
  const entries = decodeEntries(value, place, 'an object from names to lists of strings', decodeStrings);
  if (!entries) return undefined;
  if (field.fieldKind === 'message') return labelValues(entries);
  if (field.fieldKind === 'map') return valuesByKey(entries);
  // A list has an order where a map has none: sorted, so that equal maps are equal lists.
  return sorted(entries).map(([key, values]) => create(TraitSchema, { key, values: [...values] }));
}

/** The entries of a field in any of the three shapes, sorted by key. */
export function readEntries(value: unknown): [string, readonly string[]][] {
  if (Array.isArray(value)) {
    const merged = new Map<string, string[]>();
    for (const { key, values } of value as Trait[]) merged.set(key, [...(merged.get(key) ?? []), ...values]);
    return sorted(merged);
  }
  const held = value as LabelValues | Record<string, StringValues>;
  const byKey = isLabelValues(held) ? held.Values : held;
  return sorted(new Map(Object.entries(byKey).map(([key, { Values }]) => [key, Values])));
}

function isLabelValues(value: LabelValues | Record<string, StringValues>): value is LabelValues {
  return value.$typeName === LabelValuesSchema.typeName;
}

function sorted(entries: Entries): [string, readonly string[]][] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
