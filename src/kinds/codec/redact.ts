// Messages without their secrets: for hashes, comparisons and everything that people may see.
import { clone, type DescMessage, type Message, type MessageShape } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { isSensitive } from './fields.js';

/** A copy in which every sensitive field, at any depth, is unset. */
export function withoutSensitive<D extends DescMessage>(
  schema: D,
  message: MessageShape<D>,
): MessageShape<D> {
  const copy = clone(schema, message);
  visitSensitive(schema, copy, (holder, field) => holder.clear(field));
  return copy;
}

/** Whether any sensitive field, at any depth, holds something. */
export function hasSensitive<D extends DescMessage>(schema: D, message: MessageShape<D>): boolean {
  let found = false;
  visitSensitive(schema, message, () => {
    found = true;
  });
  return found;
}

type Visit = (holder: ReflectMessage, field: DescMessage['fields'][number]) => void;

function visitSensitive(schema: DescMessage, message: Message, visit: Visit): void {
  visitReflected(reflect(schema, message), visit);
}

function visitReflected(message: ReflectMessage, visit: Visit): void {
  for (const field of message.fields) {
    if (!message.isSet(field)) continue;
    if (isSensitive(field)) visit(message, field);
    else if (field.fieldKind === 'message') visitReflected(message.get(field), visit);
    else if (field.fieldKind === 'list' && field.listKind === 'message') {
      for (const item of message.get(field)) visitReflected(item as ReflectMessage, visit);
    } else if (field.fieldKind === 'map' && field.mapKind === 'message') {
      for (const item of message.get(field).values()) visitReflected(item as ReflectMessage, visit);
    }
  }
}
