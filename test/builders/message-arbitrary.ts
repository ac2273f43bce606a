// Arbitrary messages made from descriptors, so that a kind is covered by the codec's property tests as soon as
// it has a proto file. They are in the codec's normal form: what an object can say, neither less nor more.
// - hidden fields are unset; messages that Go always sends are present, their unset times are year 1
// - enums hold known numbers, strings are valid Unicode, durations and times are within their forms' ranges
import {
  create,
  type DescField,
  type DescMessage,
  type Message,
  type MessageShape,
  ScalarType,
} from '@bufbuild/protobuf';
import { DurationSchema, isWrapperDesc, TimestampSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { Codec } from '../../src/gen/teleport/operator/v1/options_pb.js';
import { TraitSchema } from '../../src/gen/teleport/trait/v1/trait_pb.js';
import { LabelValuesSchema, StringValuesSchema } from '../../src/gen/teleport/types/wrappers_pb.js';
import { type FieldForm, fieldForms, storedValue } from '../../src/kinds/codec/index.js';

/** Any message of the schema that an object without the `hidden` top-level fields can express. */
export function messageArbitrary<D extends DescMessage>(
  schema: D,
  hidden: readonly string[] = [],
): fc.Arbitrary<MessageShape<D>> {
  const forms = fieldForms(schema).filter((form) => !form.hidden && !hidden.includes(form.name));
  const single = forms.filter(({ field }) => !field.oneof);
  const values = fc.record(
    Object.fromEntries(single.map((form) => [form.field.localName, fieldArbitrary(form)])),
  );
  const oneofs = fc.record(
    Object.fromEntries(
      schema.oneofs
        .filter((oneof) => forms.some(({ field }) => field.oneof === oneof))
        .map((oneof) => [
          oneof.localName,
          fc.oneof(
            fc.constant({ case: undefined }),
            ...forms.filter(({ field }) => field.oneof === oneof).map(caseArbitrary),
          ),
        ]),
    ),
  );
  return fc.tuple(values, oneofs).map(([fields, chosen]) => {
    const message = create(schema) as unknown as Record<string, unknown>;
    for (const [name, value] of Object.entries({ ...fields, ...chosen }))
      if (value !== undefined) message[name] = value;
    return message as unknown as MessageShape<D>;
  });
}

function caseArbitrary(form: FieldForm): fc.Arbitrary<unknown> {
  return valueArbitrary(form).map((value) => ({ case: form.field.localName, value }));
}

/** A value of the field; sometimes undefined where absence can be told. */
function fieldArbitrary(form: FieldForm): fc.Arbitrary<unknown> {
  const value = valueArbitrary(form);
  const { field } = form;
  const hasPresence = field.fieldKind === 'message' ? !form.always : field.proto.proto3Optional;
  return hasPresence ? fc.option(value, { nil: undefined }) : value;
}

const text = fc.string({ unit: 'binary', maxLength: 8 });
const key = text.filter((name) => name !== '__proto__');
const texts = fc.array(text, { maxLength: 3 });
const lists = fc.dictionary(key, texts, { maxKeys: 3 });
const stringValues = (Values: string[]): Message => create(StringValuesSchema, { Values });
const byKey = (entries: Record<string, string[]>) =>
  Object.fromEntries(
    Object.entries(entries).map(([name, Values]) => [name, create(StringValuesSchema, { Values })]),
  );

function valueArbitrary(form: FieldForm): fc.Arbitrary<unknown> {
  const { field, codec } = form;
  if (codec === Codec.DURATION) return long(-(2n ** 63n - 1n), 2n ** 63n - 1n);
  if (codec === Codec.STRINGS) return texts.map(stringValues);
  if (codec === Codec.LABELS || codec === Codec.TRAITS)
    return lists.map((entries) => wrapped(field, entries));
  switch (field.fieldKind) {
    case 'list':
      return fc.array(elementArbitrary(field, true), { maxLength: 3 });
    case 'map':
      return fc.dictionary(key, elementArbitrary(field, true), { maxKeys: 3 });
    default:
      return elementArbitrary(field, form.always);
  }
}

function wrapped(field: DescField, entries: Record<string, string[]>): unknown {
  if (field.fieldKind === 'map') return byKey(entries);
  if (field.fieldKind === 'message') return create(LabelValuesSchema, { Values: byKey(entries) });
  const sorted = Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([name, values]) => create(TraitSchema, { key: name, values }));
}

function elementArbitrary(field: DescField, required: boolean): fc.Arbitrary<unknown> {
  if (field.message) return singleArbitrary(field.message, required);
  if (field.enum) return fc.constantFrom(...field.enum.values.map((value) => storedValue(value).number));
  return scalarArbitrary(field.scalar ?? ScalarType.STRING);
}

function singleArbitrary(schema: DescMessage, required: boolean): fc.Arbitrary<unknown> {
  if (schema.typeName === TimestampSchema.typeName)
    return required ? fc.oneof(fc.constant(zeroTime), times) : times;
  if (schema.typeName === DurationSchema.typeName) return durations;
  if (schema.typeName === 'google.protobuf.Struct') return fc.dictionary(key, free, { maxKeys: 3 });
  if (isWrapperDesc(schema)) return scalarArbitrary(schema.fields[0]?.scalar ?? ScalarType.STRING);
  return messageArbitrary(schema);
}

const zeroTime = create(TimestampSchema, { seconds: -62_135_596_800n });
const times = fc
  .record({
    seconds: long(-62_135_596_799n, 253_402_300_799n),
    nanos: fc.integer({ min: 0, max: 999_999_999 }),
  })
  .map((init) => create(TimestampSchema, init));
const durations = long(-(2n ** 63n - 1n), 2n ** 63n - 1n).map((length) =>
  create(DurationSchema, { seconds: length / 1_000_000_000n, nanos: Number(length % 1_000_000_000n) }),
);
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value));
const free: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, fc.constant(null), fc.boolean(), number, text, tie('list'), tie('object')),
  list: fc.array(tie('value'), { maxLength: 3 }),
  object: fc.dictionary(key, tie('value'), { maxKeys: 3 }),
})).value;

function long(min: bigint, max: bigint): fc.Arbitrary<bigint> {
  return fc.oneof(fc.constantFrom(min, max, 0n), fc.bigInt({ min, max }));
}

function scalarArbitrary(type: ScalarType): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.STRING:
      return text;
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.BYTES:
      return fc.uint8Array({ maxLength: 8 });
    case ScalarType.FLOAT:
    case ScalarType.DOUBLE:
      return number;
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return long(-(2n ** 63n), 2n ** 63n - 1n);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return long(0n, 2n ** 64n - 1n);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return fc.integer({ min: 0, max: 2 ** 32 - 1 });
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return fc.integer();
  }
}
