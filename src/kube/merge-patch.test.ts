import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mergedWhole, mergePatch } from './merge-patch.js';

test.each([
  [{ a: 1 }, { a: 1 }, undefined],
  [{ a: 1, foreign: 2 }, { a: 1 }, undefined],
  [{ a: 1, foreign: 2 }, { a: 3 }, { a: 3 }],
  [{ a: 1 }, { a: undefined }, { a: null }],
  [{}, { a: undefined }, undefined],
  [{ a: { b: 1, c: 2 } }, { a: { b: 1 } }, { a: { c: null } }],
  [{ a: { b: { c: 1 } } }, { a: { b: { c: 1, d: 2 } } }, { a: { b: { d: 2 } } }],
  [{ a: [1, 2] }, { a: [1] }, { a: [1] }],
  [{ a: [1] }, { a: { b: 1 } }, { a: { b: 1 } }],
  [{ a: { b: 1 } }, { a: 'text' }, { a: 'text' }],
])('from %j to %j: %j', (from, to, patch) => {
  expect(mergePatch(from, to)).toEqual(patch);
});

/** RFC 7396, written down once more for the test. */
function apply(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = apply(result[name], value);
  }
  return result;
}

const name = fc.constantFrom('a', 'b', 'c');
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<unknown>(1, 'x', true),
    fc.array(fc.nat(3), { maxLength: 2 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  ),
}));
const mapping = fc.dictionary(name, value, { maxKeys: 3 });

test('the patch makes the one out of the other, and leaves the rest', () => {
  fc.assert(
    fc.property(mapping, mapping, (from, to) => {
      const result = apply(from, mergePatch(from, to) ?? {});
      expect(result).toEqual({ ...from, ...to });
      expect(mergePatch(Object(result), to)).toBeUndefined();
    }),
  );
});

test('the whole is what the patch would make', () => {
  fc.assert(
    fc.property(mapping, mapping, fc.option(name, { nil: undefined }), (from, to, gone) => {
      const wanted = gone === undefined ? to : { ...to, [gone]: undefined };
      expect(mergedWhole(from, wanted)).toEqual(apply(from, mergePatch(from, wanted) ?? {}));
    }),
  );
});

test('the whole has no field that the patch would remove', () => {
  expect(Object.keys(mergedWhole({ a: 1, b: 1 }, { a: undefined, b: null, c: 1 }) ?? {})).toEqual(['c']);
});

test.each([[2 ** 53], [0.5], [[{ a: -(2 ** 60) }]]])(
  'no whole with %j in a field that is not named',
  (value) => {
    expect(mergedWhole({ theirs: value, ours: 1 }, { ours: 2 })).toBeUndefined();
    expect(mergedWhole({ theirs: value, ours: 1 }, { ours: 2, theirs: 1 })).toEqual({ ours: 2, theirs: 1 });
  },
);
