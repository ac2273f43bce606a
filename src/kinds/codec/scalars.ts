// Strings, numbers, booleans and bytes. Numbers are checked for their range, for JSON knows only one kind;
// a string never becomes a number silently, nor the reverse, except for 64-bit integers written in full.
import { ScalarType } from '@bufbuild/protobuf';
import { base64Decode, base64Encode } from '@bufbuild/protobuf/wire';
import type { Place } from './problems.js';

export type Scalar = string | number | bigint | boolean | Uint8Array;

const words: ReadonlyMap<string, boolean> = new Map([
  ...['yes', 'yeah', 'y', 'true', '1', 'on'].map((word): [string, boolean] => [word, true]),
  ...['no', 'nope', 'n', 'false', '0', 'off'].map((word): [string, boolean] => [word, false]),
]);

/** Reads one scalar of the given type; undefined after a report. */
export function decodeScalar(type: ScalarType, value: unknown, place: Place): Scalar | undefined {
  switch (type) {
    case ScalarType.STRING:
      return decodeString(value, place);
    case ScalarType.BOOL:
      return decodeBool(value, place);
    case ScalarType.BYTES:
      return decodeBytes(value, place);
    case ScalarType.FLOAT:
    case ScalarType.DOUBLE:
      return typeof value === 'number' && Number.isFinite(value) ? value : place.mismatch(value, 'a number');
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return decodeLong(value, -(2n ** 63n), 2n ** 63n - 1n, place);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return decodeLong(value, 0n, 2n ** 64n - 1n, place);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return decodeInteger(value, 0, 2 ** 32 - 1, place);
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return decodeInteger(value, -(2 ** 31), 2 ** 31 - 1, place);
  }
}

/** The JSON form. 64-bit integers that JSON's numbers cannot hold exactly become numeric strings. */
export function encodeScalar(value: Scalar): string | number | boolean {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  return value instanceof Uint8Array ? base64Encode(value) : value;
}

export function decodeString(value: unknown, place: Place): string | undefined {
  if (typeof value !== 'string') {
    const hint = typeof value === 'number' || typeof value === 'boolean' ? ' (put it in quotes)' : '';
    return place.mismatch(value, `a string${hint}`);
  }
  return isWellFormed(value) ? value : place.report('is a string with broken Unicode, must be valid text');
}

/** A boolean; as in Teleport, the words yes, no, on, off and their like too, but no others. */
export function decodeBool(value: unknown, place: Place): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return place.mismatch(value, 'true or false');
  return words.get(value.toLowerCase()) ?? place.unknownText(value, 'true or false');
}

function decodeInteger(value: unknown, least: number, most: number, place: Place): number | undefined {
  if (typeof value !== 'number') return place.mismatch(value, 'an integer');
  if (Number.isInteger(value) && value >= least && value <= most) return value === 0 ? 0 : value;
  return place.report(
    `is ${place.sensitive ? 'a number' : value}, must be an integer from ${least} to ${most}`,
  );
}

function decodeLong(value: unknown, least: bigint, most: bigint, place: Place): bigint | undefined {
  const number = exactInteger(value);
  if (number !== undefined && number >= least && number <= most) return number;
  if (number === undefined && typeof value === 'number' && Number.isInteger(value)) {
    return place.report(
      'is an integer too large to be exact as a JSON number, must be written as a string of digits',
    );
  }
  return place.mismatch(
    value,
    least < 0n ? 'an integer of at most 64 bits' : 'an integer from 0, of at most 64 bits',
  );
}

function exactInteger(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

function decodeBytes(value: unknown, place: Place): Uint8Array | undefined {
  const wanted = 'bytes in base64';
  if (typeof value !== 'string') return place.mismatch(value, wanted);
  try {
    return base64Decode(value);
  } catch {
    return place.report(`is not base64, must be ${wanted}`);
  }
}

/** Lone surrogates have no UTF-8 form; encoding them would change the value. (String.isWellFormed came after Node 20's types.) */
function isWellFormed(text: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text);
}
