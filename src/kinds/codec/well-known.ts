// Timestamps, durations and free-form objects of google.protobuf, and the empty messages that Go always sends.
import { create, type DescMessage, type JsonObject, type Message } from '@bufbuild/protobuf';
import { type Duration, DurationSchema, type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { durationForms, formatSeconds, parseDuration } from './duration.js';
import { fieldForms } from './fields.js';
import type { Place } from './problems.js';
import { decodeString } from './scalars.js';
import { decodeEntries, isJsonObject } from './text-lists.js';
import { formatTime, isZeroTime, parseTime, timeForms, zeroTime } from './time.js';

const nanosPerSecond = 1_000_000_000n;
/** Deeper nesting than this in a free-form object is a mistake or an attack on our stack. */
const deepest = 64;

/** A time; Go's zero time is unset, unless the field is one that Go always sends. */
export function decodeTimestamp(value: unknown, place: Place, required: boolean): Timestamp | undefined {
  if (typeof value !== 'string') return place.mismatch(value, timeForms);
  const time = parseTime(value);
  if (!time) return place.unknownText(value, timeForms);
  return isZeroTime(time) && !required ? undefined : create(TimestampSchema, time);
}

/** RFC 3339 text, or undefined for Go's zero time. */
export function encodeTimestamp(time: Timestamp): string | undefined {
  return isZeroTime(time) ? undefined : formatTime(time);
}

export function decodeDurationMessage(value: unknown, place: Place): Duration | undefined {
  if (typeof value !== 'string') return place.mismatch(value, durationForms);
  const length = parseDuration(value);
  if (length === undefined) return place.unknownText(value, durationForms);
  return create(DurationSchema, { seconds: length / nanosPerSecond, nanos: Number(length % nanosPerSecond) });
}

/** Seconds, as in `43200s`: the one form that all of Teleport's decoders of such fields take. */
export function encodeDurationMessage({ seconds, nanos }: Duration): string {
  return formatSeconds(seconds * nanosPerSecond + BigInt(nanos));
}

/** Any JSON object. */
export function decodeStruct(value: unknown, place: Place): JsonObject | undefined {
  return isJsonObject(value)
    ? (decodeFree(value, place, 0) as JsonObject | undefined)
    : place.mismatch(value, 'an object');
}

function decodeFree(value: unknown, place: Place, depth: number): unknown {
  if (depth > deepest) return place.report(`is nested too deeply, must have at most ${deepest} levels`);
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'string') return decodeString(value, place);
  if (Array.isArray(value))
    return value.map((item: unknown, index) => decodeFree(item, place.item(index), depth + 1));
  const entries = decodeEntries(value, place, 'a JSON value', (item, at) => decodeFree(item, at, depth + 1));
  return entries && Object.fromEntries(entries);
}

/**
 * A message about which nothing is said, as Go sends it: the messages that its Go type holds by value are
 * present and empty, times among them are Go's zero time.
 */
export function emptyRequired(schema: DescMessage): Message {
  if (schema.typeName === TimestampSchema.typeName) return create(TimestampSchema, zeroTime);
  const message = create(schema);
  for (const { field, always } of fieldForms(schema)) {
    if (always && field.fieldKind === 'message') {
      (message as unknown as Record<string, unknown>)[field.localName] = emptyRequired(field.message);
    }
  }
  return message;
}
