// Fields of a kind under the names that objects have for them.
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { fieldName, isHidden, isSensitive } from '../../src/kinds/codec/fields.js';
import type { AnyKind } from '../../src/kinds/kind.js';

/** `Spec.SigningKeyPair` as `spec.signing_key_pair`; what no object can name is left out. */
export function crPaths(kind: AnyKind, dotted: readonly string[]): string[] {
  return dotted.flatMap((path) => {
    const names = path.split('.');
    const top = names[0]?.toLowerCase();
    if (top !== 'spec' || names.length < 2) return [];
    const found: string[] = ['spec'];
    let schema: DescMessage | undefined = kind.spec.schema;
    for (const name of names.slice(1)) {
      const field: DescField | undefined = schema?.fields.find(({ localName }) => localName === name);
      if (!field) throw new Error(`${kind.object.kind}: there is no field ${path}`);
      found.push(fieldName(field));
      schema = field.message;
    }
    return kind.spec.hidden.includes(found[1] ?? '') ? [] : [found.join('.')];
  });
}

/** Text fields of objects that Teleport treats as secrets. */
export function secretPaths({ spec: { schema, hidden } }: AnyKind): string[] {
  return secretsIn(schema, 'spec', new Set(hidden), []);
}

function secretsIn(
  schema: DescMessage,
  path: string,
  hidden: ReadonlySet<string>,
  above: readonly DescMessage[],
): string[] {
  // A message inside itself would never end.
  if (above.includes(schema)) return [];
  return schema.fields.flatMap((field) => {
    if (hidden.has(fieldName(field)) || isHidden(field)) return [];
    const at = `${path}.${fieldName(field)}`;
    if (field.fieldKind === 'scalar')
      return field.scalar === ScalarType.STRING && isSensitive(field) ? [at] : [];
    if (!field.message || field.fieldKind === 'map') return [];
    const inner = field.fieldKind === 'list' ? `${at}[]` : at;
    return secretsIn(field.message, inner, new Set(), [...above, schema]);
  });
}
