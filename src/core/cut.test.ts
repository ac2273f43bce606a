import { expect, test } from 'vitest';
import { cut } from './cut.js';

test('a text is cut where it is too long, and no character of it in two', () => {
  expect(cut('x'.repeat(10), 10)).toBe('x'.repeat(10));
  expect(cut('x'.repeat(11), 10)).toBe(`${'x'.repeat(7)}...`);
  expect(cut(`${'x'.repeat(6)}😀tail`, 10)).toBe(`${'x'.repeat(6)}...`);
  expect(cut(`${'x'.repeat(5)}😀tail`, 10)).toBe(`${'x'.repeat(5)}😀...`);
});
