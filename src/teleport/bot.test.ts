// A bot's life in virtual time, against a small Auth over real TLS: joining, renewing, outages, locks, expiry.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeAuth } from '../../test/builders/fake-auth.js';
import { waitFor } from '../../test/builders/wait-for.js';
import type { Timer } from '../core/clock.js';
import type { LogFields, Logger } from '../core/log.js';
import { noMetrics } from '../core/metrics.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import { type Bot, type BotSettings, startBot } from './bot.js';
import type * as Keys from './keys.js';
import { pinOf } from './trust.js';

// One key pair for all: making one takes time on other threads that `quiet` cannot see.
vi.mock('./keys.js', async (original) => {
  const keys = await original<typeof Keys>();
  const pair = keys.generateKeys(2);
  return { ...keys, generateKeys: () => pair };
});

const minute = 60_000;
const { getRole, watchEvents } = AuthService.method;

/** Deadlines of dials, calls and pings: while one is pending, something is under way on a real connection. */
const deadlines = [10_000, 15_000, 20_000, 30_000, 120_000];

class BusyClock extends VirtualClock {
  busy = 0;

  override after(delayMs: number, run: () => void): Timer {
    if (!deadlines.includes(delayMs)) return super.after(delayMs, run);
    this.busy++;
    let over = false;
    const end = (): void => {
      if (!over) this.busy--;
      over = true;
    };
    const timer = super.after(delayMs, () => {
      end();
      run();
    });
    return {
      cancel: () => {
        end();
        timer.cancel();
      },
    };
  }
}

let clock: BusyClock;
let auth: FakeAuth;
let port: number;
let folder: string;
let lines: { level: string; message: string; fields: LogFields | undefined }[];
const bots: Bot[] = [];

beforeEach(async () => {
  clock = new BusyClock(Date.now());
  auth = await FakeAuth.start({ clock });
  port = auth.address.port;
  auth.tokens.set('kube', 'kubernetes');
  auth.tokens.set('secret', 'token');
  folder = mkdtempSync(join(tmpdir(), 'bot-'));
  writeFileSync(join(folder, 'jwt'), 'jwt-1\n');
  lines = [];
});
afterEach(async () => {
  await Promise.all(bots.splice(0).map((bot) => bot.stop()));
  await auth.stop();
  rmSync(folder, { recursive: true });
});

function logger(): Logger {
  const at = (level: string) => (message: string, fields?: LogFields) =>
    void lines.push({ level, message, fields });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), with: logger };
}

function start(change: Partial<BotSettings> = {}): Bot {
  const settings: BotSettings = {
    authServer: `127.0.0.1:${port}`,
    joinMethod: 'kubernetes',
    token: 'kube',
    caPins: [pinOf(auth.cas.host.pem)],
    insecure: false,
    certificateTtlMs: 60 * minute,
    renewalIntervalMs: 20 * minute,
    env: { KUBERNETES_TOKEN_PATH: join(folder, 'jwt') },
    ...change,
  };
  const bot = startBot({ settings, clock, log: logger(), metrics: noMetrics, random: () => 0 });
  bots.push(bot);
  return bot;
}

/** Resolves when nothing has happened at the server for a while: what is left waits for virtual time. */
async function quiet(): Promise<void> {
  let seen = '';
  let same = 0;
  await waitFor(
    () => {
      const now = [auth.calls.length, auth.active, auth.connections, lines.length].join();
      const reading = process.getActiveResourcesInfo().some((one) => one.startsWith('FSReq'));
      same = now === seen && auth.active === 0 && clock.busy === 0 && !reading ? same + 1 : 0;
      seen = now;
      if (same < 6) throw new Error('busy');
    },
    { interval: 4, timeout: 10_000 },
  );
}

/** Lets virtual time pass, real connections getting their turn after every timer. */
async function pass(ms: number): Promise<void> {
  const end = clock.monotonic() + ms;
  for (;;) {
    await quiet();
    const left = end - clock.monotonic();
    if (left <= 0) return;
    await clock.advance(Math.min(left, clock.untilNext ?? left));
  }
}

const role = (bot: Bot) => bot.client.unary(getRole, { Name: 'x' });

