// Sessions are replaced at every renewal: on tunnelled ways, what carried the old ones goes with them, and nothing is
// left when the bot is stopped.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/log.js';
import { PromMetrics } from '../../src/core/metrics-prom.js';
import { startBot } from '../../src/teleport/bot.js';
import { eventually } from '../env/eventually.js';
import { startCheckedTeleport } from '../env/teleport-embedded.js';
import { startL7Balancer } from './l7-balancer.js';

const folder = mkdtempSync(join(tmpdir(), 'operator-leaks-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Both ends of every connection in this process. */
const sockets = () => process.getActiveResourcesInfo().filter((one) => one === 'TCPSocketWrap').length;

describe.each(['Auth', 'proxy', 'balancer', 'gRPC tunnel'])('by way of %s', (way) => {
  it('no connection is left behind', async () => {
    const before = sockets();
    const server = await startCheckedTeleport({ clusterName: 'tele.test', handsOn: way !== 'gRPC tunnel' });
    const balancer = way === 'balancer' ? await startL7Balancer(server.proxyAddress) : undefined;
    const ca = join(folder, `${way}.pem`);
    writeFileSync(ca, balancer?.ca ?? server.proxyCaPem);
    const bot = startBot({
      settings: {
        authServer: balancer?.address ?? (way === 'Auth' ? server.authAddress : server.proxyAddress),
        joinMethod: 'token',
        token: server.addBot({ name: 'op', join: { method: 'token' } }),
        caPins: [],
        insecure: false,
        certificateTtlMs: 60_000,
        renewalIntervalMs: 1_000,
        env: { SSL_CERT_FILE: ca },
      },
      clock: systemClock,
      log: silentLogger,
      metrics: new PromMetrics(),
    });
    await bot.ready(AbortSignal.timeout(10_000));
    expect(sockets()).toBeGreaterThan(before);
    const generation = () => server.calls.of('GenerateUserCerts').length;
    const start = generation();
    await eventually(() => generation() >= start + 8, { timeoutMs: 20_000 });
    // One that works and one that is being replaced: two ends each, on up to three hops.
    await eventually(() => expect(sockets() - before).toBeLessThanOrEqual(16));
    await bot.stop();
    try {
      await eventually(() => expect(sockets()).toBe(before), { timeoutMs: 5_000 });
    } finally {
      await balancer?.stop();
      await server.close();
    }
  }, 40_000);
});
