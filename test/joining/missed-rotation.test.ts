// A rotation of the host authority that passed the bot by: it was cut off from the first phase to the last. Once it is let in
// again it works without a restart, wherever something else than the old authority can be believed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/log.js';
import { PromMetrics } from '../../src/core/metrics-prom.js';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { type Bot, startBot } from '../../src/teleport/bot.js';
import { encodedClusterName, splitPem } from '../../src/teleport/identity.js';
import { pinOf } from '../../src/teleport/trust.js';
import { apiDomain, overSocket, secureSocket } from '../contract/teleport/clients.js';
import { eventually } from '../env/eventually.js';
import { teleportServers } from '../env/index.js';
import { type RunningEmbeddedTeleport, startCheckedTeleport } from '../env/teleport-embedded.js';
import type { RealTeleport } from '../env/teleport-real.js';
import { startTeleportWire, type TeleportWire } from '../env/teleport-wire.js';
import type { RunningTeleport } from '../env/types.js';
import { Issuer } from './issuer.js';

const folder = mkdtempSync(join(tmpdir(), 'missed-rotation-'));
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
afterAll(() => rmSync(folder, { recursive: true }));

const protocol = ({ clusterName }: RunningTeleport): string =>
  `teleport-auth@${encodedClusterName(clusterName)}`;

/** The authorities that Auth itself shows to anybody, PEM each. */
async function shownCas(address: string): Promise<string[]> {
  const socket = await secureSocket(address, {
    servername: apiDomain,
    ALPNProtocols: ['h2'],
    rejectUnauthorized: false,
  });
  try {
    const { TLSCA } = await overSocket(socket, address)(AuthService.method.getClusterCACert, {});
    return splitPem(Buffer.from(TLSCA).toString('utf8'));
  } finally {
    socket.destroy();
  }
}

/** Succeeds where Auth answers with a certificate of these authorities. */
async function ping(address: string, ALPNProtocols: string[], ca: string[]): Promise<void> {
  const socket = await secureSocket(address, { servername: apiDomain, ALPNProtocols, ca });
  try {
    await overSocket(socket, address)(AuthService.method.ping, {});
  } finally {
    socket.destroy();
  }
}

/** @returns how the server is reached afterwards, and how it is stopped */
async function rotate(
  teleport: RunningTeleport,
): Promise<{ pins: string[]; proxyCa: string; stop?: () => Promise<void> }> {
  if (teleport.kind === 'teleport') {
    const real = teleport as RealTeleport;
    for (const phase of ['init', 'update_clients', 'update_servers', 'standby']) {
      await real.tctl('auth', 'rotate', '--manual', '--type=host', `--phase=${phase}`);
      // Each service takes its new certificate by itself; nothing tells when all have.
      await pause(5_000);
    }
    await eventually(
      async () => {
        const pems = await shownCas(real.authAddress);
        expect(pems.map(pinOf).filter((pin) => real.caPins.includes(pin))).toEqual([]);
        await Promise.all([
          ping(real.authAddress, ['h2'], pems),
          ping(real.proxyAddress, [protocol(real), 'h2'], pems),
        ]);
      },
      { timeoutMs: 60_000, intervalMs: 1_000 },
    );
    const pins = (await shownCas(real.authAddress)).map(pinOf);
    return { pins, proxyCa: real.proxyCa };
  }
  const { server } = teleport as RunningEmbeddedTeleport;
  await server.stopListening();
  await server.state.rotateHostCa();
  const next = await startCheckedTeleport({
    dataFrom: server.state,
    authPort: Number(server.authAddress.split(':')[1]),
    proxyPort: Number(server.proxyAddress.split(':')[1]),
  });
  return { pins: [...next.caPins], proxyCa: next.proxyCaPem, stop: next.close };
}

// Not yet on a real one: there the way through a proxy was seen to work, but phases that follow one another in seconds leave Auth with
// certificates of either authority for minutes.
const [embedded] = teleportServers();

describe.each(embedded ? [embedded] : [])('on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('a bot that was cut off during a whole rotation', () => {
    const ending: (() => Promise<unknown>)[] = [];
    afterEach(async () => {
      for (const end of ending.splice(0).reverse()) await end();
    });

    /** A bot behind a wire that is cut while the authority is rotated. */
    const missed = async (
      way: 'proxy' | 'auth',
      caPins: (teleport: RunningTeleport) => readonly string[],
    ): Promise<{ bot: Bot; wire: TeleportWire; pins: string[] }> => {
      const teleport = await start();
      ending.push(teleport.stop);
      const wire = await startTeleportWire(way === 'proxy' ? teleport.proxyAddress : teleport.authAddress);
      ending.push(wire.stop);
      const issuer = await Issuer.create();
      const token = await teleport.addBot({
        name: 'op',
        join: issuer.podJoin(),
      });
      const jwt = await issuer.podToken(teleport.clusterName);
      const bot = startBot({
        settings: {
          authServer: wire.address,
          joinMethod: 'kubernetes',
          token,
          caPins: caPins(teleport),
          insecure: false,
          certificateTtlMs: 3_600_000,
          renewalIntervalMs: 1_800_000,
          kubernetesTokenPath: file('jwt', jwt),
          env: { SSL_CERT_FILE: file('proxy.pem', teleport.proxyCa) },
        },
        clock: systemClock,
        log: silentLogger,
        metrics: new PromMetrics(),
      });
      ending.push(() => bot.stop());
      await bot.ready(AbortSignal.timeout(20_000));
      wire.state = 'refused';
      wire.cut();
      const { pins, proxyCa, stop } = await rotate(teleport);
      if (stop) ending.push(stop);
      file('proxy.pem', proxyCa);
      await eventually(() => !bot.state().ready, { timeoutMs: 60_000 });
      wire.state = 'open';
      return { bot, wire, pins };
    };
    const works = async (bot: Bot): Promise<void> => {
      await bot.ready(AbortSignal.timeout(90_000));
      const role = await bot.client.unary(AuthService.method.getRole, { Name: 'operator' });
      expect(role.Metadata?.Name).toBe('operator');
    };

    it('goes on through a proxy, whose web certificate vouches', async () => {
      const { bot } = await missed('proxy', () => []);
      await works(bot);
    }, 240_000);

    it.each(['proxy', 'auth'] as const)(
      'names the new pin by way of %s, and goes on when it stands in the file of pins',
      async (way) => {
        const { bot, pins } = await missed(way, (teleport) => [file('pins', teleport.caPins.join('\n'))]);
        const fresh = pins.at(-1) ?? '';
        await eventually(() => expect(bot.state().reason).toContain(fresh), { timeoutMs: 120_000 });
        expect(bot.state()).toMatchObject({
          ready: false,
          reason: expect.stringContaining('add it') as string,
        });
        file('pins', pins.join('\n'));
        await works(bot);
      },
      240_000,
    );
  });
});
