// From the JSON of a custom resource to a protobuf message. The CRD's schema has checked the structure already,
// but nothing here relies on it. Every wrong field is gathered; a message is made only of a faultless object.
import {
  create,
  type DescField,
  type DescMessage,
  type Message,
  type MessageShape,
  ScalarType,
} from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import { Codec } from '../../gen/teleport/operator/v1/options_pb.js';
import { durationForms, parseDuration } from './duration.js';
import { decodeEnum } from './enums.js';
import { type FieldForm, fieldForms } from './fields.js';
import { nearest } from './nearest.js';
import { Place } from './problems.js';
import { decodeBool, decodeScalar } from './scalars.js';
import { decodeEntries, decodeStringOrList, isJsonObject, type JsonObject } from './text-lists.js';
import { decodeDurationMessage, decodeStruct, decodeTimestamp, emptyRequired } from './well-known.js';
import { decodeTraits, labelValues, stringValues } from './wrapped-lists.js';

/** A message as the bag of properties that it is: by local name. */
type Properties = Record<string, unknown>;

export interface DecodeOptions {
  /** Where the value stands in the object, such as `spec`; the first part of every reported path. */
  readonly path: string;
  /** Names of top-level fields that the object may not have. */
  readonly hidden?: readonly string[];
}

/**
 * Reads the JSON form of a message. `null` and a missing key are unset; undefined and null as the whole value
 * are an empty object. Messages that Teleport's Go types always hold (option `required`) are present even
 * when nothing is said about them, as Go would send them; hidden fields are left unset for the caller.
 * @throws DecodeError with everything that is wrong
 */
export function fromObject<D extends DescMessage>(
  schema: D,
  value: unknown,
  options: DecodeOptions,
): MessageShape<D> {
  const place = Place.root(options.path);
  const message = decodeMessage(schema, value ?? {}, place, new Set(options.hidden));
  place.finish();
  // Without a report there is a message.
  return message as MessageShape<D>;
}

const nothingHidden: ReadonlySet<string> = new Set();

function decodeMessage(
  schema: DescMessage,
  value: unknown,
  place: Place,
  hidden = nothingHidden,
): Message | undefined {
  if (!isJsonObject(value)) return place.mismatch(value, 'an object');
  const message = create(schema);
  const unread = new Set(Object.keys(value));
  fill(schema, message, value, place, hidden, unread);
  for (const key of unread) reportUnknown(schema, key, place, hidden);
  return message;
}

/** Sets the message's fields from the object and takes the keys it knows out of `unread`. */
function fill(
  schema: DescMessage,
  message: Message,
  value: JsonObject,
  place: Place,
  hidden: ReadonlySet<string>,
  unread: Set<string>,
): void {
  const properties = message as unknown as Properties;
  for (const form of fieldForms(schema)) {
    const { field, name } = form;
    if (form.hidden || hidden.has(name)) continue;
    if (form.inline && field.fieldKind === 'message') {
      const names = fieldForms(field.message).map((inner) => inner.name);
      if (!form.always && !names.some((inner) => stated(value, inner) !== undefined)) {
        for (const inner of names) unread.delete(inner);
        continue;
      }
      const child = create(field.message);
      fill(field.message, child, value, place, nothingHidden, unread);
      properties[field.localName] = child;
      continue;
    }
    unread.delete(name);
    const given = stated(value, name);
    const at = place.field(name, form.sensitive);
    const decoded = given === undefined ? undefined : decodeField(form, given, at);
    if (decoded !== undefined) assign(field, properties, decoded, at);
    else if (form.always && field.fieldKind === 'message')
      properties[field.localName] = emptyRequired(field.message);
  }
}

/** The own property, with null read as unset. */
function stated(value: JsonObject, name: string): unknown {
  return Object.hasOwn(value, name) ? (value[name] ?? undefined) : undefined;
}

