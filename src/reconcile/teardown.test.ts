// When an object's end is part of a greater one, in virtual time.
import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { sleep } from '../core/abort.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { type Ending, Teardown } from './teardown.js';

function world(answers: (Ending | Error)[], allGoing: boolean) {
  const clock = new VirtualClock();
  let asked = 0;
  const teardown = new Teardown({
    clock,
    allGoing: () => allGoing,
    ask: async () => {
      const answer = answers[Math.min(asked++, answers.length - 1)];
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  const { signal } = new AbortController();
  return { clock, ending: () => teardown.ending('ns', signal), asked: () => asked };
}

describe('Teardown', () => {
  it('asks once for a crowd of deletions', async () => {
    const { ending, asked, clock } = world([undefined], false);
    expect(await Promise.all([ending(), ending(), ending()])).toEqual([undefined, undefined, undefined]);
    expect(asked()).toBe(1);
    await clock.advance(1_001);
    await ending();
    expect(asked()).toBe(2);
  });

  it('does not take an answer of before the deletion for one about it', async () => {
    const { ending, clock } = world([undefined, 'its namespace'], false);
    expect(await ending()).toBeUndefined();
    await clock.advance(300);
    expect(await ending()).toBe('its namespace');
  });

  it('asks once more for all that came while it asked', async () => {
    const clock = new VirtualClock();
    let asked = 0;
    const ask = async (): Promise<Ending> => {
      asked++;
      await sleep(clock, 10);
      return undefined;
    };
    const teardown = new Teardown({ clock, allGoing: () => false, ask });
    const { signal } = new AbortController();
    setMaxListeners(0, signal);
    const all = [teardown.ending('ns', signal)];
    await clock.advance(1);
    for (let i = 0; i < 20; i++) all.push(teardown.ending('ns', signal));
    await clock.advance(1);
    for (let i = 0; i < 20; i++) all.push(teardown.ending('ns', signal));
    await clock.advance(97);
    expect(asked).toBe(1);
    await clock.advance(11);
    await Promise.all(all);
    expect(asked).toBe(2);
    expect(clock.monotonic()).toBe(110);
  });

  it('asks less and less often while deletions follow each other, and at once after a rest', async () => {
    const { ending, asked, clock } = world([undefined], false);
    for (let i = 0; i < 1_000; i++) {
      const one = ending();
      await clock.advance(10);
      if (i % 50 === 49) await Promise.all([clock.advance(400), one]);
    }
    // Of 10 s and 20 rests of 0.4 s; ten a second would be 180.
    expect(asked()).toBeLessThan(60);
    expect(asked()).toBeGreaterThan(30);
    await clock.advance(2_000);
    const before = clock.monotonic();
    await ending();
    expect(clock.monotonic()).toBe(before);
  });

  it('looks twice where all objects go at once', async () => {
    const { ending, clock } = world([undefined, 'its CRD'], true);
    const result = ending();
    await clock.advance(1_500);
    expect(await result).toBe('its CRD');
  });

  it('lets a crowd of deletions wait once, and asks on while it goes', async () => {
    const { ending, asked, clock } = world([undefined, undefined, undefined, 'its namespace'], true);
    const first = [ending(), ending()];
    await clock.advance(1_500);
    expect(await Promise.all(first)).toEqual([undefined, undefined]);
    const before = clock.monotonic();
    expect(await ending()).toBeUndefined();
    await clock.advance(1_100);
    expect(await ending()).toBeUndefined();
    expect(clock.monotonic() - before).toBe(1_100);
    await clock.advance(1_100);
    expect(await ending()).toBe('its namespace');
    expect(asked()).toBe(4);
  });

  it('looks twice again at a later crowd', async () => {
    const { ending, clock } = world([undefined, undefined, undefined, 'its CRD'], true);
    const first = ending();
    await clock.advance(1_500);
    await first;
    await clock.advance(5_000);
    const later = ending();
    await clock.advance(1_500);
    expect(await later).toBe('its CRD');
  });

  it('does not take an error for an answer, nor remember it', async () => {
    const { ending } = world([new Error('away'), 'its namespace'], false);
    await expect(ending()).rejects.toThrow('away');
    expect(await ending()).toBe('its namespace');
  });
});
