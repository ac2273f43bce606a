// One text for one meaning: two messages that Teleport treats alike print alike, whatever order their maps
// came in. Hashes and comparisons of resources are made of it. Secrets never enter it.
import { hash } from 'node:crypto';
import { type DescField, type DescMessage, isFieldSet, type Message, ScalarType } from '@bufbuild/protobuf';
import { heldBy } from '../core/held-by.js';
import { asMessage } from './codec/held.js';
import { isSensitive } from './codec/index.js';

/** Seconds of Go's zero time, year 1: how Go sends a time that was never set (kinds.md C.1). */
export const goZeroTime = -62_135_596_800n;

/** Messages whose mere presence says something: a false that is stated is not a default. */
export const presenceMatters: ReadonlySet<string> = new Set([
  'types.BoolValue',
  'google.protobuf.BoolValue',
  'google.protobuf.StringValue',
  'google.protobuf.Int64Value',
]);

const none: ReadonlySet<string> = new Set();

/**
 * The canonical text of a message. Unset, empty and Go's zero time print as nothing, maps are sorted, and
 * fields marked sensitive are left out.
 * @param dropped dotted paths (protobuf local names) that are left out.
 */
export function canonical(
  schema: DescMessage,
  message: Message,
  dropped: ReadonlySet<string> = none,
): string {
  return messageText(schema, message, '', dropped);
}

/** The canonical text of one field; empty where it is unset, dropped or a secret. */
export function fieldCanonical(
  message: Message,
  field: DescField,
  path: string,
  dropped: ReadonlySet<string>,
): string {
  if (isSensitive(field) || dropped.has(path) || !isFieldSet(message, field)) return '';
  return fieldText(message, field, path, dropped);
}

/** SHA-256 of a canonical text, in base64url. */
export function textHash(text: string): string {
  return hash('sha256', text, 'base64url');
}

const inOrder = new WeakMap<DescMessage, readonly DescField[]>();

/** The fields that enter the text, by number. */
function fieldsInOrder(schema: DescMessage): readonly DescField[] {
  let known = inOrder.get(schema);
  if (!known) {
    known = schema.fields.filter((field) => !isSensitive(field)).sort((a, b) => a.number - b.number);
    inOrder.set(schema, known);
  }
  return known;
}

function messageText(
  schema: DescMessage,
  message: Message,
  path: string,
  dropped: ReadonlySet<string>,
): string {
  if (schema.typeName === 'google.protobuf.Timestamp') return timestampText(message);
  let text = '';
  for (const field of fieldsInOrder(schema)) {
    if (!isFieldSet(message, field)) continue;
    const at = dropped.size === 0 ? '' : path === '' ? field.localName : `${path}.${field.localName}`;
    if (dropped.has(at)) continue;
    const one = fieldText(message, field, at, dropped);
    if (one !== '') text += `${text === '' ? '' : ','}${field.number}:${one}`;
  }
  if (text !== '') return `{${text}}`;
  return presenceMatters.has(schema.typeName) ? '{}' : '';
}

function fieldText(message: Message, field: DescField, path: string, dropped: ReadonlySet<string>): string {
  const held = heldBy(message, field);
  const below = mayReach(path, dropped) ? dropped : none;
  switch (field.fieldKind) {
    case 'message': {
      const text = messageText(field.message, asMessage(field, field.message, held), path, below);
      return text === '' && field.oneof ? '{}' : text;
    }
    case 'list': {
      const items = (held as readonly unknown[]).map((item) => itemText(field, item, path, below));
      return items.length > 0 ? `[${items.join(',')}]` : '';
    }
    case 'map': {
      const entries = Object.entries(held as object).map(
        ([key, value]) => `${JSON.stringify(key)}=${itemText(field, value, path, below)}`,
      );
      return entries.length > 0 ? `<${entries.sort().join(',')}>` : '';
    }
    case 'enum':
      return String(held);
    case 'scalar':
      return scalarText(field.scalar, held);
  }
}

/** Whether anything below the path is dropped. */
function mayReach(path: string, dropped: ReadonlySet<string>): boolean {
  const prefix = `${path}.`;
  for (const one of dropped) if (one.startsWith(prefix)) return true;
  return false;
}

/** One of a list's items or a map's values: even an empty message counts there. */
function itemText(
  field: DescField & { readonly fieldKind: 'list' | 'map' },
  item: unknown,
  path: string,
  dropped: ReadonlySet<string>,
): string {
  if (field.message) {
    return messageText(field.message, asMessage(field, field.message, item), path, dropped) || '{}';
  }
  return field.enum ? String(item) : scalarText(field.scalar, item);
}

function timestampText(message: Message): string {
  const { seconds, nanos } = message as Message & { seconds: bigint; nanos: number };
  return seconds === goZeroTime && nanos === 0 ? '' : `${seconds}.${nanos}`;
}

function scalarText(type: ScalarType, value: unknown): string {
  if (type === ScalarType.STRING) return JSON.stringify(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return String(value);
}
