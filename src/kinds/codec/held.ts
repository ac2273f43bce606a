// What a message's fields hold, read where it stands. protobuf's own reflection makes an object, two maps and a
// generator for each message that it passes, and each pass of the reconciler goes through whole resources several times.
import {
  create,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonObject,
  type Message,
} from '@bufbuild/protobuf';
import { isWrapperDesc, StructSchema } from '@bufbuild/protobuf/wkt';

/** What the field holds, in the message's own form; undefined where a field with presence is unset. */
export function heldBy(message: Message, field: DescField): unknown {
  const members = message as unknown as Readonly<Record<string, unknown>>;
  if (!field.oneof) return members[field.localName];
  const { case: name, value } = members[field.oneof.localName] as { case?: string; value?: unknown };
  return name === field.localName ? value : undefined;
}

/** The message that stands in a field of messages, or is one of those in its list or map. */
export function asMessage(field: DescField, schema: DescMessage, held: unknown): Message {
  // protobuf-es holds these two without their message
  if (schema.typeName === StructSchema.typeName && field.parent.typeName !== 'google.protobuf.Value')
    return fromJson(StructSchema, held as JsonObject);
  if (field.fieldKind === 'message' && !field.oneof && isWrapperDesc(schema))
    return create(schema, { value: held });
  return held as Message;
}

/** All messages that a field which is set holds, if it holds messages: itself, its list's or its map's. */
export function messagesIn(message: Message, field: DescField): readonly Message[] {
  const schema = field.message;
  if (!schema) return [];
  const held = heldBy(message, field);
  const all = field.fieldKind === 'message' ? [held] : Object.values(held as object);
  return all.map((one) => asMessage(field, schema, one));
}
