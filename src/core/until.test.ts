// The end of a piece of work in stages, in virtual time; and that nothing is left behind.
import { describe, expect, it } from 'vitest';
import { Until } from './until.js';
import { VirtualClock } from './virtual-clock.js';

const late = new Error('late');

function make(parent?: AbortSignal): { clock: VirtualClock; until: Until } {
  const clock = new VirtualClock();
  return { clock, until: new Until(clock, 10, () => late, parent) };
}

describe('Until', () => {
  it('is over in time, and calls off the stage it is at', async () => {
    const { clock, until } = make();
    const told: string[] = [];
    until.when(() => told.push('first'));
    until.when((reason) => told.push(`second: ${String(reason)}`));
    await clock.advance(9);
    expect([until.over, told]).toEqual([false, []]);
    await clock.advance(1);
    expect([until.over, until.reason, told]).toEqual([true, late, ['second: Error: late']]);
  });

  it('is over with the caller’s signal, with that one’s reason', () => {
    const parent = new AbortController();
    const { clock, until } = make(parent.signal);
    const signal = until.signal;
    parent.abort('gone');
    expect([until.over, until.reason, signal.reason, clock.pending]).toEqual([true, 'gone', 'gone', 0]);
  });

  it('is over from the start where the signal is, and calls a stage off at once', () => {
    const { clock, until } = make(AbortSignal.abort('before'));
    const told: unknown[] = [];
    until.when((reason) => told.push(reason));
    expect([until.over, told, until.signal.reason, clock.pending]).toEqual([true, ['before'], 'before', 0]);
  });

  it('calls nothing off when it is done with, nor a stage that has ended', async () => {
    const parent = new AbortController();
    const { clock, until } = make(parent.signal);
    const told: unknown[] = [];
    until.when((reason) => told.push(reason))();
    until.done();
    await clock.advance(10);
    parent.abort('gone');
    expect([until.over, told, clock.pending]).toEqual([false, [], 0]);
    const other = make();
    other.until.when((reason) => told.push(reason))();
    await other.clock.advance(10);
    expect([other.until.over, told]).toEqual([true, []]);
  });

  it('lets go of work that can’t be called off', async () => {
    const { clock, until } = make();
    await expect(until.race(Promise.resolve(1))).resolves.toBe(1);
    const never = until.race(new Promise(() => {})).catch((error: unknown) => error);
    await clock.advance(10);
    expect(await never).toBe(late);
    await expect(until.race(Promise.resolve(1))).rejects.toBe(late);
  });
});

describe('Until, as a signal,', () => {
  it('aborts with its reason in time, with its parent, and not when it is done with', async () => {
    const clock = new VirtualClock();
    const parent = new AbortController();
    const late = new Error('late');
    const timed = new Until(clock, 10, () => late, parent.signal);
    await clock.advance(10);
    expect(timed.signal.reason).toBe(late);
    const followed = new Until(clock, 10, () => late, parent.signal);
    const done = new Until(clock, 10, () => late, parent.signal);
    done.done();
    parent.abort('gone');
    expect([followed.signal.reason, done.signal.aborted]).toEqual(['gone', false]);
  });
});
