import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, formatSeconds, longestDuration, parseDuration } from './duration.js';

const second = 1_000_000_000n;
const hour = 3600n * second;

describe('parseDuration', () => {
  it.each([
    ['30h', 30n * hour],
    ['1h30m', hour + hour / 2n],
    ['never', 0n],
    ['0', 0n],
    ['-0', 0n],
    ['0s', 0n],
    ['+1s', second],
    ['-1.5h', -(hour + hour / 2n)],
    ['.5s', second / 2n],
    ['1.s', second],
    ['100ns', 100n],
    ['3us', 3000n],
    ['3\u00b5s', 3000n],
    ['3\u03bcs', 3000n],
    ['2ms', 2_000_000n],
    ['30d', 720n * hour],
    ['1w', 168n * hour],
    ['1mo', 720n * hour],
    ['1m', 60n * second],
    ['1y', 8760n * hour],
    ['1y1mo1d1h1m1s', (8760n + 720n + 24n + 1n) * hour + 61n * second],
    ['2 weeks', 336n * hour],
    ['1 hour 30 minutes', hour + hour / 2n],
    ['43200s', 12n * hour],
    ['1800.5s', 1800n * second + second / 2n],
    ['9223372036854775807ns', longestDuration],
  ])('%s', (text, expected) => expect(parseDuration(text)).toBe(expected));

  it.each([
    '',
    '-',
    'h',
    '.',
    '.h',
    '1',
    '1.5',
    '1x',
    '1H',
    'Never',
    '1h-1m',
    'h1',
    '1h 30',
    ' 1h',
    '1..5h',
    '300y',
    '9223372036854775808ns',
    '1e3s',
    '0x1s',
    '1s'.repeat(101),
  ])('refuses %j', (text) => expect(parseDuration(text)).toBeUndefined());
});

describe('formatDuration', () => {
  it.each([
    [0n, '0s'],
    [30n * hour, '30h0m0s'],
    [hour / 2n, '30m0s'],
    [90n * second, '1m30s'],
    [second + second / 2n, '1.5s'],
    [250_000_000n, '250ms'],
    [1_500n, '1.5\u00b5s'],
    [1n, '1ns'],
    [-(hour + 1n), '-1h0m0.000000001s'],
  ])('%s', (nanoseconds, text) => expect(formatDuration(nanoseconds)).toBe(text));

  it('writes what parseDuration reads as the same', () => {
    const length = fc.bigInt({ min: -longestDuration, max: longestDuration });
    fc.assert(
      fc.property(length, (nanoseconds) => parseDuration(formatDuration(nanoseconds)) === nanoseconds),
    );
    fc.assert(
      fc.property(length, (nanoseconds) => parseDuration(formatSeconds(nanoseconds)) === nanoseconds),
    );
    const short = fc.bigInt({ min: -10n * second, max: 10n * second });
    fc.assert(
      fc.property(short, (nanoseconds) => parseDuration(formatDuration(nanoseconds)) === nanoseconds),
    );
  });
});

it('formatSeconds writes as protobuf does', () => {
  expect([12n * hour, 0n, -1n, second / 2n].map(formatSeconds)).toEqual([
    '43200s',
    '0s',
    '-0.000000001s',
    '0.5s',
  ]);
});

it('reads any text or refuses it', () => {
  fc.assert(fc.property(fc.string(), (text) => ['bigint', 'undefined'].includes(typeof parseDuration(text))));
});
