// A bot on a real Teleport: every way in, a rotation of its authorities, a lock, a role taken away, and an outage that
// is longer than the certificates live. The bot joins with tokens of a key of the test's own (static_jwks).
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import type { LogFields, Logger } from '../../src/core/log.js';
import { PromMetrics } from '../../src/core/metrics-prom.js';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { type Bot, type BotSettings, startBot } from '../../src/teleport/bot.js';
import { eventually } from '../env/eventually.js';
import { type RealTeleport, startRealTeleport } from '../env/teleport-real.js';
import { startL7Balancer } from './l7-balancer.js';
import { Issuer } from './worlds.js';

const binDir = process.env['TELEPORT_BIN_DIR'] ?? '';

describe.skipIf(binDir === '')('on a real Teleport', () => {
  let folder = '';
  let issuer: Issuer;
  let bots = 0;
  const running = new Set<Bot>();
  let lines: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'operator-real-'));
    issuer = await Issuer.create();
  });
  afterEach(async () => {
    await Promise.all([...running].map((bot) => bot.stop()));
    running.clear();
    lines = [];
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  /** Starts a bot of its own on the server. */
  const start = async (
    teleport: RealTeleport,
    settings: Partial<BotSettings> & { readonly ca?: string; readonly env?: NodeJS.ProcessEnv } = {},
  ): Promise<{ bot: Bot; name: string }> => {
    const name = `op${++bots}`;
    const token = await teleport.addBot({
      name,
      join: {
        method: 'kubernetes',
        type: 'static_jwks',
        jwks: JSON.stringify(issuer.jwks),
        serviceAccount: 'ns:operator',
      },
    });
    const jwt = await issuer.sign('https://kubernetes', teleport.clusterName, {
      sub: 'system:serviceaccount:ns:operator',
      'kubernetes.io': {
        namespace: 'ns',
        serviceaccount: { name: 'operator' },
        pod: { name: 'p', uid: 'u' },
      },
    });
    const bot = startBot({
      settings: {
        authServer: teleport.authAddress,
        joinMethod: 'kubernetes',
        token,
        caPins: [],
        insecure: false,
        certificateTtlMs: 3_600_000,
        renewalIntervalMs: 1_800_000,
        kubernetesTokenPath: file(`${name}.jwt`, jwt),
        ...settings,
        env: {
          SSL_CERT_FILE: file(`${name}.pem`, settings.ca ?? teleport.proxyCa),
          ...settings.env,
        },
      },
      clock: systemClock,
      log: collect(lines),
      metrics: new PromMetrics(),
    });
    running.add(bot);
    return { bot, name };
  };

  const ready = async (bot: Bot, timeoutMs = 20_000): Promise<void> => {
    await bot.ready(AbortSignal.timeout(timeoutMs)).catch((error: unknown) => {
      throw new Error(`not ready: ${bot.state().reason}\n${lines.join('\n')}`, { cause: error });
    });
  };
  const works = async (bot: Bot): Promise<void> => {
    const role = await bot.client.unary(AuthService.method.getRole, { Name: 'operator' });
    expect(role.Metadata?.Name).toBe('operator');
  };

  describe('with TLS routing', () => {
    let teleport: RealTeleport;
    beforeAll(async () => {
      teleport = await startRealTeleport(binDir);
    }, 90_000);
    afterAll(() => teleport?.stop());

    it('comes in by Auth, pinned', async () => {
      const { bot } = await start(teleport, { caPins: teleport.caPins });
      await ready(bot);
      await works(bot);
      expect(bot.state().via).toBe('auth');
    });

    it('comes in by the proxy', async () => {
      const { bot } = await start(teleport, { authServer: teleport.proxyAddress });
      await ready(bot);
      await works(bot);
      expect(bot.state().via).toBe('proxy');
    });

    it('comes in by the proxy, pinned', async () => {
      const { bot } = await start(teleport, { proxyServer: teleport.proxyAddress, caPins: teleport.caPins });
      await ready(bot);
      await works(bot);
      expect(lines.join('\n')).not.toMatch(/WITHOUT VERIFYING/);
    });

    it('comes in through a balancer that knows nothing of protocols', async () => {
      const balancer = await startL7Balancer(teleport.proxyAddress);
      try {
        for (const caPins of [[], teleport.caPins]) {
          const { bot } = await start(teleport, { authServer: balancer.address, ca: balancer.ca, caPins });
          await ready(bot);
          await works(bot);
          expect(lines.join('\n')).toMatch(/by a connection upgrade/);
          await bot.stop();
        }
      } finally {
        await balancer.stop();
      }
    });

    it('names a lock, tries slowly, and works again when it is lifted', async () => {
      const { bot, name } = await start(teleport);
      await ready(bot);
      const out = await teleport.tctl('lock', `--user=bot-${name}`, '--message=under review');
      const id = /[\da-f]{8}-[\da-f-]{27}/.exec(out)?.[0] ?? '';
      await eventually(
        async () => {
          await bot.client.unary(AuthService.method.ping, {}).catch(() => undefined);
          expect(bot.state().reason).toMatch(/lock.*under review|under review/);
        },
        { timeoutMs: 30_000, intervalMs: 500 },
      );
      expect(bot.state().ready).toBe(false);
      await teleport.tctl('rm', `lock/${id}`);
      await ready(bot, 60_000);
      await works(bot);
    }, 120_000);

    it('names a deleted bot', async () => {
      const { bot, name } = await start(teleport);
      await ready(bot);
      await teleport.tctl('bots', 'rm', name);
      await eventually(
        async () => {
          await bot.client.unary(AuthService.method.ping, {}).catch(() => undefined);
          expect(bot.state().reason).toMatch(/spec.bot_name does not exist/);
        },
        { timeoutMs: 30_000, intervalMs: 500 },
      );
    }, 60_000);

    it('goes on when the server was away for longer than the certificates live', async () => {
      const { bot } = await start(teleport, { certificateTtlMs: 20_000, renewalIntervalMs: 8_000 });
      await ready(bot);
      await teleport.restart({ downMs: 25_000 });
      await ready(bot, 90_000);
      await works(bot);
    }, 180_000);

    it.each(['host', 'user'])(
      'loses no call while the %s authority is rotated',
      async (type) => {
        const { bot, name } = await start(teleport);
        await ready(bot);
        const stop = new AbortController();
        let calls = 0;
        const failures: string[] = [];
        const load = (async () => {
          while (!stop.signal.aborted) {
            calls++;
            try {
              await bot.client.unary(AuthService.method.upsertRoleV2, {
                Role: {
                  Kind: 'role',
                  Version: 'v7',
                  Metadata: { Name: `rotating-${name}`, Namespace: 'default', Description: String(calls) },
                  Spec: {},
                },
              });
            } catch (error) {
              failures.push(`${new Date().toISOString()} ${String(error)}`);
            }
            await pause(50);
          }
        })();
        for (const phase of ['init', 'update_clients', 'update_servers', 'standby']) {
          const before = lines.length;
          await teleport.tctl('auth', 'rotate', '--manual', `--type=${type}`, `--phase=${phase}`);
          await eventually(() => expect(lines.slice(before).join('\n')).toMatch(/identity renewed|joined/), {
            timeoutMs: 30_000,
            intervalMs: 200,
          });
          await pause(3_000);
        }
        stop.abort();
        await load;
        console.log(`rotation of ${type}: ${calls} calls, ${failures.length} failed`);
        expect(failures).toEqual([]);
        await works(bot);
        // Whoever starts now meets the new authority only.
        const fresh = await start(teleport);
        await ready(fresh.bot);
      },
      180_000,
    );
  });

  describe('without TLS routing', () => {
    let teleport: RealTeleport;
    beforeAll(async () => {
      teleport = await startRealTeleport(binDir, { separatePorts: true });
    }, 90_000);
    afterAll(() => teleport?.stop());

    it('comes in by the proxy', async () => {
      const { bot } = await start(teleport, { authServer: teleport.proxyAddress });
      await ready(bot);
      await works(bot);
    });

    it('comes in by the gRPC tunnel of the SSH port when the web port hands nothing on', async () => {
      const balancer = await startL7Balancer(teleport.proxyAddress);
      try {
        const { bot } = await start(teleport, {
          authServer: balancer.address,
          ca: balancer.ca,
          env: { TELEPORT_TLS_ROUTING_CONN_UPGRADE: 'no' },
        });
        await ready(bot);
        await works(bot);
        expect(lines.join('\n')).toMatch(/by its gRPC tunnel/);
      } finally {
        await balancer.stop();
      }
    });
  });
});

function collect(lines: string[]): Logger {
  const add = (message: string, fields: LogFields = {}): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  const logger: Logger = { debug: add, info: add, warn: add, error: add, with: () => logger };
  return logger;
}
