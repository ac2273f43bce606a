// Messages without their secrets: for hashes, comparisons and everything that people may see.
import {
  clearField,
  type DescField,
  type DescMessage,
  isFieldSet,
  type Message,
  type MessageShape,
} from '@bufbuild/protobuf';
import { cloneMessage } from '../clone.js';
import { isSensitive, mayHoldSecrets } from './fields.js';
import { messagesIn } from './held.js';

/** A copy in which every sensitive field, at any depth, is unset. */
export function withoutSensitive<D extends DescMessage>(
  schema: D,
  message: MessageShape<D>,
): MessageShape<D> {
  const copy = cloneMessage(message);
  visitSensitive(schema, copy, clearField);
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

type Visit = (holder: Message, field: DescField) => void;

function visitSensitive(schema: DescMessage, message: Message, visit: Visit): void {
  if (!mayHoldSecrets(schema)) return;
  for (const field of schema.fields) {
    if (!isFieldSet(message, field)) continue;
    if (isSensitive(field)) visit(message, field);
    else if (field.message) {
      for (const one of messagesIn(message, field)) visitSensitive(field.message, one, visit);
    }
  }
}
