// What a bot lives through on a real Teleport: a rotation of its authorities, a lock, its deletion, and an outage that is longer than the
// certificates live.
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { eventually } from '../env/eventually.js';
import { pins } from '../env/teleport-real.js';
import { noTeleport, realBots, realServer } from './real-bots.js';

describe.skipIf(noTeleport)('on a real Teleport', () => {
  const { lines, start, ready, works } = realBots();

  describe('with TLS routing', () => {
    const teleport = realServer();

    it('is refused with one pin while there are two authorities, and believed with both', async () => {
      await teleport().tctl('auth', 'rotate', '--manual', '--type=host', '--phase=init');
      try {
        const pem = await eventually(async () => {
          const reply = await teleport().admin.unary(AuthService.method.getClusterCACert, {});
          const text = Buffer.from(reply.TLSCA).toString();
          return pins(text).length === 2 ? text : false;
        });
        const one = await start(teleport(), { caPins: teleport().caPins });
        await eventually(() => expect(one.bot.state().reason).toMatch(/not among the 1 of -ca-pin/));
        const both = await start(teleport(), { caPins: pins(pem || '') });
        await ready(both.bot);
        await works(both.bot);
      } finally {
        await teleport().tctl('auth', 'rotate', '--manual', '--type=host', '--phase=rollback');
        await teleport().tctl('auth', 'rotate', '--manual', '--type=host', '--phase=standby');
      }
    }, 60_000);

    it('says what to do when a one-time token cannot join again after an outage', async () => {
      const token = await teleport().addBot({ name: 'once', join: { method: 'token' } });
      const { bot } = await start(teleport(), {
        joinMethod: 'token',
        token,
        certificateTtlMs: 12_000,
        renewalIntervalMs: 5_000,
      });
      await ready(bot);
      await teleport().restart({ downMs: 15_000 });
      await eventually(
        () => expect(bot.state().reason).toMatch(/used token cannot join again.*tctl bots instances add/),
        {
          timeoutMs: 60_000,
        },
      );
    }, 120_000);

    it('names a lock, tries slowly, and works again when it is lifted', async () => {
      const { bot, name } = await start(teleport());
      await ready(bot);
      const out = await teleport().tctl('lock', `--user=bot-${name}`, '--message=under review');
      const id = /[\da-f]{8}-[\da-f-]{27}/.exec(out)?.[0] ?? '';
      await eventually(
        async () => {
          await bot.client.unary(AuthService.method.ping, {}).catch(() => undefined);
          expect(bot.state().reason).toMatch(/lock.*under review|under review/);
        },
        { timeoutMs: 30_000, intervalMs: 500 },
      );
      expect(bot.state().ready).toBe(false);
      await teleport().tctl('rm', `lock/${id}`);
      await ready(bot, 60_000);
      await works(bot);
    }, 120_000);

    it('names a deleted bot', async () => {
      const { bot, name } = await start(teleport());
      await ready(bot);
      await teleport().tctl('bots', 'rm', name);
      await eventually(
        async () => {
          await bot.client.unary(AuthService.method.ping, {}).catch(() => undefined);
          expect(bot.state().reason).toMatch(/spec.bot_name does not exist/);
        },
        { timeoutMs: 30_000, intervalMs: 500 },
      );
    }, 60_000);

    it('goes on when the server was away for longer than the certificates live', async () => {
      const { bot } = await start(teleport(), { certificateTtlMs: 20_000, renewalIntervalMs: 8_000 });
      await ready(bot);
      await teleport().restart({ downMs: 25_000 });
      await ready(bot, 90_000);
      await works(bot);
    }, 180_000);

    it.each(['host', 'user'])(
      'loses no call while the %s authority is rotated',
      async (type) => {
        const { bot, name } = await start(teleport());
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
          await teleport().tctl('auth', 'rotate', '--manual', `--type=${type}`, `--phase=${phase}`);
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
        const fresh = await start(teleport());
        await ready(fresh.bot);
      },
      180_000,
    );
  });
});
