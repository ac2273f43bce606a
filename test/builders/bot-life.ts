// A bot's life in virtual time, against a small Auth over real TLS (fake-auth.ts), for the tests of src/teleport/bot.ts. Whoever
// uses it mocks `keys.js` to hand out one key pair: making one takes time on other threads that `quiet` cannot see.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Timer } from '../../src/core/clock.js';
import type { LogFields, Logger } from '../../src/core/log.js';
import { noMetrics } from '../../src/core/metrics.js';
import { VirtualClock } from '../../src/core/virtual-clock.js';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { type Bot, type BotSettings, startBot } from '../../src/teleport/bot.js';
import { pinOf } from '../../src/teleport/trust.js';
import { FakeAuth, type FakeAuthOptions } from './fake-auth.js';
import { waitFor } from './wait-for.js';

export const minute = 60_000;
export const { getRole, watchEvents } = AuthService.method;

/** One call by which is seen whether calls go through. */
export const role = (bot: Bot) => bot.client.unary(getRole, { Name: 'x' });

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

/** An Auth, and bots of it that end with the test. */
export async function life() {
  const clock = new BusyClock(Date.now());
  let auth = await FakeAuth.start({ clock });
  const port = auth.address.port;
  auth.tokens.set('kube', 'kubernetes');
  auth.tokens.set('secret', 'token');
  const folder = mkdtempSync(join(tmpdir(), 'bot-'));
  writeFileSync(join(folder, 'jwt'), 'jwt-1\n');
  const lines: { level: string; message: string; fields: LogFields | undefined }[] = [];
  const bots: Bot[] = [];
  onTestFinished(async () => {
    await Promise.all(bots.map((bot) => bot.stop()));
    await auth.stop();
    rmSync(folder, { recursive: true });
  });

  const logger = (): Logger => {
    const at = (level: string) => (message: string, fields?: LogFields) =>
      void lines.push({ level, message, fields });
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), with: logger };
  };

  const start = (change: Partial<BotSettings> = {}): Bot => {
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
  };

  /** Another Auth in the place of one that was stopped: the same cluster with its authorities, else a strange one. */
  const startAuth = async (cas?: FakeAuthOptions['cas']): Promise<FakeAuth> => {
    auth = await FakeAuth.start({ clock, port, ...(cas && { cas }) });
    return auth;
  };

  /** Resolves when nothing has happened at the server for a while: what is left waits for virtual time. */
  const quiet = async (): Promise<void> => {
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
  };

  /** Lets virtual time pass, real connections getting their turn after every timer. */
  const pass = async (ms: number): Promise<void> => {
    const end = clock.monotonic() + ms;
    for (;;) {
      await quiet();
      const left = end - clock.monotonic();
      if (left <= 0) return;
      await clock.advance(Math.min(left, clock.untilNext ?? left));
    }
  };

  return { clock, auth, startAuth, folder, lines, bots, start, quiet, pass };
}
