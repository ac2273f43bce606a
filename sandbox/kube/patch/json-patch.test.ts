import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonPatch } from './json-patch.js';
import { mergePatch } from './merge-patch.js';

describe('jsonPatch', () => {
  const target = { a: { b: [1, 2], 'c/d~e': 'x' } };

  it.each([
    [[{ op: 'add', path: '/a/b/1', value: 9 }], { a: { b: [1, 9, 2], 'c/d~e': 'x' } }],
    [[{ op: 'add', path: '/a/b/-', value: 9 }], { a: { b: [1, 2, 9], 'c/d~e': 'x' } }],
    [[{ op: 'replace', path: '/a/c~1d~0e', value: 'y' }], { a: { b: [1, 2], 'c/d~e': 'y' } }],
    [[{ op: 'remove', path: '/a/b/0' }], { a: { b: [2], 'c/d~e': 'x' } }],
    [[{ op: 'copy', from: '/a/b', path: '/z' }], { ...target, z: [1, 2] }],
    [[{ op: 'move', from: '/a/b', path: '/z' }], { a: { 'c/d~e': 'x' }, z: [1, 2] }],
    [[{ op: 'test', path: '/a/b', value: [1, 2] }], target],
    [[{ op: 'test', path: '/a/none', value: null }], target],
  ])('%j', (patch, result) => {
    expect(jsonPatch(target, patch)).toEqual(result);
  });

  it.each([
    [[{ op: 'remove', path: '/a/none' }]],
    [[{ op: 'replace', path: '/none', value: 1 }]],
    [[{ op: 'test', path: '/a/b/0', value: 2 }]],
    [[{ op: 'add', path: '/none/deeper', value: 1 }]],
    [[{ op: 'add', path: '/a/b/7', value: 1 }]],
    [[{ op: 'invent', path: '/a' }]],
    [{ not: 'a list' }],
  ])('refuses %j and changes nothing', (patch) => {
    const before = structuredClone(target);
    expect(() => jsonPatch(target, patch)).toThrow(/due to an error in our request|a JSON patch is a list/);
    expect(target).toEqual(before);
  });
});

describe('mergePatch', () => {
  it('merges objects, replaces lists, removes nulls', () => {
    const patched = mergePatch(
      { a: { b: 1, c: [1] }, d: 2 },
      { a: { b: null, c: [2] }, e: { f: null, g: 1 } },
    );
    expect(patched).toEqual({ a: { c: [2] }, d: 2, e: { g: 1 } });
  });

  it('is the same when done twice, and never changes what it was given', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (target, patch) => {
        const before = JSON.stringify([target, patch]);
        const once = mergePatch(target, patch);
        expect(mergePatch(once, patch)).toEqual(once);
        expect(JSON.stringify([target, patch])).toBe(before);
      }),
    );
  });
});
