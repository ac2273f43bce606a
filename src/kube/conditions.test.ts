import { expect, test } from 'vitest';
import { setConditions } from './conditions.js';

const t0 = Date.UTC(2026, 0, 1);
const t1 = t0 + 60_500;
const ready = { type: 'Ready', status: 'True', reason: 'Synced', message: 'fine' } as const;

test('a new condition gets the time in whole seconds and the generation', () => {
  expect(setConditions(undefined, [ready], { generation: 3, now: t1 })).toEqual([
    { ...ready, lastTransitionTime: '2026-01-01T00:01:00Z', observedGeneration: 3 },
  ]);
});

test('the time changes with the status only', () => {
  const before = setConditions([], [ready], { generation: 1, now: t0 });
  const other = setConditions(before, [{ ...ready, reason: 'New', message: 'm' }], {
    generation: 2,
    now: t1,
  });
  expect(other[0]).toMatchObject({
    reason: 'New',
    lastTransitionTime: '2026-01-01T00:00:00Z',
    observedGeneration: 2,
  });
  const failed = setConditions(before, [{ ...ready, status: 'False' }], { generation: 1, now: t1 });
  expect(failed[0]?.lastTransitionTime).toBe('2026-01-01T00:01:00Z');
});

test('the same conditions give an equal list', () => {
  const before = setConditions([], [ready], { generation: 1, now: t0 });
  expect(setConditions(before, [ready], { generation: 1, now: t1 })).toEqual(before);
});

test("others' conditions stay, the order too, new types come last", () => {
  const foreign = {
    type: 'Audited',
    status: 'Unknown',
    reason: 'R',
    message: '',
    lastTransitionTime: 'x',
    extra: 1,
  };
  const before = [{ ...ready, lastTransitionTime: 'y' }, foreign];
  const after = setConditions(before, [{ ...ready, type: 'Owned' }, ready], { generation: 1, now: t0 });
  expect(after.map((condition) => condition.type)).toEqual(['Ready', 'Audited', 'Owned']);
  expect(after[1]).toEqual(foreign);
});

test('what is no condition is dropped, a doubled type is merged', () => {
  const before = [
    null,
    5,
    { status: 'True' },
    { ...ready, lastTransitionTime: 'a' },
    { ...ready, lastTransitionTime: 'b' },
  ];
  expect(setConditions(before, [ready], { generation: undefined, now: t0 })).toEqual([
    { ...ready, lastTransitionTime: 'a' },
  ]);
  expect(setConditions('text', [], { generation: 1, now: t0 })).toEqual([]);
});

test('a message is cut at the API limit without splitting a character', () => {
  const message = `${'x'.repeat(32_764)}😀tail`;
  const [condition] = setConditions([], [{ ...ready, message }], { generation: 1, now: t0 });
  expect(condition?.message.length).toBeLessThanOrEqual(32_768);
  expect(condition?.message).toBe(`${'x'.repeat(32_764)}...`);
});
