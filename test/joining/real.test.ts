// A bot on a real Teleport: every way in, a rotation of its authorities, a lock, a role taken away, and an outage that
// is longer than the certificates live. The bot joins with tokens of a key of the test's own (static_jwks).
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import type { LogFields, Logger } from '../../src/core/log.js';
import { PromMetrics } from '../../src/core/metrics-prom.js';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { ProvisionTokenSpecV2Schema } from '../../src/gen/teleport/types/provision_token_pb.js';
import { type Bot, type BotSettings, startBot } from '../../src/teleport/bot.js';
import { authorizedKey } from '../../src/teleport/keys.js';
import { eventually } from '../env/eventually.js';
import { pins, type RealTeleport, startRealTeleport } from '../env/teleport-real.js';
import { startEndpoint } from './endpoints.js';
import { Issuer } from './issuer.js';
import { startL7Balancer } from './l7-balancer.js';
import { MemoryStore } from './worlds.js';

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
    settings: Partial<BotSettings> & {
      readonly ca?: string;
      readonly env?: NodeJS.ProcessEnv;
      readonly spec?: TokenSpec;
    } = {},
  ): Promise<{ bot: Bot; name: string; token: string }> => {
    const name = `op${++bots}`;
    const token = settings.spec
      ? await addBotWith(teleport, name, settings.spec)
      : await teleport.addBot({
          name,
          join: issuer.podJoin(),
        });
    const jwt = await issuer.podToken(teleport.clusterName);
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
    return { bot, name, token };
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
      teleport = await startRealTeleport(binDir, {
        env: { TELEPORT_UNSTABLE_BOUND_KEYPAIR_JOINING_EXPERIMENT: 'true' },
      });
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

    it.each(['github', 'gitlab'] as const)(
      'joins with method %s, its issuer given as JWKS',
      async (method) => {
        const StaticJWKS = JSON.stringify(issuer.jwks);
        const claims = { sub: 's', repository: 'org/repo', project_path: 'group/project' };
        const endpoint = await startEndpoint(async (url) => {
          const aud = url.searchParams.get('audience') ?? '';
          const value = await issuer.sign('https://token.actions.githubusercontent.com', aud, claims);
          return { body: JSON.stringify({ value }) };
        });
        try {
          const { bot } = await start(teleport, {
            joinMethod: method,
            spec:
              method === 'github'
                ? { JoinMethod: method, GitHub: { StaticJWKS, Allow: [{ Repository: 'org/repo' }] } }
                : { JoinMethod: method, GitLab: { StaticJWKS, Allow: [{ ProjectPath: 'group/project' }] } },
            env: {
              TBOT_GITLAB_JWT: await issuer.sign('https://gitlab.com', teleport.clusterName, claims),
              ACTIONS_ID_TOKEN_REQUEST_URL: `${endpoint.url}/?x=1`,
              ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'runner',
            },
          });
          await ready(bot);
          await works(bot);
        } finally {
          await endpoint.stop();
        }
      },
    );

    it('joins with method bound_keypair, again after a restart, and through the proxy', async () => {
      const keys = generateKeyPairSync('ed25519');
      const store = new MemoryStore();
      store.values = { 'private-key': keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
      const spec = {
        JoinMethod: 'bound_keypair',
        BoundKeypair: {
          Onboarding: { InitialPublicKey: authorizedKey(keys.publicKey).trim() },
          Recovery: { Limit: 3, Mode: 'standard' },
        },
      };
      const first = await start(teleport, { joinMethod: 'bound_keypair', spec, store });
      await ready(first.bot);
      await works(first.bot);
      await first.bot.stop();
      expect(store.values['join-state']).toBeTruthy();
      for (const authServer of [teleport.authAddress, teleport.proxyAddress]) {
        const again = await start(teleport, {
          joinMethod: 'bound_keypair',
          token: first.token,
          authServer,
          store,
          renewalIntervalMs: 2_000,
        });
        await ready(again.bot);
        await eventually(() => lines.some((line) => line.startsWith('identity renewed')));
        await works(again.bot);
        await again.bot.stop();
      }
    }, 60_000);

    it('is refused with one pin while there are two authorities, and believed with both', async () => {
      await teleport.tctl('auth', 'rotate', '--manual', '--type=host', '--phase=init');
      try {
        const pem = await eventually(async () => {
          const reply = await teleport.admin.unary(AuthService.method.getClusterCACert, {});
          const text = Buffer.from(reply.TLSCA).toString();
          return pins(text).length === 2 ? text : false;
        });
        const one = await start(teleport, { caPins: teleport.caPins });
        await eventually(() => expect(one.bot.state().reason).toMatch(/not among the 1 of -ca-pin/));
        const both = await start(teleport, { caPins: pins(pem || '') });
        await ready(both.bot);
        await works(both.bot);
      } finally {
        await teleport.tctl('auth', 'rotate', '--manual', '--type=host', '--phase=rollback');
        await teleport.tctl('auth', 'rotate', '--manual', '--type=host', '--phase=standby');
      }
    }, 60_000);

    it('says what to do when a one-time token cannot join again after an outage', async () => {
      const token = await teleport.addBot({ name: 'once', join: { method: 'token' } });
      const { bot } = await start(teleport, {
        joinMethod: 'token',
        token,
        certificateTtlMs: 12_000,
        renewalIntervalMs: 5_000,
      });
      await ready(bot);
      await teleport.restart({ downMs: 15_000 });
      await eventually(
        () => expect(bot.state().reason).toMatch(/used token cannot join again.*tctl bots instances add/),
        {
          timeoutMs: 60_000,
        },
      );
    }, 120_000);

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
        process.stdout.write(`rotation of ${type}: ${calls} calls, ${failures.length} failed\n`);
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

type TokenSpec = MessageInitShape<typeof ProvisionTokenSpecV2Schema>;

/** A bot with a join token of any method. */
async function addBotWith(teleport: RealTeleport, name: string, spec: TokenSpec): Promise<string> {
  await teleport.addBot({ name, join: { method: 'token' } });
  const token = `${name}-token`;
  const Spec = create(ProvisionTokenSpecV2Schema, spec);
  Spec.Roles = ['Bot'];
  Spec.BotName = name;
  const Metadata = { Name: token, Namespace: 'default' };
  await teleport.admin.unary(AuthService.method.upsertTokenV2, {
    Token: { case: 'V2', value: { Kind: 'token', Version: 'v2', Metadata, Spec } },
  });
  return token;
}

function collect(lines: string[]): Logger {
  const add = (message: string, fields: LogFields = {}): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  const logger: Logger = { debug: add, info: add, warn: add, error: add, with: () => logger };
  return logger;
}
