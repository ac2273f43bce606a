// What a field of a protobuf message holds, read where it stands. protobuf's own reflection makes an object, two maps and a
// generator for each message that it passes, and each pass and each call go through whole resources.
import type { DescField, Message } from '@bufbuild/protobuf';

/** What the field holds, in the message's own form; undefined where a field with presence is unset. */
export function heldBy(message: Message, { oneof, localName }: DescField): unknown {
  const members = message as unknown as Readonly<Record<string, unknown>>;
  if (!oneof) return members[localName];
  const { case: name, value } = members[oneof.localName] as { case?: string; value?: unknown };
  return name === localName ? value : undefined;
}