describe('joining', () => {
  it('gives calls the impersonated identity, and says so', async () => {
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
      identityExpiresAt: Math.floor((clock.now() + 60 * minute) / 1000) * 1000,
      lastCallAt: clock.now(),
    });
    expect(lines.filter((line) => line.level === 'info').map((line) => line.message)).toContain('joined');
  });

  it('says nothing secret', async () => {
    auth.tokens.delete('secret');
    const bot = start({ joinMethod: 'token', token: 'secret' });
    await waitFor(() => expect(bot.state().phase).toBe('failed-retrying'));
    const text = JSON.stringify([lines, bot.state()]);
    expect(text).toContain('never existed, has expired, or was a one-time token that is used up');
    expect(text).not.toContain('secret');
  });

  it('lets calls before it fail with the reason', async () => {
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
    const { cas } = auth;
    await auth.stop();
    const bot = start();
    await waitFor(() => expect(bot.state().phase).toBe('failed-retrying'));
    expect(bot.state().reason).toContain('connection refused');
    await pass(10 * minute);
    const delays = lines.filter((line) => line.level === 'error').map((line) => line.fields?.retryInSeconds);
    expect(delays.slice(0, 9)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    auth = await FakeAuth.start({ clock, port, cas });
    auth.tokens.set('kube', 'kubernetes');
    await pass(minute);
    expect(bot.state()).toMatchObject({ ready: true });
  });

  it('refuses a server whose CA is not pinned, before any token is shown', async () => {
    const bot = start({ caPins: [`sha256:${'0'.repeat(64)}`] });
    await waitFor(() => expect(bot.state().reason).toContain('not among the 1 of -ca-pin'));
    expect(auth.callsOf('RegisterUsingToken')).toEqual([]);
  });

  it('warns loudly when nothing verifies the server', async () => {
    await start({ caPins: [] }).ready();
    expect(lines.filter((line) => line.level === 'warn').map((line) => line.message)).toEqual([
      expect.stringContaining('JOINING WITHOUT VERIFYING THE SERVER'),
    ]);
  });

  it('names the missing file of the service account token', async () => {
    const bot = start({ env: { KUBERNETES_TOKEN_PATH: join(folder, 'none') } });
    await waitFor(() => expect(bot.state().reason).toContain('KUBERNETES_TOKEN_PATH names'));
    expect(bot.state().reason).toContain(join(folder, 'none'));
  });

  it('says what to do when the bot has no roles', async () => {
    auth.roles = [];
    const bot = start();
    await waitFor(() => expect(bot.state().reason).toContain('tctl bots update op --add-roles'));
  });

  it('says at once what is wrong with the settings', () => {
    expect(() => start({ joinMethod: 'tpm', token: '' })).toThrow(/tpm.*not supported.*-token is empty/);
  });
});

describe('renewal', () => {
  it('joins again on the authenticated connection with a fresh JWT, on time, and loses no call', async () => {
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

  it('of method token uses the renewable certificate, never the token', async () => {
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
    const bot = start({ certificateTtlMs: 9 * minute });
    await bot.ready();
    await pass(30 * minute);
    expect(lines.filter((line) => line.message === 'identity renewed')).toHaveLength(5);
    expect(bot.state().ready).toBe(true);
  });

  it('keeps an open watch alive', async () => {
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

describe('trouble', () => {
  const short = { certificateTtlMs: 10 * minute, renewalIntervalMs: 5 * minute };

  it('an outage turns it not ready with the reason, and back', async () => {
    const bot = start();
    await bot.ready();
    const { cas } = auth;
    await auth.stop();
    await expect(role(bot)).rejects.toMatchObject({ kind: 'Unavailable' });
    await waitFor(() => expect(bot.state().ready).toBe(false));
    expect(bot.state().reason).toContain('connection refused');
    auth = await FakeAuth.start({ clock, port, cas });
    await pass(2 * minute);
    expect(bot.state()).toMatchObject({ phase: 'ready', ready: true });
    await role(bot);
  });

  it('is noticed without any call, within a minute and the time of a Ping', async () => {
    const bot = start();
    await bot.ready();
    await auth.stop();
    await pass(71_000);
    expect(bot.state().ready).toBe(false);
  });

  it('an outage past the end of the certificates ends in a new join', async () => {
    const bot = start(short);
    await bot.ready();
    const { cas } = auth;
    await auth.stop();
    await pass(25 * minute);
    expect(bot.state().ready).toBe(false);
    auth = await FakeAuth.start({ clock, port, cas });
    auth.tokens.set('kube', 'kubernetes');
    await pass(6 * minute);
    expect(bot.state()).toMatchObject({ phase: 'ready', ready: true });
    expect(auth.callsOf('RegisterUsingToken')[0]).toEqual({ method: 'RegisterUsingToken', user: '' });
  });

  it('method token cannot: the state says what to do, and a new token helps without a restart', async () => {
    writeFileSync(join(folder, 'token'), 'secret');
    const bot = start({ ...short, joinMethod: 'token', token: join(folder, 'token') });
    await bot.ready();
    const { cas } = auth;
    await auth.stop();
    await pass(25 * minute);
    auth = await FakeAuth.start({ clock, port, cas });
    await pass(6 * minute);
    expect(bot.state().ready).toBe(false);
    expect(bot.state().reason).toContain('a used token cannot join again: make a new token');
    auth.tokens.set('second', 'token');
    writeFileSync(join(folder, 'token'), 'second\n');
    await pass(6 * minute);
    expect(bot.state()).toMatchObject({ ready: true });
  });

  it('a lock is named, tried slowly, and over when it is lifted', async () => {
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
    const bot = start({ ...short, caPins: [] });
    await bot.ready();
    await auth.stop();
    auth = await FakeAuth.start({ clock, port });
    auth.tokens.set('kube', 'kubernetes');
    await pass(25 * minute);
    expect(bot.state().ready).toBe(false);
    expect(auth.callsOf('RegisterUsingToken')).toEqual([]);
    expect(bot.state().reason).toContain('not trusted');
  });
});

it('sends heartbeats every half hour', async () => {
  const bot = start();
  await bot.ready();
  await pass(61 * minute);
  expect(auth.callsOf('SubmitHeartbeat')).toHaveLength(3);
});

it('leaves nothing behind when it is stopped', async () => {
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
