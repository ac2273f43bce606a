// Waiting that can be called off, in virtual time; and that nothing is left behind.
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { aborted, childSignal, isAbort, sleep, whenAborted } from './abort.js';
import { VirtualClock } from './virtual-clock.js';

describe('sleep', () => {
  it('ends when the time is over, or with the signal’s reason', async () => {
    const clock = new VirtualClock();
    const stop = new AbortController();
    const whole = sleep(clock, 1_000, stop.signal);
    await clock.advance(1_000);
    await whole;
    const cut = sleep(clock, 1_000, stop.signal);
    const reason = new Error('stop');
    stop.abort(reason);
    await expect(cut).rejects.toBe(reason);
    await expect(sleep(clock, 1, stop.signal)).rejects.toBe(reason);
    expect(isAbort(reason, stop.signal)).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('leaves no listener', async () => {
    const clock = new VirtualClock();
    const { signal } = new AbortController();
    const done = sleep(clock, 1, signal);
    await clock.advance(1);
    await done;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

describe('whenAborted', () => {
  it('calls all that still wait, once, with one listener for all', () => {
    const stop = new AbortController();
    const told: string[] = [];
    const twice = (): void => void told.push('twice');
    whenAborted(stop.signal, () => told.push('one'));
    whenAborted(stop.signal, () => told.push('gave up'))();
    whenAborted(stop.signal, twice);
    whenAborted(stop.signal, twice)();
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1);
    stop.abort();
    whenAborted(stop.signal, () => told.push('too late'));
    expect(told).toEqual(['one', 'twice']);
  });

  it('leaves no listener when the last of them waits no more, and begins anew', () => {
    const stop = new AbortController();
    const told: string[] = [];
    const ends = ['a', 'b'].map((name) => whenAborted(stop.signal, () => told.push(name)));
    for (const end of ends) end();
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
    whenAborted(stop.signal, () => told.push('c'));
    for (const end of ends) end();
    stop.abort();
    expect(told).toEqual(['c']);
  });
});

describe('childSignal', () => {
  it('aborts with its parent or by itself, and leaves nothing with the parent', () => {
    const parent = new AbortController();
    const one = childSignal(parent.signal);
    const other = childSignal(parent.signal);
    one.abort('done');
    expect([one.signal.reason, other.signal.aborted]).toEqual(['done', false]);
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(1);
    parent.abort('all');
    expect(other.signal.reason).toBe('all');
    expect(childSignal(parent.signal).signal.reason).toBe('all');
  });

  it('aborts with any of several parents', () => {
    const [stop, change] = [new AbortController(), new AbortController()];
    const one = childSignal(stop.signal, change.signal);
    change.abort('changed');
    expect(one.signal.reason).toBe('changed');
    one.abort();
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
    expect(childSignal(stop.signal, change.signal).signal.reason).toBe('changed');
  });
});

describe('aborted', () => {
  it('resolves with the signal', async () => {
    const stop = new AbortController();
    const waiting = aborted(stop.signal);
    stop.abort();
    await waiting;
    await aborted(stop.signal);
    expect(stop.signal.aborted).toBe(true);
  });
});
