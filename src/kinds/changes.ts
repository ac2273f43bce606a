// What differs between two resources, as names of fields and never as values: for Events and status.
import { type DescField, type DescMessage, isFieldSet, type Message } from '@bufbuild/protobuf';
import { DurationSchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { heldBy } from '../core/held-by.js';
import { fieldCanonical, presenceMatters } from './canonical.js';
import { asMessage } from './codec/held.js';
import { fieldName, isSensitive } from './codec/index.js';

const times: ReadonlySet<string> = new Set([TimestampSchema.typeName, DurationSchema.typeName]);

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
  const found: string[] = [];
  for (const field of schema.fields) {
    const was = isFieldSet(before, field);
    const is = isFieldSet(after, field);
    if (!was && !is) continue;
    const local = join(at.local, field.localName);
    if (dropped.has(local) || isSensitive(field)) continue;
    const path = { local, shown: join(at.shown, nameOf(field)) };
    if (was && is && levels > 1 && field.fieldKind === 'message' && !isOneValue(field.message)) {
      // Told apart by its fields: each text is made once.
      const inner = field.message;
      const inside = (one: Message): Message => asMessage(field, inner, heldBy(one, field));
      found.push(...compare(inner, inside(before), inside(after), path, dropped, levels - 1));
      continue;
    }
    const text = (one: Message): string => fieldCanonical(one, field, local, dropped);
    if (text(before) !== text(after)) found.push(path.shown);
  }
  return found;
}

/** Whether users know such a message as one value: nobody writes the seconds of a duration. */
function isOneValue({ typeName }: DescMessage): boolean {
  return times.has(typeName) || presenceMatters.has(typeName);
}

const join = (parent: string, name: string): string => (parent === '' ? name : `${parent}.${name}`);

/** Legacy messages name their top fields in Go's way; users know them in small letters. */
function nameOf(field: DescField): string {
  return fieldName(field).replace(/^(Metadata|Spec|Header)$/, (name) => name.toLowerCase());
}
