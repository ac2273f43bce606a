// What the mirror does where the operator's rights in Teleport change. How it is kept otherwise: mirror-feed.test.ts.
import { describe, expect, it } from 'vitest';
import { role, feedWorld as world } from '../../test/builders/feed-world.js';
import { TeleportError } from '../teleport/errors.js';

describe('the mirror', () => {
  it('is listed again within seconds once a role of the operator’s changes, and not because of another one', async () => {
    const { clock, mirror, failing, begin, put, count, stop } = world(
      new Map([['GetGithubConnectors', new TeleportError('AccessDenied', 'no')]]),
    );
    await clock.advance(1);
    begin('role');
    await clock.advance(1);
    expect(mirror.problem('github')).toBe('no');
    for (let i = 0; i < 10; i++) {
      put(role('other', `${i}`));
      await clock.advance(1_000);
    }
    expect(count('GetGithubConnectors')).toBe(1);
    for (let i = 0; i < 10; i++) {
      put(role('operator', `${i}`));
      await clock.advance(1_000);
    }
    expect(count('GetGithubConnectors')).toBeLessThanOrEqual(4);
    await clock.advance(20_000);
    const before = count('GetGithubConnectors');
    failing.clear();
    put(role('operator', 'more'));
    await clock.advance(5_001);
    expect(count('GetGithubConnectors')).toBe(before + 1);
    expect(mirror.problem('github')).toBeUndefined();
    await stop();
  });

  it('tells that the operator may do more where one of its roles changes, or what was forbidden can be listed', async () => {
    const { clock, failing, begin, put, remove, rightsTold, stop } = world(
      new Map([['GetGithubConnectors', new TeleportError('AccessDenied', 'no')]]),
    );
    await clock.advance(1);
    begin('role');
    put(role('other', 'one'));
    await clock.advance(1);
    expect(rightsTold()).toBe(0);
    put(role('operator', 'one'));
    remove('operator');
    await clock.advance(1);
    expect(rightsTold()).toBe(2);
    // Of the change of a role nobody tells: it happened while there was no stream.
    await clock.advance(10_000);
    failing.clear();
    await clock.advance(300_000);
    expect(rightsTold()).toBe(3);
    await clock.advance(300_000);
    expect(rightsTold()).toBe(3);
    await stop();
  });

  it('tells once, when the stream is back, of a role of the operator’s that changed, came or went meanwhile', async () => {
    const { clock, begin, pipes, roles, put, rightsTold, stop } = world();
    const away = async (change: () => void): Promise<number> => {
      const [before, streams] = [rightsTold(), pipes.length];
      pipes.at(-1)?.push(new Error('the connection is lost'));
      await clock.advance(1);
      change();
      await clock.advance(10_000);
      expect(pipes.length).toBe(streams + 1);
      begin('role');
      await clock.advance(1_000);
      return rightsTold() - before;
    };
    roles.set('operator', role('operator', 'one'));
    roles.set('other', role('other', 'one'));
    await clock.advance(1);
    begin('role');
    await clock.advance(1_000);
    expect(rightsTold()).toBe(0);
    expect(await away(() => {})).toBe(0);
    expect(await away(() => roles.set('other', role('other', 'two')))).toBe(0);
    expect(await away(() => roles.set('operator', role('operator', 'two')))).toBe(1);
    expect(await away(() => roles.delete('operator'))).toBe(1);
    expect(await away(() => roles.set('operator', role('operator', 'three')))).toBe(1);
    // What the stream tells is known when it comes back, and what the list told is no news of the stream's.
    roles.set('operator', role('operator', 'four'));
    put(role('operator', 'four'));
    await clock.advance(1);
    expect(await away(() => {})).toBe(0);
    const before = rightsTold();
    put(role('operator', 'four'));
    await clock.advance(1_000);
    expect(rightsTold()).toBe(before);
    await stop();
  });

  it('is watched soon where the stream did not cover a kind at first, and a role of the operator’s changes', async () => {
    const { clock, begin, rights, pipes, put, count, stop } = world();
    await clock.advance(1);
    begin('github');
    await clock.advance(30_000);
    for (let i = 0; i < 5; i++) {
      rights.roleChanged('operator');
      await clock.advance(1_000);
    }
    await clock.advance(1_000);
    expect(pipes).toHaveLength(2);
    begin('github', 'role');
    await clock.advance(1);
    const lists = count('ListRoles');
    put(role('operator', 'more'));
    await clock.advance(600_000);
    expect(count('ListRoles')).toBe(lists);
    expect(pipes).toHaveLength(2);
    await stop();
  });

  it('that the server does not have is not asked for again because a role changed', async () => {
    const { clock, begin, put, count, stop } = world(
      new Map([['GetGithubConnectors', new TeleportError('NotImplemented', 'no')]]),
    );
    await clock.advance(1);
    begin('role');
    await clock.advance(1);
    put(role('operator', 'more'));
    await clock.advance(240_000);
    expect(count('GetGithubConnectors')).toBe(1);
    await stop();
  });
});
