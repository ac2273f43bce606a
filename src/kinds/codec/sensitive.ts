// The sensitive text fields of a message, to be read and replaced: where secret:// references stand.
import { type DescField, type DescMessage, isFieldSet, type Message, ScalarType } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import { fieldName, isSensitive, mayHoldSecrets } from './fields.js';
import { messagesIn } from './held.js';

/** One text that Teleport treats as a secret. */
export interface SensitiveText {
  /** Where it stands in the object: `spec.client_secret`. */
  readonly path: string;
  readonly value: string;
  set(value: string): void;
}

/** Every sensitive text field that holds something, at any depth. */
export function sensitiveTexts(schema: DescMessage, message: Message, path: string): SensitiveText[] {
  if (!mayHoldSecrets(schema)) return [];
  return schema.fields
    .filter((field) => isFieldSet(message, field))
    .flatMap((field) => textsIn(message, field, `${path}.${fieldName(field)}`));
}

function textsIn(message: Message, field: DescField, path: string): SensitiveText[] {
  if (field.fieldKind === 'scalar' && field.scalar === ScalarType.STRING && isSensitive(field)) {
    const owner = reflect(field.parent, message);
    return [{ path, value: owner.get(field), set: (value) => owner.set(field, value) }];
  }
  if (field.fieldKind === 'map' || !field.message) return [];
  const { message: schema } = field;
  return messagesIn(message, field).flatMap((one, index) =>
    sensitiveTexts(schema, one, field.fieldKind === 'list' ? `${path}[${index}]` : path),
  );
}
