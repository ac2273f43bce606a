import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTime, isZeroTime, parseTime, zeroTime } from './time.js';

describe('parseTime', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0n, 0],
    ['2030-01-31T12:00:00Z', 1_896_091_200n, 0],
    ['2030-01-31T14:00:00+02:00', 1_896_091_200n, 0],
    ['2030-01-31T11:30:00-00:30', 1_896_091_200n, 0],
    ['2030-01-31T12:00:00.25Z', 1_896_091_200n, 250_000_000],
    ['2030-01-31T12:00:00.1234567899Z', 1_896_091_200n, 123_456_789],
    ['1969-12-31T23:59:59.5Z', -1n, 500_000_000],
    ['0001-01-01T00:00:00Z', -62_135_596_800n, 0],
    ['0099-01-01T00:00:00Z', -59_042_995_200n, 0],
    ['2028-02-29T00:00:00Z', 1_835_395_200n, 0],
    ['9999-12-31T23:59:59Z', 253_402_300_799n, 0],
  ])('%s', (text, seconds, nanos) => expect(parseTime(text)).toEqual({ seconds, nanos }));

  it.each([
    '',
    '2030-01-31',
    '2030-01-31T12:00:00',
    '2030-01-31 12:00:00Z',
    '2030-02-30T00:00:00Z',
    '2027-02-29T00:00:00Z',
    '2030-13-01T00:00:00Z',
    '2030-01-01T24:00:00Z',
    '2030-01-01T00:60:00Z',
    '2030-01-01T23:59:60Z',
    '2030-01-01T00:00:00+24:00',
    '2030-01-01T00:00:00.Z',
    '0000-12-31T00:00:00Z',
    '0001-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59-01:00',
    '1893456000',
  ])('refuses %j', (text) => expect(parseTime(text)).toBeUndefined());
});

it('knows the zero time of Go', () => {
  expect(isZeroTime(zeroTime)).toBe(true);
  expect(isZeroTime({ seconds: 0n, nanos: 0 })).toBe(false);
  expect(isZeroTime({ ...zeroTime, nanos: 1 })).toBe(false);
});

it('writes what it reads', () => {
  const seconds = fc.bigInt({ min: zeroTime.seconds, max: 253_402_300_799n });
  const nanos = fc.integer({ min: 0, max: 999_999_999 });
  fc.assert(
    fc.property(fc.record({ seconds, nanos }, { noNullPrototype: true }), (time) => {
      expect(parseTime(formatTime(time))).toEqual(time);
    }),
  );
  expect(formatTime({ seconds: 1_896_091_200n, nanos: 250_000_000 })).toBe('2030-01-31T12:00:00.25Z');
});
