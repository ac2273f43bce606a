import { expect, test } from 'vitest';
import { VirtualClock } from '../core/virtual-clock.js';
import { EventFilter, type EventType } from './event-filter.js';

const plenty = { burst: 30_000, refillMs: 1 };

test('what is told about 20,000 objects is remembered for all of them, and not for more', () => {
  const filter = new EventFilter(new VirtualClock(), { Normal: plenty, Warning: plenty });
  for (let n = 0; n < 20_000; n++) expect(filter.admit(`u${n}`, 'Normal', 'text')).toBe('admitted');
  expect(filter.admit('u0', 'Normal', 'text')).toBe('repeated');
  expect(filter.admit('one more', 'Normal', 'text')).toBe('admitted');
  expect(filter.admit('u0', 'Normal', 'text')).toBe('admitted');
  expect(filter.admit('u19999', 'Normal', 'text')).toBe('repeated');
});

test('all objects together have an allowance, warnings one of their own', async () => {
  const clock = new VirtualClock();
  const filter = new EventFilter(clock);
  const admitted = (type: EventType, stem: string): number =>
    Array.from({ length: 1_000 }, (_, n) => filter.admit(`${stem}${n}`, type, 'text')).filter(
      (verdict) => verdict === 'admitted',
    ).length;
  expect(admitted('Normal', 'a')).toBe(50);
  expect(admitted('Warning', 'a')).toBe(100);
  await clock.advance(10_000);
  expect(admitted('Normal', 'b')).toBe(10);
  expect(admitted('Warning', 'b')).toBe(50);
});
