// The canonical text of any message of any kind is what protobuf's reflection says it is.
import type { DescMessage, Message } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalByReflection } from '../../test/builders/canonical-by-reflection.js';
import { messageArbitrary } from '../../test/builders/message-arbitrary.js';
import { canonical } from './canonical.js';
import { changedFields } from './changes.js';
import { kinds } from './index.js';

const head = { name: 'x', description: 'd', labels: { team: 'a', b: '' }, expires: undefined };

describe.each(kinds.map((kind) => [kind.object.kind, kind] as const))('the text of %s', (_, kind) => {
  const spec: DescMessage = kind.spec.schema;
  const resources = messageArbitrary(spec, kind.spec.hidden).map(
    (one): Message => kind.form.build(kind.resource, head, one),
  );

  it('is the one that reflection gives', () => {
    fc.assert(
      fc.property(resources, (resource) => {
        const none = new Set<string>();
        expect(canonical(kind.schema, resource)).toBe(canonicalByReflection(kind.schema, resource, none));
      }),
      { numRuns: 30 },
    );
  });

  it('lacks what is dropped, at any depth', () => {
    const dropped = new Set([
      ...kind.form.serverOwned,
      ...paths(kind.schema, 3).filter((__, i) => i % 7 === 3),
    ]);
    fc.assert(
      fc.property(resources, (resource) => {
        expect(canonical(kind.schema, resource, dropped)).toBe(
          canonicalByReflection(kind.schema, resource, dropped),
        );
      }),
      { numRuns: 30 },
    );
  });
});

describe.each(kinds.map((kind) => [kind.object.kind, kind] as const))('two of %s', (_, kind) => {
  const resources = messageArbitrary(kind.spec.schema, kind.spec.hidden).map(
    (one): Message => kind.form.build(kind.resource, head, one),
  );

  it('differ in fields that are named, or not at all', () => {
    const dropped = new Set([...kind.form.serverOwned, ...kind.serverOwned]);
    const text = (one: Message): string => canonical(kind.schema, one, dropped);
    fc.assert(
      fc.property(resources, resources, (one, other) => {
        expect(changedFields(kind.schema, one, other, dropped).length > 0).toBe(text(one) !== text(other));
        expect(changedFields(kind.schema, one, one, dropped)).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});

/** Dotted paths of fields, so many levels deep. */
function paths(schema: DescMessage, levels: number, parent = ''): string[] {
  if (levels === 0) return [];
  return schema.fields.flatMap((field) => {
    const path = `${parent}${field.localName}`;
    return [path, ...(field.message ? paths(field.message, levels - 1, `${path}.`) : [])];
  });
}
