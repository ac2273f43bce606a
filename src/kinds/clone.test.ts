// A copy of any message of any kind says what the message says, and nothing done to it is seen there.
import { clone, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageArbitrary } from '../../test/builders/message-arbitrary.js';
import { cloneMessage } from './clone.js';
import { kinds } from './index.js';

const head = { name: 'x', description: 'd', labels: { team: 'a', b: '' }, expires: undefined };

describe.each(kinds.map((kind) => [kind.object.kind, kind] as const))('a copy of %s', (_, kind) => {
  it('is the one that protobuf makes, and one of its own', () => {
    fc.assert(
      fc.property(messageArbitrary(kind.spec.schema, kind.spec.hidden), (spec) => {
        const built = kind.form.build(kind.resource, head, spec);
        expect(cloneMessage(built)).toEqual(clone(kind.schema, built));
        // as it comes from Teleport: bytes are parts of a Buffer, and there may be a field that we don't know
        const unknown = Uint8Array.of(0xfa, 0x7f, 1, 7);
        const message: Message = fromBinary(
          kind.schema,
          Buffer.concat([toBinary(kind.schema, built), unknown]),
        );
        const before = toBinary(kind.schema, message);
        const copy = cloneMessage(message);
        expect(toBinary(kind.schema, copy)).toEqual(before);
        ruin(copy);
        expect(toBinary(kind.schema, message)).toEqual(before);
      }),
      { numRuns: 30 },
    );
  });
});

/** Changes everything that can be changed, at any depth. */
function ruin(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (value instanceof Uint8Array) {
    value.fill(0xff);
    return;
  }
  for (const inner of Object.values(value)) ruin(inner);
  if (Array.isArray(value)) value.length = 0;
  else for (const name of Object.keys(value)) Reflect.deleteProperty(value, name);
}
