import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonLines } from './json-lines.js';

async function read(chunks: Buffer[]): Promise<unknown[]> {
  async function* stream(): AsyncGenerator<Buffer> {
    yield* chunks;
  }
  const values: unknown[] = [];
  for await (const value of jsonLines(stream())) values.push(value);
  return values;
}

test('values come out the same however the bytes are cut', async () => {
  const value = fc.dictionary(
    fc.string({ unit: 'grapheme' }),
    fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer()),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(value, { maxLength: 5 }),
      fc.array(fc.nat(20)),
      fc.boolean(),
      async (values, cuts, end) => {
        let text = values.map((one) => JSON.stringify(one)).join('\n');
        if (end && text) text += '\n';
        let rest = Buffer.from(text);
        const chunks: Buffer[] = [];
        for (const size of cuts) {
          chunks.push(rest.subarray(0, size));
          rest = rest.subarray(size);
        }
        chunks.push(rest);
        expect(JSON.stringify(await read(chunks))).toBe(JSON.stringify(values));
      },
    ),
  );
});

test('empty lines are left out, broken ones throw', async () => {
  expect(await read([Buffer.from('\n{"a":1}\r\n\r\n\n{"b":2}')])).toEqual([{ a: 1 }, { b: 2 }]);
  await expect(read([Buffer.from('{"a":\n')])).rejects.toThrow(SyntaxError);
});
