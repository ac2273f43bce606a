// What a joined bot lives through in virtual time, against a small Auth over real TLS: outages, the end of its certificates, locks,
// another cluster at the same address.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, it, vi } from 'vitest';
import { life, minute, role } from '../../test/builders/bot-life.js';
import { waitFor } from '../../test/builders/wait-for.js';
import type * as Keys from './keys.js';

// One key pair for all: making one takes time on other threads that `quiet` cannot see.
vi.mock('./keys.js', async (original) => {
  const keys = await original<typeof Keys>();
  const pair = keys.generateKeys(2);
  return { ...keys, generateKeys: () => pair };
});

describe('trouble', () => {
  const short = { certificateTtlMs: 10 * minute, renewalIntervalMs: 5 * minute };

  it('an outage turns it not ready with the reason, and back', async () => {
    const { auth, startAuth, start, pass } = await life();
    const bot = start();
    await bot.ready();
    const { cas } = auth;
    await auth.stop();
    await expect(role(bot)).rejects.toMatchObject({ kind: 'Unavailable' });
    await waitFor(() => expect(bot.state().ready).toBe(false));
    expect(bot.state().reason).toContain('connection refused');
    await startAuth(cas);
    await pass(2 * minute);
    expect(bot.state()).toMatchObject({ phase: 'ready', ready: true });
    await role(bot);
  });

  it('is noticed without any call, within a minute and the time of a Ping', async () => {
    const { auth, start, pass } = await life();
    const bot = start();
    await bot.ready();
    await auth.stop();
    await pass(71_000);
    expect(bot.state().ready).toBe(false);
  });

  it('an outage past the end of the certificates ends in a new join', async () => {
    const { auth, startAuth, start, pass } = await life();
    const bot = start(short);
    await bot.ready();
    const { cas } = auth;
    await auth.stop();
    await pass(25 * minute);
    expect(bot.state().ready).toBe(false);
    const again = await startAuth(cas);
    again.tokens.set('kube', 'kubernetes');
    await pass(6 * minute);
    expect(bot.state()).toMatchObject({ phase: 'ready', ready: true });
    expect(again.callsOf('RegisterUsingToken')[0]).toEqual({ method: 'RegisterUsingToken', user: '' });
  });

  it('method token cannot: the state says what to do, and a new token helps without a restart', async () => {
    const { auth, startAuth, folder, start, pass } = await life();
    writeFileSync(join(folder, 'token'), 'secret');
    const bot = start({ ...short, joinMethod: 'token', token: join(folder, 'token') });
    await bot.ready();
    const { cas } = auth;
    await auth.stop();
    await pass(25 * minute);
    const again = await startAuth(cas);
    await pass(6 * minute);
    expect(bot.state().ready).toBe(false);
    expect(bot.state().reason).toContain('a used token cannot join again: make a new token');
    again.tokens.set('second', 'token');
    writeFileSync(join(folder, 'token'), 'second\n');
    await pass(6 * minute);
    expect(bot.state()).toMatchObject({ ready: true });
  });

  it('a lock is named, tried slowly, and over when it is lifted', async () => {
    const { auth, start, pass } = await life();
    const bot = start();
    await bot.ready();
    auth.hook = ({ method, user }) => {
      if (method === 'RegisterUsingToken') {
        throw new ConnectError('lock targeting User:"bot-op" is in force: trial', Code.PermissionDenied);
      }
      if (user !== '') throw new ConnectError('access denied', Code.PermissionDenied);
    };
    await expect(role(bot)).rejects.toMatchObject({ kind: 'AccessDenied' });
    await pass(10 * minute);
    expect(bot.state().ready).toBe(false);
    expect(bot.state().reason).toContain('the bot is locked');
    const joins = auth.callsOf('RegisterUsingToken').length;
    expect(joins).toBeGreaterThan(3);
    expect(joins).toBeLessThan(15);
    auth.hook = undefined;
    await pass(6 * minute);
    expect(bot.state()).toMatchObject({ phase: 'ready', ready: true });
    await role(bot);
  });

  it('one call without permission is no trouble', async () => {
    const { auth, start, quiet } = await life();
    const bot = start();
    await bot.ready();
    auth.hook = ({ method }) => {
      if (method === 'GetRole')
        throw new ConnectError('access denied to perform action', Code.PermissionDenied);
    };
    const before = auth.callsOf('Ping').length;
    for (let i = 0; i < 20; i++) await expect(role(bot)).rejects.toMatchObject({ kind: 'AccessDenied' });
    await quiet();
    expect(bot.state().ready).toBe(true);
    expect(auth.callsOf('Ping').length - before).toBeLessThan(3);
  });

  it('another cluster at the same address never gets the join token, pins or not', async () => {
    const { auth, startAuth, start, pass } = await life();
    const bot = start({ ...short, caPins: [] });
    await bot.ready();
    await auth.stop();
    const again = await startAuth();
    again.tokens.set('kube', 'kubernetes');
    await pass(25 * minute);
    expect(bot.state().ready).toBe(false);
    expect(again.callsOf('RegisterUsingToken')).toEqual([]);
    expect(bot.state().reason).toContain('not trusted');
  });
});
