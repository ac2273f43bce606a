// Every join method on every way in, on servers of every version: the bot gets ready and its calls are answered.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedTeleport } from '../../sandbox/teleport/server.js';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/log.js';
import { PromMetrics } from '../../src/core/metrics-prom.js';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { type Bot, startBot } from '../../src/teleport/bot.js';
import { authorizedKey } from '../../src/teleport/keys.js';
import { eventually } from '../env/eventually.js';
import { startCheckedTeleport } from '../env/teleport-embedded.js';
import { type L7Balancer, startL7Balancer } from './l7-balancer.js';
import { awsEnvironment, clusterName, createWorlds, type World, type Worlds } from './worlds.js';

const versions = ['15.4.0', '16.4.0', '17.5.0', '18.0.0', '19.0.0'];
const ways = [
  'Auth',
  'proxy',
  'proxy behind a balancer',
  'proxy without TLS routing',
  'proxy, pinned',
] as const;
const names =
  'token kubernetes gcp github gitlab circleci spacelift terraform_cloud bitbucket azure_devops azure iam bound_keypair'.split(
    ' ',
  );

const keys = generateKeyPairSync('ed25519');
let worlds: Worlds;
let folder = '';

beforeAll(async () => {
  worlds = await createWorlds({
    publicKey: authorizedKey(keys.publicKey).trim(),
    privateKey: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  });
  folder = mkdtempSync(join(tmpdir(), 'operator-matrix-'));
  Object.assign(process.env, awsEnvironment);
});

afterAll(async () => {
  for (const name of Object.keys(awsEnvironment)) delete process.env[name];
  await worlds.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(versions)('on a server of version %s', (serverVersion) => {
  describe.each(ways)('by way of %s', (way) => {
    let server: EmbeddedTeleport;
    let balancer: L7Balancer | undefined;
    let address = '';
    let ca = '';

    beforeAll(async () => {
      const handsOn = way !== 'proxy without TLS routing';
      server = await startCheckedTeleport({ clusterName, serverVersion, handsOn, ...worlds.believed });
      if (way === 'proxy behind a balancer') balancer = await startL7Balancer(server.proxyAddress);
      address = balancer?.address ?? (way === 'Auth' ? server.authAddress : server.proxyAddress);
      ca = join(folder, `${way}-${serverVersion}.pem`);
      writeFileSync(ca, balancer?.ca ?? server.proxyCaPem);
    });

    afterAll(async () => {
      await balancer?.stop();
      await server.close();
    });

    it.for(names)('%s', async (name, { skip }) => {
      const world = worlds.methods.find((one) => one.name === name);
      if (!world) throw new Error(`no world for ${name}`);
      const major = Number.parseInt(serverVersion, 10);
      if (world.since && major < world.since) return skip(`since Teleport ${world.since}`);
      const bot = start(server, world, address, ca, way);
      try {
        if (major < 17 && way === 'proxy, pinned' && !['azure', 'iam'].includes(name)) {
          await eventually(() => /before 17 cannot be joined/.test(bot.state().reason ?? ''));
          return;
        }
        await bot.ready(AbortSignal.timeout(10_000)).catch((error: unknown) => {
          throw new Error(`${bot.state().reason}`, { cause: error });
        });
        const ping = await bot.client.unary(AuthService.method.ping, {});
        expect(ping.ServerVersion).toBe(serverVersion);
        const role = await bot.client.unary(AuthService.method.getRole, { Name: 'operator' });
        expect(role.Metadata?.Name).toBe('operator');
        expect(bot.state().via).toBe(way === 'Auth' ? 'auth' : 'proxy');
      } finally {
        await bot.stop();
      }
    });
  });
});

function start(server: EmbeddedTeleport, world: World, address: string, ca: string, way: string): Bot {
  const token = server.addBot({ name: world.name.replace('_', '-'), join: world.join });
  return startBot({
    settings: {
      authServer: address,
      joinMethod: world.name,
      token,
      caPins: way === 'proxy, pinned' ? server.caPins : [],
      insecure: false,
      certificateTtlMs: 3_600_000,
      renewalIntervalMs: 1_800_000,
      env: { SSL_CERT_FILE: ca, ...world.env },
      ...(world.settings ? { methodSettings: world.settings } : {}),
      ...(world.store ? { store: world.store } : {}),
    },
    clock: systemClock,
    log: silentLogger,
    metrics: new PromMetrics(),
  });
}
