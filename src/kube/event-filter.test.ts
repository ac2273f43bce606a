import { expect, test } from 'vitest';
import { VirtualClock } from '../core/virtual-clock.js';
import { EventFilter } from './event-filter.js';

test('what is told about 20,000 objects is remembered for all of them, and not for more', () => {
  const filter = new EventFilter(new VirtualClock());
  for (let n = 0; n < 20_000; n++) expect(filter.admit(`u${n}`, 'text')).toBe(true);
  expect(filter.admit('u0', 'text')).toBe(false);
  expect(filter.admit('one more', 'text')).toBe(true);
  expect(filter.admit('u0', 'text')).toBe(true);
  expect(filter.admit('u19999', 'text')).toBe(false);
});
