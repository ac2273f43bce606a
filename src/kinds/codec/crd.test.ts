// What the codec writes, the CRD lets through whole: every key is in the schema, so that nothing is pruned, and
// every value has a type that the schema takes. Kinds to come are covered as soon as they are declared.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { messageArbitrary } from '../../../test/builders/message-arbitrary.js';
import { crdFor, type Schema } from '../crd/index.js';
import { kinds } from '../index.js';
import { toObject } from './index.js';

it.each(kinds.map((kind) => [kind.object.kind, kind] as const))('%s', (_, kind) => {
  const { schema, hidden } = kind.spec;
  const crd = crdFor(kind, () => 'x').spec.versions[0]?.schema.openAPIV3Schema.properties?.['spec'] as Schema;
  fc.assert(
    fc.property(messageArbitrary(schema, hidden), (message) => {
      const object: unknown = JSON.parse(JSON.stringify(toObject(schema, message, { hidden })));
      expect(objections(crd, object, 'spec')).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

/** Paths at which an API server would refuse the value or drop it. */
function objections(schema: Schema, value: unknown, path: string): string[] {
  if (schema['x-kubernetes-preserve-unknown-fields'] && !schema.type) return [];
  if (schema['x-kubernetes-int-or-string']) return isIntOrString(value) ? [] : [path];
  if (!hasType(schema.type, value)) return [`${path}: ${JSON.stringify(value)} is no ${schema.type}`];
  if (Array.isArray(value))
    return value.flatMap((item, index) => objections(schema.items as Schema, item, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => {
    const own = Object.hasOwn(schema.properties ?? {}, key)
      ? schema.properties?.[key]
      : schema.additionalProperties;
    if (own === undefined && schema['x-kubernetes-preserve-unknown-fields']) return [];
    return typeof own === 'object' ? objections(own, item, `${path}.${key}`) : [`${path}.${key}: is pruned`];
  });
}

function isIntOrString(value: unknown): boolean {
  return Number.isInteger(value) || typeof value === 'string';
}

function hasType(type: string | undefined, value: unknown): boolean {
  switch (type) {
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      // 64-bit integers that JSON cannot hold exactly have no form that a CRD takes; Teleport has none so large.
      return Number.isInteger(value) || (typeof value === 'string' && /^-?\d{16,}$/.test(value));
    default:
      return typeof value === type;
  }
}
