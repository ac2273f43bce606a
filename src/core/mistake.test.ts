import { describe, expect, it } from 'vitest';
import { mistakeBehind, placeOf, unforeseen } from './mistake.js';

/** What the program does to be wrong. */
function thrown(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

const nothing = undefined as unknown as { name: string };
const wrongType = thrown(() => nothing.name);

describe('mistakeBehind', () => {
  it.each([
    ['what is not there is read', wrongType],
    ['what is no function is called', thrown(() => (nothing as unknown as () => void)())],
    ['a time that is none is written', thrown(() => new Date(Number.NaN).toISOString())],
    [
      'a function calls itself for ever',
      thrown(function again(): unknown {
        return [again()];
      }),
    ],
    ['Node is given a wrong type', thrown(() => Buffer.from(1 as unknown as string))],
  ])('is it where %s', (_, error) => {
    expect(mistakeBehind(error)).toBe(error);
  });

  it('is found however often it was wrapped', () => {
    const wrapped = new Error('The call failed', { cause: new Error('no luck', { cause: wrongType }) });
    expect(mistakeBehind(wrapped)).toBe(wrongType);
  });

  it.each([
    ['a plain error', new Error('no route')],
    ['a refused connection', Object.assign(new Error('x'), { code: 'ECONNREFUSED' })],
    ['JSON that is none', thrown(() => JSON.parse('<html>'))],
    ['an address that is none', thrown(() => new URL('a b'))],
    ['fetch without a network', new TypeError('fetch failed', { cause: new Error('getaddrinfo') })],
    ['an abort', AbortSignal.abort().reason],
    ['no error', 'a text'],
    ['nothing', undefined],
  ])('is none in %s', (_, error) => {
    expect(mistakeBehind(error)).toBeUndefined();
  });

  it('ends where causes go in a circle', () => {
    const error = new Error('a');
    error.cause = new Error('b', { cause: error });
    expect(mistakeBehind(error)).toBeUndefined();
  });
});

describe('placeOf', () => {
  it('has the calls, innermost first, and no text of the error', () => {
    const error = thrown(function inner() {
      throw new Error('no such user: alice\n    at home\nhunter2');
    });
    const lines = placeOf(error).split('\n');
    expect(lines[0]).toMatch(/^ {4}at inner \(.*mistake\.test\.ts:\d+:\d+\)$/);
    expect(lines.length).toBeGreaterThan(1);
    expect(placeOf(error)).not.toMatch(/alice|home|hunter2/);
  });

  it('is that of the mistake, not of who wrapped it', () => {
    expect(placeOf(new Error('wrapped', { cause: wrongType }))).toBe(placeOf(wrongType));
  });

  it.each([['a text'], [undefined], [Object.assign(new Error('x'), { stack: undefined })]])(
    'is empty for %s',
    (error) => {
      expect(placeOf(error)).toBe('');
    },
  );
});

it('unforeseen tells of anything that can be thrown', () => {
  expect(unforeseen(wrongType)).toEqual({ error: wrongType, stack: placeOf(wrongType) });
  expect(unforeseen(undefined)).toEqual({ error: 'undefined', stack: '' });
});
