// The messages that a message's fields hold, read where they stand (core/held-by.ts says why), and those that protobuf-es
// holds in a form of its own.
import {
  create,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonObject,
  type Message,
} from '@bufbuild/protobuf';
import { isWrapperDesc, StructSchema } from '@bufbuild/protobuf/wkt';
import { heldBy } from '../../core/held-by.js';

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
