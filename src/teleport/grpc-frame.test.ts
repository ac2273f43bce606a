// Framing: what is framed is found again, however the bytes are cut.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader, frame } from './grpc-frame.js';

const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 });

function read(bytes: Uint8Array, sizes: readonly number[], limit = 1000) {
  const found: Uint8Array[] = [];
  const reader = new FrameReader(limit, (message) => found.push(message));
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    reader.push(bytes.subarray(at, at + size));
    at += size;
  }
  return { found: found.map((message) => [...message]), isBetween: reader.isBetween };
}

describe('FrameReader', () => {
  it('finds the messages however the body is cut', () => {
    fc.assert(
      fc.property(messages, cuts, (list, sizes) => {
        const body = Buffer.concat(list.map(frame));
        const wanted = { found: list.map((message) => [...message]), isBetween: true };
        expect(read(body, sizes)).toEqual(wanted);
        expect(read(body, [1_000_000])).toEqual(wanted);
      }),
    );
  });

  it('knows when a body ends within a message', () => {
    const body = frame(Uint8Array.of(1, 2, 3));
    expect(read(body.subarray(0, 7), [2])).toEqual({ found: [], isBetween: false });
    expect(read(body.subarray(0, 3), [3])).toEqual({ found: [], isBetween: false });
  });

  it('refuses what is compressed or too large, before it is there', () => {
    expect(() => read(Uint8Array.of(1, 0, 0, 0, 1), [5])).toThrow('compressed');
    expect(() => read(Uint8Array.of(0, 0, 0, 4, 0), [5], 1023)).toThrow('1024 bytes');
  });
});
