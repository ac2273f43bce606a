import { expect, test } from 'vitest';
import { Places } from './places.js';

test('who finds no place begins in turn when one is left', () => {
  const places = new Places(2);
  const begun: string[] = [];
  expect([places.take(), places.take(), places.take()]).toEqual([true, true, false]);
  places.wait(() => begun.push('first'));
  const gaveUp = places.wait(() => begun.push('second'));
  places.wait(() => begun.push('third'));
  gaveUp();
  places.leave();
  places.leave();
  expect([begun, places.take()]).toEqual([['first', 'third'], false]);
  places.leave();
  expect([places.take(), places.take()]).toEqual([true, false]);
});
