// The sensitive text fields of a message, to be read and replaced: where secret:// references stand.
import type { DescField, DescMessage, Message } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { fieldName, isSensitive } from './fields.js';

/** One text that Teleport treats as a secret. */
export interface SensitiveText {
  /** Where it stands in the object: `spec.client_secret`. */
  readonly path: string;
  readonly value: string;
  set(value: string): void;
}

/** Every sensitive text field that holds something, at any depth. */
export function sensitiveTexts(schema: DescMessage, message: Message, path: string): SensitiveText[] {
  return visit(reflect(schema, message), path);
}

function visit(message: ReflectMessage, path: string): SensitiveText[] {
  return message.fields
    .filter((field) => message.isSet(field))
    .flatMap((field) => visitField(message, field, path));
}

function visitField(message: ReflectMessage, field: DescField, parent: string): SensitiveText[] {
  const path = `${parent}.${fieldName(field)}`;
  if (field.fieldKind === 'scalar' && field.scalar === ScalarType.STRING && isSensitive(field)) {
    return [{ path, value: message.get(field), set: (value) => message.set(field, value) }];
  }
  if (field.fieldKind === 'message') return visit(message.get(field), path);
  if (field.fieldKind === 'list' && field.listKind === 'message') {
    return [...message.get(field)].flatMap((item, index) =>
      visit(item as ReflectMessage, `${path}[${index}]`),
    );
  }
  return [];
}
