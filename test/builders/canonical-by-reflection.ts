// The canonical text of a message as protobuf's own reflection sees it: slower than src/kinds/canonical.ts, and an
// independent way to the same text.
import { type DescField, type DescMessage, isMessage, type Message, ScalarType } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { goZeroTime, presenceMatters } from '../../src/kinds/canonical.js';
import { isSensitive } from '../../src/kinds/codec/index.js';

/** What `canonical` is to say. */
export function canonicalByReflection(
  schema: DescMessage,
  message: Message,
  dropped: ReadonlySet<string>,
): string {
  return messageText(reflect(schema, message), '', dropped);
}

function fieldCanonical(
  message: ReflectMessage,
  field: DescField,
  path: string,
  dropped: ReadonlySet<string>,
): string {
  if (!message.isSet(field) || isSensitive(field) || dropped.has(path)) return '';
  return fieldText(message, field, path, dropped);
}

function messageText(message: ReflectMessage, path: string, dropped: ReadonlySet<string>): string {
  if (message.desc.typeName === 'google.protobuf.Timestamp') return timestampText(message);
  const parts: string[] = [];
  for (const field of message.sortedFields) {
    const at = path === '' ? field.localName : `${path}.${field.localName}`;
    const text = fieldCanonical(message, field, at, dropped);
    if (text !== '') parts.push(`${field.number}:${text}`);
  }
  if (parts.length > 0) return `{${parts.join(',')}}`;
  return presenceMatters.has(message.desc.typeName) ? '{}' : '';
}

function fieldText(
  message: ReflectMessage,
  field: DescField,
  path: string,
  dropped: ReadonlySet<string>,
): string {
  switch (field.fieldKind) {
    case 'message': {
      const text = messageText(message.get(field), path, dropped);
      return text === '' && field.oneof ? '{}' : text;
    }
    case 'list': {
      const items = [...message.get(field)].map((item) =>
        field.listKind === 'message'
          ? messageText(item as ReflectMessage, path, dropped) || '{}'
          : scalarText(item),
      );
      return items.length > 0 ? `[${items.join(',')}]` : '';
    }
    case 'map': {
      const entries = [...message.get(field)].map(
        ([key, value]) =>
          `${JSON.stringify(String(key))}=${
            field.mapKind === 'message'
              ? messageText(value as ReflectMessage, path, dropped) || '{}'
              : scalarText(value)
          }`,
      );
      return entries.length > 0 ? `<${entries.sort().join(',')}>` : '';
    }
    case 'enum':
      return String(message.get(field));
    case 'scalar':
      return field.scalar === ScalarType.BYTES
        ? Buffer.from(message.get(field)).toString('base64')
        : scalarText(message.get(field));
  }
}

function timestampText(message: ReflectMessage): string {
  const { seconds, nanos } = message.message as Message & { seconds: bigint; nanos: number };
  return seconds === goZeroTime && nanos === 0 ? '' : `${seconds}.${nanos}`;
}

function scalarText(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (isMessage(value)) throw new Error('canonical: a message where a scalar was expected');
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
