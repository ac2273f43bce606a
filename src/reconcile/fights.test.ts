// When a correction would be one too many.
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../core/virtual-clock.js';
import { Fights } from './fights.js';

function world() {
  const clock = new VirtualClock();
  const fights = new Fights(clock);
  /** Finds these fields changed; corrects them unless it is a fight. @returns whether it is */
  const found = (fields: string[], attempt = '1', object = 'ns/a'): boolean => {
    const fought = fights.isFought(object, attempt, fields);
    if (!fought) fights.corrected(object, attempt, fields);
    return fought;
  };
  return { clock, fights, found };
}

describe('a fight', () => {
  it('is noticed after two corrections of the same field, and forgotten after ten minutes', async () => {
    const { found, clock } = world();
    expect([found(['a']), found(['a']), found(['a'])]).toEqual([false, false, true]);
    await clock.advance(600_000);
    expect(found(['a'])).toBe(false);
  });

  it('is noticed where the fields change by turns', () => {
    const { found } = world();
    expect([['a'], ['b'], ['a'], ['b']].map((fields) => found(fields))).not.toContain(true);
    expect([found(['a']), found(['b']), found(['a', 'b'])]).toEqual([true, true, true]);
  });

  it('over one field does not keep another from being put right', () => {
    const { found } = world();
    expect([found(['a']), found(['a']), found(['a'])]).toEqual([false, false, true]);
    expect([found(['a', 'grant']), found(['a', 'grant']), found(['a', 'grant'])]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('over labels of ownership, which have no field, is noticed as well', () => {
    const { found } = world();
    expect([found([]), found([]), found([])]).toEqual([false, false, true]);
  });

  it('is one object’s, and over when the user asks anew or the object goes', () => {
    const { found, fights } = world();
    for (let i = 0; i < 2; i++) found(['a']);
    expect(found(['a'], '1', 'ns/b')).toBe(false);
    expect(found(['a'], '2')).toBe(false);
    for (let i = 0; i < 2; i++) found(['a'], '2');
    expect(found(['a'], '2')).toBe(true);
    fights.forget('ns/a');
    expect(found(['a'], '2')).toBe(false);
  });
});
