// Enum values in custom resources: a word (of the proto options), the proto name, or the number.
import type { DescEnum } from '@bufbuild/protobuf';
import { enumWords, storedValue } from './fields.js';
import type { Place } from './problems.js';

interface Words {
  readonly numbers: ReadonlyMap<string, number>;
  readonly text: ReadonlyMap<number, string>;
  readonly forms: string;
}

const tables = new WeakMap<DescEnum, Words>();

/**
 * Reads an enum value. Booleans count where their word does (`yes` and `no` unquoted, as YAML has them). The
 * empty string is unset. A number that Teleport 18 does not know is refused: its meaning is not known.
 */
export function decodeEnum(type: DescEnum, value: unknown, place: Place): number | undefined {
  const { numbers, forms } = wordsOf(type);
  if (typeof value === 'number') {
    const known = type.value[value];
    return known
      ? storedValue(known).number
      : place.report(`is ${place.sensitive ? 'an unknown number' : value}, must be ${forms}`);
  }
  if (typeof value === 'string') {
    return value === '' ? 0 : (numbers.get(normal(value)) ?? place.unknownText(value, forms));
  }
  const word = typeof value === 'boolean' ? numbers.get(String(value)) : undefined;
  return word ?? place.mismatch(value, forms);
}

/** The first word, else the proto name, else the bare number. */
export function encodeEnum(type: DescEnum, number: number): string | number {
  return wordsOf(type).text.get(number) ?? number;
}

function wordsOf(type: DescEnum): Words {
  const known = tables.get(type);
  if (known) return known;
  const numbers = new Map<string, number>();
  const text = new Map<number, string>();
  for (const value of type.values) {
    const words = enumWords(value);
    const stored = storedValue(value);
    for (const word of [value.name, ...words]) numbers.set(normal(word), stored.number);
    text.set(value.number, enumWords(stored)[0] ?? stored.name);
  }
  const choices = type.values.flatMap((value) => enumWords(value)[0] ?? (hasWords(type) ? [] : value.name));
  const made = { numbers, text, forms: `one of ${choices.join(', ')}` };
  tables.set(type, made);
  return made;
}

function hasWords(type: DescEnum): boolean {
  return type.values.some((value) => enumWords(value).length > 0);
}

function normal(word: string): string {
  return word.toLowerCase().replaceAll(/\s/g, '');
}
