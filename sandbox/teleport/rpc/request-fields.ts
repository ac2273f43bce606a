// What a request makes use of beside its RPC: the fields that are set in it. Resources are left alone: which fields a kind
// has is a matter of test/facts.
import { type DescField, type DescMessage, isFieldSet, type Message } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';

/**
 * Names of the fields that are set, those of messages within after a dot, e.g. `Kinds.Kind=role` of a watch.
 * A kind that is asked for by name is told with its value.
 */
export function requestFields(schema: DescMessage, message: Message, within = ''): string[] {
  if (isResource(schema)) return [];
  const found = new Set<string>();
  for (const field of schema.fields) {
    if (!isFieldSet(message, field)) continue;
    const name = `${within}${field.name}`;
    const inner = field.message;
    const parts = inner && !isForeign(inner) ? values(message, schema, field) : [];
    const more = inner ? parts.flatMap((part) => requestFields(inner, part, `${name}.`)) : [];
    if (more.length > 0) for (const one of more) found.add(one);
    else
      found.add(within !== '' && field.name === 'Kind' ? `${name}=${textOf(message, schema, field)}` : name);
  }
  return [...found];
}

/** Every resource of Teleport has metadata, or a header with them. */
function isResource(schema: DescMessage): boolean {
  return schema.fields.some(({ name }) => /^(metadata|header)$/i.test(name));
}

/** Timestamps and the like: values, not requests. */
function isForeign({ typeName }: DescMessage): boolean {
  return typeName.startsWith('google.protobuf.');
}

function textOf(message: Message, schema: DescMessage, field: DescField): string {
  const value: unknown = reflect(schema, message).get(field);
  return typeof value === 'string' ? value : '';
}

function values(message: Message, schema: DescMessage, field: DescField): Message[] {
  const reflected = reflect(schema, message);
  if (field.fieldKind === 'message') return [reflected.get(field).message];
  if (field.fieldKind === 'list' && field.listKind === 'message')
    return [...reflected.get(field)].map((one) => (one as { message: Message }).message);
  return [];
}
