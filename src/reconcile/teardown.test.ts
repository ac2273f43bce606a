// When an object's end is part of a greater one, in virtual time.
import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { anObject } from '../../test/builders/object.js';
import { sleep } from '../core/abort.js';
import { VirtualClock } from '../core/virtual-clock.js';
import type { KubeObject } from '../kube/object.js';
import { type Ending, Teardown } from './teardown.js';

/** Answers in their order, the last one for ever; an answer takes so many milliseconds. */
function world(answers: (Ending | Error)[], { allGoing = false, takesMs = 0 } = {}) {
  const clock = new VirtualClock();
  let asked = 0;
  const teardown = new Teardown({
    clock,
    allGoing: () => allGoing,
    ask: async () => {
      const answer = answers[Math.min(asked++, answers.length - 1)];
      if (takesMs > 0) await sleep(clock, takesMs);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  let count = 0;
  const object = (going = true): KubeObject =>
    anObject({
      metadata: {
        name: `role-${++count}`,
        namespace: 'ns',
        uid: `uid-${count}`,
        ...(going && { deletionTimestamp: '2026-11-21T00:00:00Z' }),
      },
    });
  /** An object whose deletion has just become known. */
  const gone = (): KubeObject => {
    const one = object();
    teardown.noticed({ new: one });
    return one;
  };
  const done = (one: KubeObject): void => teardown.noticed({ old: one });
  const ending = (one: KubeObject): Promise<Ending> => teardown.ending(one, signal);
  /** The answer, and how long it took. */
  const after = async (ms: number, pending: Promise<Ending>): Promise<Ending | 'too late'> => {
    let result: Ending | 'too late' = 'too late';
    const settled = pending.then((ending) => void (result = ending));
    await clock.advance(ms);
    if (result !== 'too late') await settled;
    return result;
  };
  return { clock, teardown, object, gone, done, ending, after, asked: () => asked };
}

describe('Teardown', () => {
  it('answers for a lone deletion soon, with one question', async () => {
    const { gone, ending, after, asked } = world([undefined]);
    expect(await after(50, ending(gone()))).toBeUndefined();
    expect(asked()).toBe(1);
  });

  it('looks again where others go as well: the word of what ends comes after the first of them', async () => {
    const { clock, gone, ending, after } = world([undefined, 'its CRD']);
    const first = gone();
    const pending = ending(first);
    await clock.advance(40);
    gone();
    expect(await after(1_460, pending)).toBe('its CRD');
  });

  it('looks again where the only object goes', async () => {
    const { gone, ending, after } = world([undefined, 'its CRD'], { allGoing: true });
    expect(await after(1_500, ending(gone()))).toBe('its CRD');
  });

  it('does not wait for what has waited for its turn', async () => {
    const { clock, gone, ending, after, asked } = world([undefined]);
    const crowd = Array.from({ length: 100 }, gone);
    await clock.advance(1_500);
    for (const one of crowd) expect(await after(0, ending(one))).toBeUndefined();
    expect(asked()).toBe(1);
  });

  it('does not take an answer of before the deletion for one about it', async () => {
    const { gone, done, ending, after } = world([undefined, 'its namespace']);
    const first = gone();
    expect(await after(50, ending(first))).toBeUndefined();
    done(first);
    expect(await after(100, ending(gone()))).toBe('its namespace');
  });

  it('does not take the answer of a first look for certain', async () => {
    const { clock, gone, ending, after, asked } = world([undefined, 'its namespace']);
    const [one, other] = [gone(), gone()];
    const pending = ending(one);
    await clock.advance(1_400);
    const late = ending(other);
    expect(await after(100, pending)).toBe('its namespace');
    expect(await late).toBe('its namespace');
    expect(asked()).toBe(2);
  });

  it('asks once more for all that came while it asked', async () => {
    const { clock, gone, ending, asked } = world([undefined], { takesMs: 10 });
    const early = Array.from({ length: 20 }, gone);
    await clock.advance(1_450);
    const late = Array.from({ length: 20 }, gone);
    const all = [...early, ...late].map(ending);
    await clock.advance(111);
    await Promise.all(all.slice(0, 20));
    await clock.advance(1_400);
    await Promise.all(all);
    // Of 1450, of 1550 for the first and again for the others, of 2950.
    expect(asked()).toBe(3);
  });

  it('asks less and less often while deletions follow each other, and at once after a rest', async () => {
    const { clock, gone, done, ending, after, asked } = world([undefined]);
    for (let i = 0; i < 1_000; i++) {
      const one = gone();
      const pending = ending(one);
      await clock.advance(10);
      done(one);
      if (i % 50 === 49) await Promise.all([clock.advance(2_000), pending]);
    }
    // Of 50 s in which something waits all the time; ten a second would be 500.
    expect(asked()).toBeLessThan(150);
    expect(asked()).toBeGreaterThan(60);
    await clock.advance(2_000);
    expect(await after(50, ending(gone()))).toBeUndefined();
  });

  it('looks anew, once, at a deletion that is tried again', async () => {
    const { clock, gone, ending, after, asked } = world([undefined, undefined, 'its namespace']);
    const [one] = [gone(), gone()];
    expect(await after(1_500, ending(one))).toBeUndefined();
    expect(asked()).toBe(2);
    await clock.advance(60_000);
    expect(await after(0, ending(one))).toBe('its namespace');
  });

  it('looks twice at an object that was made again under its name', async () => {
    const { clock, teardown, object, gone, ending, after } = world([undefined, undefined, 'its CRD'], {
      allGoing: true,
    });
    const first = gone();
    expect(await after(1_500, ending(first))).toBeUndefined();
    const again = object();
    teardown.noticed({ old: first, new: again });
    await clock.advance(100);
    expect(await after(1_400, ending(again))).toBe('its CRD');
  });

  it('counts what nobody told of from the moment it is asked', async () => {
    const { object, ending, after } = world([undefined, 'its CRD'], { allGoing: true });
    expect(await after(1_500, ending(object()))).toBe('its CRD');
  });

  it('does not count objects that stay', async () => {
    const { teardown, object, gone, ending, after } = world([undefined]);
    teardown.noticed({ new: object(false) });
    expect(await after(50, ending(gone()))).toBeUndefined();
  });

  it('does not take an error for an answer, nor remember it, nor the look for made', async () => {
    const { gone, clock, ending, after } = world([new Error('away'), undefined, 'its namespace']);
    const [one] = [gone(), gone()];
    const refused = ending(one).catch(String);
    await clock.advance(50);
    expect(await refused).toBe('Error: away');
    expect(await after(1_450, ending(one))).toBe('its namespace');
  });
});
