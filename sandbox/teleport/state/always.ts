// Fills in what Teleport's Go types always hold: message fields that are values there, not pointers, are on the
// wire even when they are empty, and their times say the year 1. Which fields those are stands in the proto
// files (option `required`).
import {
  create,
  type DescField,
  type DescMessage,
  getOption,
  hasOption,
  type Message,
} from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { cr } from '../../../src/gen/teleport/operator/v1/options_pb.js';

/** Go's zero time, 0001-01-01T00:00:00Z, in seconds of the epoch. */
export const yearOne = -62_135_596_800n;

type MessageField = DescField & { message: DescMessage };

interface Shape {
  /** Fields that are always set. */
  readonly always: readonly MessageField[];
  /** All fields that hold messages, alone or in a list. */
  readonly inner: readonly MessageField[];
}

const shapes = new Map<DescMessage, Shape>();

/** Changes the message. */
export function fillAlways(schema: DescMessage, message: Message): void {
  fill(reflect(schema, message));
}

function fill(message: ReflectMessage): void {
  const { always, inner } = shapeOf(message.desc);
  for (const field of always) {
    if (!message.isSet(field)) message.set(field, reflect(field.message, emptyValue(field.message)));
  }
  for (const field of inner) {
    if (!message.isSet(field)) continue;
    if (field.fieldKind === 'message') fill(message.get(field));
    else if (field.fieldKind === 'list') {
      for (const item of message.get(field) as Iterable<ReflectMessage>) fill(item);
    }
  }
}

function emptyValue(schema: DescMessage): Message {
  if (schema.typeName !== TimestampSchema.typeName) return create(schema);
  const time: Timestamp = create(TimestampSchema, { seconds: yearOne });
  return time;
}

function shapeOf(schema: DescMessage): Shape {
  let shape = shapes.get(schema);
  if (!shape) {
    const inner = schema.fields.filter(
      (field): field is MessageField => field.message !== undefined && field.fieldKind !== 'map',
    );
    const always = inner.filter(
      (field) =>
        field.fieldKind === 'message' &&
        field.oneof === undefined &&
        hasOption(field, cr) &&
        getOption(field, cr).required,
    );
    shapes.set(schema, (shape = { always, inner }));
  }
  return shape;
}
