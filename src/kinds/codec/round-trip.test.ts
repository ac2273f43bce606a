// Properties that hold for every message and every object of every kind in the list, those to come too.
import { equals } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageArbitrary } from '../../../test/builders/message-arbitrary.js';
import { kinds } from '../index.js';
import { DecodeError, fromObject, toObject } from './index.js';

/** Spec of each kind, once where kinds share it. */
const specs = [...new Map(kinds.map(({ spec }) => [spec.schema.typeName, spec])).values()];

describe.each(specs.map(({ schema, hidden }) => [schema.typeName, schema, hidden] as const))(
  '%s',
  (_, schema, hidden) => {
    const decode = (value: unknown) => fromObject(schema, value, { path: 'spec', hidden });

    it('reads what it wrote', () => {
      fc.assert(
        fc.property(messageArbitrary(schema, hidden), (message) => {
          const object: unknown = JSON.parse(JSON.stringify(toObject(schema, message, { hidden })));
          return equals(schema, decode(object), message);
        }),
        { numRuns: 60 },
      );
    });

    it('writes what it read', () => {
      fc.assert(
        fc.property(messageArbitrary(schema, hidden), (message) => {
          const object = toObject(schema, message, { hidden });
          expect(toObject(schema, decode(object), { hidden })).toEqual(object);
        }),
        { numRuns: 20 },
      );
    });

    it('reads or refuses any damaged object, naming the place on one line', () => {
      fc.assert(
        fc.property(
          messageArbitrary(schema, hidden),
          fc.infiniteStream(fc.nat()),
          fc.jsonValue(),
          (message, choices, junk) => {
            const object: unknown = JSON.parse(JSON.stringify(toObject(schema, message, { hidden })));
            return isReadOrRefused(() => decode(damaged(object, () => choices.next().value ?? 0, junk)));
          },
        ),
        { numRuns: 60 },
      );
    });
  },
);

/** Nothing but a DecodeError with places inside the spec may come of a damaged object. */
function isReadOrRefused(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const placed = error.problems.every(({ path }) => path.startsWith('spec'));
    return error.problems.length > 0 && placed && !/[\n\r]/.test(error.message);
  }
}

/** The object with one value, somewhere, replaced. */
function damaged(value: unknown, choose: () => number, junk: unknown): unknown {
  if (typeof value !== 'object' || value === null || choose() % 4 === 0) return junk;
  const keys = Object.keys(value);
  const key = keys[choose() % Math.max(keys.length, 1)];
  if (key === undefined) return junk;
  const part: unknown = (value as Record<string, unknown>)[key];
  return Object.assign(Array.isArray(value) ? [...value] : { ...value }, {
    [key]: damaged(part, choose, junk),
  });
}
