// A bot joins, in virtual time, against a small Auth over real TLS: who it then is, what it says where that fails, how it ends. What
// comes after is in bot-renewal.test.ts and bot-trouble.test.ts.
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

describe('joining', () => {
  it('gives calls the impersonated identity, and says so', async () => {
    const { clock, auth, lines, start } = await life();
    const bot = start();
    expect(bot.state()).toMatchObject({ phase: 'joining', ready: false });
    await bot.ready();
    await role(bot);
    expect(auth.callsOf('RegisterUsingToken')).toEqual([{ method: 'RegisterUsingToken', user: '' }]);
    expect(auth.idTokens).toEqual(['jwt-1']);
    expect(bot.state()).toMatchObject({
      phase: 'ready',
      ready: true,
      clusterName: 'test.example',
      serverVersion: '18.0.0',
      via: 'auth',
      roles: ['operator'],
      identityExpiresAt: Math.floor((clock.now() + 60 * minute) / 1000) * 1000,
      lastCallAt: clock.now(),
    });
    expect(lines.filter((line) => line.level === 'info').map((line) => line.message)).toContain('joined');
  });

  it('says nothing secret', async () => {
    const { auth, lines, start } = await life();
    auth.tokens.delete('secret');
    const bot = start({ joinMethod: 'token', token: 'secret' });
    await waitFor(() => expect(bot.state().phase).toBe('failed-retrying'));
    const text = JSON.stringify([lines, bot.state()]);
    expect(text).toContain('never existed, has expired, or was a one-time token that is used up');
    expect(text).not.toContain('secret');
  });

  it('lets calls before it fail with the reason', async () => {
    const { auth, start } = await life();
    auth.hook = () => {
      throw new ConnectError('access denied', Code.PermissionDenied);
    };
    const bot = start();
    await waitFor(() => expect(bot.state().phase).toBe('failed-retrying'));
    await expect(role(bot)).rejects.toMatchObject({
      kind: 'Unavailable',
      message: expect.stringContaining('not joined yet'),
    });
  });

  it('is tried again with growing delays until the server is there', async () => {
    const { auth, startAuth, lines, start, pass } = await life();
    const { cas } = auth;
    await auth.stop();
    const bot = start();
    await waitFor(() => expect(bot.state().phase).toBe('failed-retrying'));
    expect(bot.state().reason).toContain('connection refused');
    await pass(10 * minute);
    const delays = lines.filter((line) => line.level === 'error').map((line) => line.fields?.retryInSeconds);
    expect(delays.slice(0, 9)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    const again = await startAuth(cas);
    again.tokens.set('kube', 'kubernetes');
    await pass(minute);
    expect(bot.state()).toMatchObject({ ready: true });
  });

  it('refuses a server whose CA is not pinned, before any token is shown', async () => {
    const { auth, start } = await life();
    const bot = start({ caPins: [`sha256:${'0'.repeat(64)}`] });
    await waitFor(() => expect(bot.state().reason).toContain('not among the 1 of -ca-pin'));
    expect(auth.callsOf('RegisterUsingToken')).toEqual([]);
  });

  it('warns loudly when nothing verifies the server', async () => {
    const { lines, start } = await life();
    await start({ caPins: [] }).ready();
    expect(lines.filter((line) => line.level === 'warn').map((line) => line.message)).toEqual([
      expect.stringContaining('JOINING WITHOUT VERIFYING THE SERVER'),
    ]);
  });

  it('names the missing file of the service account token', async () => {
    const { folder, start } = await life();
    const bot = start({ env: { KUBERNETES_TOKEN_PATH: join(folder, 'none') } });
    await waitFor(() => expect(bot.state().reason).toContain('KUBERNETES_TOKEN_PATH names'));
    expect(bot.state().reason).toContain(join(folder, 'none'));
  });

  it('says what to do when the bot has no roles', async () => {
    const { auth, start } = await life();
    auth.roles = [];
    const bot = start();
    await waitFor(() => expect(bot.state().reason).toContain('tctl bots update op --add-roles'));
  });

  it('says at once what is wrong with the settings', async () => {
    const { start } = await life();
    expect(() => start({ joinMethod: 'tpm', token: '' })).toThrow(/tpm.*not supported.*-token is empty/);
  });
});

it('sends heartbeats every half hour', async () => {
  const { auth, start, pass } = await life();
  const bot = start();
  await bot.ready();
  await pass(61 * minute);
  expect(auth.callsOf('SubmitHeartbeat')).toHaveLength(3);
});

it('leaves nothing behind when it is stopped', async () => {
  const { clock, auth, bots, start } = await life();
  const bot = start();
  await bot.ready();
  await role(bot);
  const waiting = start({ authServer: '127.0.0.1:1' })
    .ready()
    .catch((error: unknown) => error);
  await Promise.all(bots.map((one) => one.stop()));
  expect(await waiting).toMatchObject({ kind: 'Canceled' });
  await waitFor(() => expect([auth.connections, clock.pending]).toEqual([0, 0]));
  expect(bot.state()).toMatchObject({ phase: 'stopped', ready: false });
  await expect(role(bot)).rejects.toMatchObject({ kind: 'Canceled' });
});
