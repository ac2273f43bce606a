// A bot’s certificates in virtual time, against a small Auth over real TLS: renewed on time, without a lost call, and again where that fails.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, it, vi } from 'vitest';
import { getRole, life, minute, role, watchEvents } from '../../test/builders/bot-life.js';
import { waitFor } from '../../test/builders/wait-for.js';
import type * as Keys from './keys.js';

// One key pair for all: making one takes time on other threads that `quiet` cannot see.
vi.mock('./keys.js', async (original) => {
  const keys = await original<typeof Keys>();
  const pair = keys.generateKeys(2);
  return { ...keys, generateKeys: () => pair };
});

describe('renewal', () => {
  it('joins again on the authenticated connection with a fresh JWT, on time, and loses no call', async () => {
    const { clock, auth, folder, lines, start, pass } = await life();
    const bot = start();
    await bot.ready();
    writeFileSync(join(folder, 'jwt'), 'jwt-2');
    await pass(20 * minute - 1);
    expect(auth.callsOf('RegisterUsingToken')).toHaveLength(1);
    const first = bot.state().identityExpiresAt ?? 0;
    let finish = (): void => {};
    auth.hook = (call) => (call.method === 'GetRole' && finishing === undefined ? waitHere() : undefined);
    let finishing: Promise<void> | undefined;
    const waitHere = () => (finishing = new Promise((resolve) => (finish = resolve)));
    const inFlight = bot.client.unary(getRole, { Name: 'slow' }, { timeoutMs: 1e9 });
    await waitFor(() => expect(finishing).toBeDefined());
    await clock.advance(1);
    await waitFor(() => expect(bot.state().identityExpiresAt).toBeGreaterThan(first));
    expect(auth.callsOf('RegisterUsingToken')[1]).toEqual({ method: 'RegisterUsingToken', user: 'bot-op' });
    expect(auth.idTokens).toEqual(['jwt-1', 'jwt-2']);
    const renewed = lines.find((line) => line.message === 'identity renewed');
    expect(renewed?.fields).toMatchObject({ instance: 'instance-1', generation: 2 });
    finish();
    await expect(inFlight).resolves.toMatchObject({ Metadata: { Name: 'slow' } });
    await role(bot);
  });

  it('comes at once where it is asked for, and brings the roles that the bot has by now', async () => {
    const { auth, start, pass } = await life();
    const bot = start();
    await bot.ready();
    expect(bot.state()).toMatchObject({ botRole: 'bot-op', roles: ['operator'] });
    auth.roles = ['operator', 'more'];
    bot.renew();
    await pass(1_000);
    expect(bot.state().roles).toEqual(['operator', 'more']);
    expect(auth.callsOf('RegisterUsingToken')).toHaveLength(2);
  });

  it('of method token uses the renewable certificate, never the token', async () => {
    const { auth, lines, start, pass } = await life();
    const bot = start({ joinMethod: 'token', token: 'secret' });
    await bot.ready();
    expect(lines.map((line) => line.message)).toContainEqual(
      expect.stringContaining('does not survive a restart'),
    );
    await pass(65 * minute);
    expect(bot.state().ready).toBe(true);
    expect(auth.callsOf('RegisterUsingToken')).toHaveLength(1);
    const renewed = lines.filter((line) => line.message === 'identity renewed');
    expect(renewed.map((line) => line.fields?.generation)).toEqual([2, 3, 4]);
  });

  it('comes before the end of a certificate that is shorter than the interval', async () => {
    const { lines, start, pass } = await life();
    const bot = start({ certificateTtlMs: 9 * minute });
    await bot.ready();
    await pass(30 * minute);
    expect(lines.filter((line) => line.message === 'identity renewed')).toHaveLength(5);
    expect(bot.state().ready).toBe(true);
  });

  it('comes within two minutes where the machine has slept past the end of its certificates', async () => {
    const { clock, auth, start, pass } = await life();
    const bot = start();
    await bot.ready();
    clock.jump(180 * minute);
    expect(bot.state()).toMatchObject({ ready: false });
    await pass(2 * minute);
    expect(bot.state()).toMatchObject({ ready: true });
    expect(auth.callsOf('RegisterUsingToken')).toHaveLength(2);
    await role(bot);
  });

  it('comes no later where the clock was put back', async () => {
    const { clock, lines, start, pass } = await life();
    const bot = start();
    await bot.ready();
    clock.jump(-15 * minute);
    await pass(20 * minute);
    expect(lines.filter((line) => line.message === 'identity renewed')).toHaveLength(1);
  });

  it('keeps an open watch alive', async () => {
    const { lines, start, pass } = await life();
    const bot = start();
    await bot.ready();
    const events = bot.client.serverStream(watchEvents, {})[Symbol.asyncIterator]();
    await events.next();
    let over = false;
    void events.next().then(
      () => (over = true),
      () => (over = true),
    );
    await pass(50 * minute);
    expect(lines.filter((line) => line.message === 'identity renewed')).toHaveLength(2);
    expect(over).toBe(false);
  });

  it('that fails leaves the good identity at work and is tried again', async () => {
    const { auth, lines, start, pass } = await life();
    const bot = start();
    await bot.ready();
    let failing = true;
    auth.hook = ({ method }) => {
      if (failing && method === 'RegisterUsingToken') throw new ConnectError('backend is sad', Code.Unknown);
    };
    await pass(21 * minute);
    expect(bot.state()).toMatchObject({
      phase: 'ready',
      ready: true,
      reason: expect.stringContaining('backend is sad'),
    });
    await role(bot);
    failing = false;
    await pass(2 * minute);
    expect(bot.state().reason).toBeUndefined();
    expect(lines.filter((line) => line.message === 'identity renewed')).toHaveLength(1);
  });

  it('is taken up where it failed: a certificate got is not asked for twice', async () => {
    const { auth, lines, start, pass } = await life();
    const bot = start({ joinMethod: 'token', token: 'secret' });
    await bot.ready();
    let failures = 3;
    auth.hook = ({ method }) => {
      if (method === 'GetRole' && failures > 0 && auth.callsOf('GenerateUserCerts').length > 1) {
        failures--;
        throw new ConnectError('not now', Code.Unknown);
      }
    };
    await pass(22 * minute);
    expect(failures).toBe(0);
    expect(
      lines.filter((line) => line.message === 'identity renewed').map((line) => line.fields?.generation),
    ).toEqual([2]);
  });
});
