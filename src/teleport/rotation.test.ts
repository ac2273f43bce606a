// A rotation of the host authority in virtual time: the bot follows each phase, new connections included, and no call
// fails; one that slept through it all does not believe the stranger.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeAuth } from '../../test/builders/fake-auth.js';
import { makeCa } from '../../test/builders/teleport-certificates.js';
import { waitFor } from '../../test/builders/wait-for.js';
import { silentLogger } from '../core/log.js';
import { noMetrics } from '../core/metrics.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import { type Bot, startBot } from './bot.js';
import { pinOf } from './trust.js';

const second = 1000;
let clock: VirtualClock;
let auth: FakeAuth;
let folder: string;
let bot: Bot;

beforeEach(async () => {
  clock = new VirtualClock(Date.now());
  auth = await FakeAuth.start({ clock });
  auth.tokens.set('kube', 'kubernetes');
  folder = mkdtempSync(join(tmpdir(), 'rotation-'));
  writeFileSync(join(folder, 'jwt'), 'jwt');
  writeFileSync(join(folder, 'pins'), pinOf(auth.cas.host.pem));
  bot = startBot({
    settings: {
      authServer: `127.0.0.1:${auth.address.port}`,
      joinMethod: 'kubernetes',
      token: 'kube',
      caPins: [join(folder, 'pins')],
      insecure: false,
      certificateTtlMs: 3600 * second,
      renewalIntervalMs: 1200 * second,
      env: { KUBERNETES_TOKEN_PATH: join(folder, 'jwt') },
    },
    clock,
    log: silentLogger,
    metrics: noMetrics,
    random: () => 0.5,
  });
  await bot.ready();
});
afterEach(async () => {
  await bot.stop();
  await auth.stop();
  rmSync(folder, { recursive: true });
});

const call = () => bot.client.unary(AuthService.method.getRole, { Name: 'x' });
const renewals = () => auth.callsOf('RegisterUsingToken').length;

describe('a rotation of the host authority', () => {
  it('is followed in each phase, and no call fails', async () => {
    await waitFor(() => expect(auth.callsOf('GetClusterCACert').length).toBeGreaterThan(1));
    for (const phase of ['init', 'update_clients', 'update_servers', 'standby'] as const) {
      const before = renewals();
      await auth.rotateHost(phase);
      await call();
      // The events of a phase settle first; then certificates and trust are renewed.
      await waitFor(
        async () => {
          await clock.advance(second);
          await call();
          await pause(10);
          expect(renewals()).toBeGreaterThan(before);
        },
        { timeout: 10_000, interval: 10 },
      );
      await waitFor(() => expect(auth.active).toBe(0));
      await call();
    }
    // Whatever has to be dialled anew now meets the new authority.
    auth.cut();
    await waitFor(async () => {
      await clock.advance(second);
      await call();
    });
    expect(bot.state().ready).toBe(true);
  });
});

describe('a rotation that was slept through', () => {
  it('is told with the new pin, nothing is shown to the stranger, and the pin in its file is all it takes', async () => {
    const { cas, address } = auth;
    await auth.stop();
    const host = await makeCa(auth.clusterName);
    auth = await FakeAuth.start({ clock, port: address.port, cas: { ...cas, host } });
    auth.tokens.set('kube', 'kubernetes');
    await waitFor(
      async () => {
        await clock.advance(second);
        await pause(5);
        expect(bot.state().reason).toContain(
          `a host CA with the pin ${pinOf(host.pem)}, which is not among the 1`,
        );
      },
      { timeout: 15_000, interval: 5 },
    );
    expect(bot.state().reason).toContain('the CA was rotated: add it');
    expect(renewals()).toBe(0);

    writeFileSync(join(folder, 'pins'), `${pinOf(cas.host.pem)}\n${pinOf(host.pem)}\n`);
    await waitFor(
      async () => {
        await clock.advance(5 * second);
        await pause(5);
        expect(bot.state().ready).toBe(true);
      },
      { timeout: 15_000, interval: 5 },
    );
    await call();
  });
});
