// A real Teleport, and bots of it as startBot makes them, which join with tokens of a key of the test’s own (static_jwks).
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import type { LogFields, Logger } from '../../src/core/log.js';
import { PromMetrics } from '../../src/core/metrics-prom.js';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { ProvisionTokenSpecV2Schema } from '../../src/gen/teleport/types/provision_token_pb.js';
import { type Bot, type BotSettings, startBot } from '../../src/teleport/bot.js';
import { type RealTeleport, startRealTeleport } from '../env/teleport-real.js';
import { Issuer } from './issuer.js';

const binDir = process.env['TELEPORT_BIN_DIR'] ?? '';

/** Whether there is no real Teleport to run. */
export const noTeleport = binDir === '';

/** A server that runs while the tests of the block do. */
export function realServer(options: Parameters<typeof startRealTeleport>[1] = {}): () => RealTeleport {
  let teleport: RealTeleport | undefined;
  beforeAll(async () => {
    teleport = await startRealTeleport(binDir, options);
  }, 90_000);
  afterAll(() => teleport?.stop());
  return () => {
    if (!teleport) throw new Error('the server is not up');
    return teleport;
  };
}

type TokenSpec = MessageInitShape<typeof ProvisionTokenSpecV2Schema>;

/** Bots that end with the test that starts them, for the tests of a block. */
export function realBots() {
  let folder = '';
  let issuer: Issuer;
  let bots = 0;
  const running = new Set<Bot>();
  const lines: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'operator-real-'));
    issuer = await Issuer.create();
  });
  afterEach(async () => {
    await Promise.all([...running].map((bot) => bot.stop()));
    running.clear();
    lines.length = 0;
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
  return { issuer: () => issuer, lines, start, ready, works };
}

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
