// Fields that a newer Teleport knows and we don't. An update must not erase them: what they restrict or grant
// was set by somebody who knew. They are carried over as they are, neither read nor compared.
import type { DescMessage, Message } from '@bufbuild/protobuf';

type Fields = Record<string, unknown>;

/** Copies unknown fields of a message, and of the messages in it, to another of the same type. */
export function carryUnknownFields(schema: DescMessage, from: Message, to: Message): void {
  if (from.$unknown && from.$unknown.length > 0) to.$unknown = [...from.$unknown];
  for (const field of schema.fields) {
    if (field.fieldKind !== 'message' || field.oneof) continue;
    const source = (from as unknown as Fields)[field.localName];
    const target = (to as unknown as Fields)[field.localName];
    if (isMessage(source) && isMessage(target)) carryUnknownFields(field.message, source, target);
  }
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && '$typeName' in value;
}
