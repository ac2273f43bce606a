// From a protobuf message to the JSON of a custom resource, in the forms that Teleport's own tools write. The
// inverse of decode.ts, up to what decode.ts treats as the same.
import { type DescField, type DescMessage, type Message, type MessageShape } from '@bufbuild/protobuf';
import { type Duration, isWrapperDesc, type Timestamp } from '@bufbuild/protobuf/wkt';
import { Codec } from '../../gen/teleport/operator/v1/options_pb.js';
import type { StringValues } from '../../gen/teleport/types/wrappers_pb.js';
import { formatDuration } from './duration.js';
import { encodeEnum } from './enums.js';
import { type FieldForm, fieldForms } from './fields.js';
import { encodeScalar, type Scalar } from './scalars.js';
import { encodeDurationMessage, encodeTimestamp } from './well-known.js';
import { readEntries } from './wrapped-lists.js';

type Properties = Readonly<Record<string, unknown>>;

export interface EncodeOptions {
  /** Names of top-level fields to leave out. */
  readonly hidden?: readonly string[];
}

/**
 * Writes a message as the JSON of a custom resource. What is unset, empty or zero is left out, except where
 * presence says something: a BoolOption that is false, an empty message of a kind that Go keeps by pointer.
 * Secrets are written: the caller decides who sees the result.
 * @throws RangeError where a timestamp lies outside the years 1 to 9999
 */
export function toObject<D extends DescMessage>(
  schema: D,
  message: MessageShape<D>,
  options: EncodeOptions = {},
): Record<string, unknown> {
  return Object.fromEntries(encodeFields(schema, message, new Set(options.hidden), false));
}

const nothingHidden: ReadonlySet<string> = new Set();

/** @param zeros whether zero is written too: in a message that stands inline, where nothing else tells its presence. */
function encodeFields(
  schema: DescMessage,
  message: Message,
  hidden: ReadonlySet<string>,
  zeros: boolean,
): [string, unknown][] {
  const entries: [string, unknown][] = [];
  for (const form of fieldForms(schema)) {
    if (form.hidden || hidden.has(form.name)) continue;
    const value = read(form.field, message);
    if (value === undefined || (!zeros && isImplicitZero(form.field, value))) continue;
    if (form.inline && form.field.fieldKind === 'message') {
      entries.push(...encodeFields(form.field.message, value as Message, nothingHidden, true));
      continue;
    }
    const encoded = encodeField(form, value);
    if (encoded === undefined || (form.always && saysNothing(encoded))) continue;
    entries.push([form.name, encoded]);
  }
  return entries;
}

function read(field: DescField, message: Message): unknown {
  const properties = message as unknown as Properties;
  if (!field.oneof) return properties[field.localName];
  const chosen = properties[field.oneof.localName] as { case?: string; value?: unknown };
  return chosen.case === field.localName ? chosen.value : undefined;
}

/** Whether the value is what the field holds when nothing was ever set. */
function isImplicitZero(field: DescField, value: unknown): boolean {
  if (field.fieldKind === 'message') return false;
  if (field.fieldKind === 'list') return (value as unknown[]).length === 0;
  if (field.fieldKind === 'map') return Object.keys(value as object).length === 0;
  // Explicitly optional fields and members of a oneof are absent when unset, so their zero is meant.
  if (field.oneof || field.proto.proto3Optional) return false;
  return value instanceof Uint8Array ? value.length === 0 : !value;
}

/** Whether a message that Go always sends holds no more than its presence. */
function saysNothing(encoded: unknown): boolean {
  return (
    encoded === '0s' || (typeof encoded === 'object' && encoded !== null && Object.keys(encoded).length === 0)
  );
}

function encodeField(form: FieldForm, value: unknown): unknown {
  switch (form.codec) {
    case Codec.LABELS:
      return Object.fromEntries(
        readEntries(value).map(([key, values]) => [key, values.length === 1 ? values[0] : values]),
      );
    case Codec.TRAITS:
      return Object.fromEntries(readEntries(value));
    case Codec.STRINGS:
      // Always a list: the schema of the one such field takes nothing else, and Teleport writes it so too.
      return (value as StringValues).Values;
    case Codec.DURATION:
      return formatDuration(value as bigint);
    case Codec.UNSPECIFIED:
      return encodePlain(form.field, value);
  }
}

function encodePlain(field: DescField, value: unknown): unknown {
  if (field.fieldKind === 'list') return (value as unknown[]).map((item) => encodeElement(field, item));
  if (field.fieldKind !== 'map') return encodeElement(field, value);
  const entries = Object.entries(value as object).map(([key, item]): [string, unknown] => [
    key,
    encodeElement(field, item),
  ]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function encodeElement(field: DescField, value: unknown): unknown {
  if (field.message) return encodeSingle(field.message, value);
  return field.enum ? encodeEnum(field.enum, value as number) : encodeScalar(value as Scalar);
}

function encodeSingle(schema: DescMessage, value: unknown): unknown {
  switch (schema.typeName) {
    case 'google.protobuf.Timestamp':
      return encodeTimestamp(value as Timestamp);
    case 'google.protobuf.Duration':
      return encodeDurationMessage(value as Duration);
    case 'google.protobuf.Struct':
      return value;
    case 'types.BoolValue':
      return (value as { Value: boolean }).Value;
  }
  if (isWrapperDesc(schema)) return encodeScalar(value as Scalar);
  return Object.fromEntries(encodeFields(schema, value as Message, nothingHidden, false));
}
