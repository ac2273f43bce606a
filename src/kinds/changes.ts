// What differs between two resources, as names of fields and never as values: for Events and status.
import { type DescField, type DescMessage, isFieldSet, type Message } from '@bufbuild/protobuf';
import { heldBy } from '../core/held-by.js';
import { fieldCanonical } from './canonical.js';
import { asMessage } from './codec/held.js';
import { fieldName } from './codec/index.js';

/** How deep fields are told apart: `spec.options.max_session_ttl`. */
const depth = 4;

/**
 * CR names of the fields that differ. Fields that Teleport treats alike (unset and empty) don't.
 * @param dropped dotted paths (protobuf local names) that are left out.
 */
export function changedFields(
  schema: DescMessage,
  before: Message,
  after: Message,
  dropped: ReadonlySet<string> = new Set(),
): string[] {
  return compare(schema, before, after, { local: '', shown: '' }, dropped, depth);
}

interface Path {
  readonly local: string;
  readonly shown: string;
}

function compare(
  schema: DescMessage,
  before: Message,
  after: Message,
  at: Path,
  dropped: ReadonlySet<string>,
  levels: number,
): string[] {
  return schema.fields.flatMap((field) => {
    const path = { local: join(at.local, field.localName), shown: join(at.shown, nameOf(field)) };
    if (dropped.has(path.local)) return [];
    if (
      fieldCanonical(before, field, path.local, dropped) === fieldCanonical(after, field, path.local, dropped)
    )
      return [];
    const both = isFieldSet(before, field) && isFieldSet(after, field);
    if (field.fieldKind !== 'message' || !both || levels === 1) return [path.shown];
    const inner = field.message;
    const inside = (one: Message): Message => asMessage(field, inner, heldBy(one, field));
    return compare(inner, inside(before), inside(after), path, dropped, levels - 1);
  });
}

const join = (parent: string, name: string): string => (parent === '' ? name : `${parent}.${name}`);

/** Legacy messages name their top fields in Go's way; users know them in small letters. */
function nameOf(field: DescField): string {
  return fieldName(field).replace(/^(Metadata|Spec|Header)$/, (name) => name.toLowerCase());
}