function assign(field: DescField, properties: Properties, value: unknown, place: Place): void {
  if (!field.oneof) {
    properties[field.localName] = value;
    return;
  }
  const chosen = properties[field.oneof.localName] as { case: string | undefined } | undefined;
  if (chosen?.case === undefined) properties[field.oneof.localName] = { case: field.localName, value };
  else
    place.report(
      `cannot stand beside ${chosen.case}, only one of ${field.oneof.fields.map((one) => one.name).join(', ')} may be set`,
    );
}

/** The property's value; undefined where it is unset or was reported. */
function decodeField(form: FieldForm, value: unknown, place: Place): unknown {
  const { field } = form;
  switch (form.codec) {
    case Codec.LABELS: {
      const entries = decodeEntries(
        value,
        place,
        'an object from label keys to strings or lists of strings',
        decodeStringOrList,
      );
      return entries && labelValues(entries);
    }
    case Codec.TRAITS:
      return decodeTraits(field, value, place);
    case Codec.STRINGS: {
      const values = decodeStringOrList(value, place);
      return values && stringValues(values);
    }
    case Codec.DURATION:
      return typeof value === 'string'
        ? (parseDuration(value) ?? place.unknownText(value, durationForms))
        : place.mismatch(value, durationForms);
    case Codec.UNSPECIFIED:
      return decodePlain(field, value, place, form.always);
  }
}

function decodePlain(field: DescField, value: unknown, place: Place, required: boolean): unknown {
  switch (field.fieldKind) {
    case 'scalar':
      return decodeScalar(field.scalar, value, place);
    case 'enum':
      return decodeEnum(field.enum, value, place);
    case 'message':
      return decodeSingle(field.message, value, place, required);
    case 'list':
      return Array.isArray(value)
        ? value.map((item: unknown, index) => decodeElement(field, item, place.item(index)))
        : place.mismatch(value, 'a list');
    case 'map': {
      if (field.mapKey !== ScalarType.STRING)
        throw new Error(`${field.toString()}: only string keys are supported`);
      const entries = decodeEntries(value, place, 'an object', (item, at) => decodeElement(field, item, at));
      return entries && Object.fromEntries(entries);
    }
  }
}

/** One item of a list or one value of a map. */
function decodeElement(
  field: DescField & { fieldKind: 'list' | 'map' },
  value: unknown,
  place: Place,
): unknown {
  if (field.message) return decodeSingle(field.message, value, place, true);
  return field.enum
    ? decodeEnum(field.enum, value, place)
    : decodeScalar(field.scalar ?? ScalarType.STRING, value, place);
}

function decodeSingle(schema: DescMessage, value: unknown, place: Place, required: boolean): unknown {
  switch (schema.typeName) {
    case 'google.protobuf.Timestamp':
      return decodeTimestamp(value, place, required);
    case 'google.protobuf.Duration':
      return decodeDurationMessage(value, place);
    case 'google.protobuf.Struct':
      return decodeStruct(value, place);
    case 'types.BoolValue': {
      const given = decodeBool(value, place);
      return given === undefined ? undefined : Object.assign(create(schema), { Value: given });
    }
  }
  // Generated code holds google.protobuf.BoolValue and its like as the bare value.
  if (isWrapperDesc(schema)) return decodeScalar(schema.fields[0]?.scalar ?? ScalarType.STRING, value, place);
  return decodeMessage(schema, value, place);
}

function reportUnknown(schema: DescMessage, key: string, place: Place, hidden: ReadonlySet<string>): void {
  const forms = fieldForms(schema).flatMap((form) =>
    form.inline && form.field.fieldKind === 'message' ? [...fieldForms(form.field.message)] : [form],
  );
  const at = place.field(/^[\w-]{1,80}$/.test(key) ? key : JSON.stringify(key.slice(0, 80)), false);
  if (forms.some((form) => form.name === key)) {
    at.report('is kept by Teleport itself, must be left out');
    return;
  }
  const known = forms.filter((form) => !form.hidden && !hidden.has(form.name)).map((form) => form.name);
  const meant = nearest(key, known);
  at.report(`is no known field, ${meant === undefined ? 'must be left out' : `did you mean ${meant}?`}`);
}
