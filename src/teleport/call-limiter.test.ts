import { describe, expect, it } from 'vitest';
import { noMetrics } from '../core/metrics.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { CallLimiter } from './call-limiter.js';
import { TeleportError } from './errors.js';

/** Lets promises settle. */
const turns = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await Promise.resolve();
};

function world() {
  const clock = new VirtualClock();
  const limiter = new CallLimiter(clock, noMetrics);
  const running = new Map<string, number>();
  const most = new Map<string, number>();
  /** A call of the lane that takes so long and fails with the error, if there is one. */
  const call = (lane: string, tookMs: number, error?: () => Error | undefined, signal?: AbortSignal) =>
    limiter.run(
      lane,
      'Get',
      async () => {
        running.set(lane, (running.get(lane) ?? 0) + 1);
        most.set(lane, Math.max(most.get(lane) ?? 0, running.get(lane) ?? 0));
        await new Promise<void>((resolve) => clock.after(tookMs, resolve));
        running.set(lane, (running.get(lane) ?? 0) - 1);
        const failure = error?.();
        if (failure) throw failure;
        return lane;
      },
      signal,
    );
  const pass = async (ms: number, stepMs = 10): Promise<void> => {
    for (let at = 0; at < ms; at += stepMs) {
      await turns();
      await clock.advance(stepMs);
    }
    await turns();
  };
  return { clock, limiter, call, pass, running, most };
}

const refusal = (): Error => new TeleportError('LimitExceeded', 'rate limit exceeded');

describe('CallLimiter', () => {
  it('tries more calls at once while all go well', async () => {
    const { limiter, call, pass } = world();
    const before = limiter.laneLimit('role');
    const calls = Promise.all(Array.from({ length: 600 }, () => call('role', 10)));
    await pass(1_500);
    await calls;
    expect(limiter.laneLimit('role')).toBeGreaterThan(before * 2);
  });

  it('turns refusals into fewer calls at once, makes them again, and recovers', async () => {
    const { limiter, call, pass } = world();
    let inFlight = 0;
    // A Teleport that takes three at a time.
    const strict = async (): Promise<void> =>
      limiter.run(
        'role',
        'Get',
        async () => {
          if (++inFlight > 3) {
            inFlight--;
            throw refusal();
          }
          await call('other', 20).finally(() => inFlight--);
        },
        undefined,
      );
    const results = Promise.allSettled(Array.from({ length: 60 }, strict));
    await pass(20_000, 20);
    const failed = (await results).filter(({ status }) => status === 'rejected');
    expect(failed.length).toBeLessThan(6);
    expect(limiter.laneLimit('role')).toBeLessThan(8);
    const easy = Promise.all(Array.from({ length: 800 }, () => call('role', 10)));
    await pass(20_000, 20);
    await easy;
    expect(limiter.laneLimit('role')).toBeGreaterThan(8);
  });

  it('makes fewer calls at once when they become slow', async () => {
    const { limiter, call, pass } = world();
    await Promise.all([call('user', 10), pass(20)]);
    const calls = Promise.all(Array.from({ length: 40 }, () => call('user', 3_000)));
    await pass(80_000, 500);
    await calls;
    expect(limiter.laneLimit('user')).toBeLessThan(4);
  });

  it('keeps a lane whose calls take long from holding another', async () => {
    const { limiter, call, pass, most } = world();
    void Promise.allSettled(Array.from({ length: 300 }, () => call('user', 60_000)));
    await pass(10);
    const done: string[] = [];
    void call('role', 10).then((lane) => done.push(lane));
    await pass(30);
    expect(done).toEqual(['role']);
    expect(most.get('user')).toBeLessThan(limiter.limit);
  });

  it('leaves one place to others when it was refused down to two', async () => {
    const { limiter, call, pass } = world();
    for (let i = 0; i < 12; i++) {
      const refused = call('user', 1, refusal).catch(() => undefined);
      await pass(20_000, 100);
      await refused;
    }
    expect(limiter.limit).toBe(1);
    const calls = Promise.all([call('user', 10), call('role', 10)]);
    await pass(100);
    expect(await calls).toEqual(['user', 'role']);
  });

  it('gives up waiting when its signal is aborted', async () => {
    const { call, pass } = world();
    void Promise.allSettled(Array.from({ length: 300 }, () => call('user', 60_000)));
    await pass(10);
    const stop = new AbortController();
    const waiting = call('user', 10, undefined, stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});
