// How the mirror is kept: lists and the stream of events. What a change of rights does: mirror-rights.test.ts.
import { describe, expect, it } from 'vitest';
import { role, feedWorld as world } from '../../test/builders/feed-world.js';
import { TeleportError } from '../teleport/errors.js';

describe('the mirror', () => {
  it('is filled by a list when the stream begins, and kept by its events', async () => {
    const { clock, roles, mirror, shifts, begin, put, remove, stop } = world();
    roles.set('a', role('a', 'one'));
    await clock.advance(1);
    begin('role');
    await clock.advance(1);
    expect(mirror.get('role', 'a')?.ours).toBe(true);
    put(role('b', 'one'));
    put(role('b', 'two'));
    remove('a');
    await clock.advance(1);
    expect(shifts).toEqual(['a came', 'b came', 'b changed', 'a went']);
    expect(mirror.get('role', 'a')).toBeUndefined();
    await stop();
  });

  it('answers nothing while the stream is broken, and tells afterwards what changed meanwhile', async () => {
    const { clock, roles, mirror, shifts, begin, pipes, stop } = world();
    roles.set('a', role('a', 'one'));
    roles.set('b', role('b', 'one'));
    await clock.advance(1);
    begin('role');
    await clock.advance(1);
    shifts.length = 0;
    pipes.at(-1)?.push(new TeleportError('Unavailable', 'gone'));
    await clock.advance(1);
    expect(mirror.get('role', 'a')).toBeUndefined();
    roles.set('a', role('a', 'two'));
    roles.delete('b');
    await clock.advance(1_000);
    begin('role');
    await clock.advance(1);
    expect(shifts).toEqual(['a changed', 'b went']);
    expect(mirror.get('role', 'a')).toBeDefined();
    await stop();
  });

  it('is listed again and again where that fails, though the stream covers the kind', async () => {
    const { clock, mirror, begin, failing, count, stop } = world();
    failing.set('ListRoles', new TeleportError('Unavailable', 'too busy'));
    await clock.advance(1);
    begin('role');
    await clock.advance(3_000);
    expect(count('ListRoles')).toBeGreaterThan(2);
    expect(mirror.isCurrent('role')).toBe(false);
    expect(mirror.isOff('role')).toBe(false);
    expect(mirror.problem('role')).toContain('too busy');
    failing.clear();
    await clock.advance(5_000);
    expect(mirror.isCurrent('role')).toBe(true);
    expect(mirror.problem('role')).toBeUndefined();
    const lists = count('ListRoles');
    await clock.advance(600_000);
    expect(count('ListRoles')).toBe(lists);
    await stop();
  });

  it('is off where Teleport refuses the list or has none, and not asked for in a circle', async () => {
    const { clock, mirror, begin, count, stop } = world(
      new Map([['GetGithubConnectors', new TeleportError('AccessDenied', 'no')]]),
    );
    await clock.advance(1);
    begin('role');
    await clock.advance(1);
    await mirror.whenSettled();
    expect([mirror.isOff('github'), mirror.isOff('node'), mirror.isOff('role')]).toEqual([true, true, false]);
    expect(['github', 'node', 'role'].map((kind) => mirror.problem(kind))).toEqual([
      'no',
      undefined,
      undefined,
    ]);
    await clock.advance(240_000);
    expect(count('GetGithubConnectors')).toBe(1);
    await stop();
  });

  it('of a kind that is not in the stream is listed every two minutes', async () => {
    const { clock, begin, count, stop } = world();
    await clock.advance(1);
    begin('role');
    await clock.advance(1);
    expect(count('GetGithubConnectors')).toBe(1);
    await clock.advance(120_000);
    expect(count('GetGithubConnectors')).toBe(2);
    expect(count('ListRoles')).toBe(1);
    await stop();
  });

  it('of a kind that nobody uses is listed each quarter of an hour, and soon when somebody does', async () => {
    let used = false;
    const { clock, count, stop } = world(new Map(), () => used);
    await clock.advance(6_000);
    const first = count('GetGithubConnectors');
    await clock.advance(840_000);
    expect(count('GetGithubConnectors')).toBe(first);
    await clock.advance(120_000);
    expect(count('GetGithubConnectors')).toBe(first + 1);
    used = true;
    await clock.advance(120_000);
    expect(count('GetGithubConnectors')).toBe(first + 2);
    await stop();
  });

  it('believes an event rather than a list that was read meanwhile', async () => {
    const { clock, roles, mirror, begin, put, stop } = world();
    roles.set('a', role('a', 'old'));
    await clock.advance(1);
    begin('role');
    put(role('a', 'new'));
    await clock.advance(1);
    expect(mirror.get('role', 'a')?.revision).toBe('a new');
    await stop();
  });

  it('believes an event rather than either of two lists that were read meanwhile', async () => {
    const { clock, roles, mirror, gates, begin, put, stop } = world();
    roles.set('a', role('a', 'old'));
    let release = (): void => {};
    gates.push(new Promise<void>((resolve) => (release = resolve)));
    // The stream is late, so the kind is listed without it, slowly; then the stream lists it too.
    await clock.advance(5_001);
    begin('role');
    await clock.advance(1);
    put(role('a', 'new'));
    await clock.advance(1);
    release();
    await clock.advance(1);
    expect(mirror.get('role', 'a')?.revision).toBe('a new');
    await stop();
  });
});
