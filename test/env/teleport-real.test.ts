// The launcher itself: what RunningTeleport promises, on a real Teleport.
import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { eventually } from './eventually.js';
import { operatorRole } from './teleport-bot.js';
import { startRealTeleport } from './teleport-real.js';
import type { RunningTeleport } from './types.js';

const binaries = process.env['TELEPORT_BIN_DIR'];

describe.skipIf(!binaries)(`a real Teleport${binaries ? '' : ' (TELEPORT_BIN_DIR is not set)'}`, () => {
  let teleport: RunningTeleport;
  beforeAll(async () => {
    teleport = await startRealTeleport(binaries!);
  });
  afterAll(() => teleport?.stop());

  it('answers an administrator and survives a restart with its state', async () => {
    const token = await teleport.addBot({ name: 'first', join: { method: 'token' } });
    await teleport.restart();
    const ping = await teleport.admin.unary(AuthService.method.ping, {});
    expect(ping.ClusterName).toBe(teleport.clusterName);
    const stored = await teleport.admin.unary(AuthService.method.getToken, { Name: token });
    expect(stored.Spec?.BotName).toBe('first');
  });

  it('makes a bot that may impersonate the operator role', async () => {
    await teleport.addBot({
      name: 'second',
      join: { method: 'kubernetes', type: 'static_jwks', jwks: '{"keys":[]}', serviceAccount: 'ns:sa' },
    });
    const role = await eventually(() =>
      teleport.admin.unary(AuthService.method.getRole, { Name: 'bot-second' }),
    );
    expect(role.Spec?.Allow?.Impersonate?.Roles).toEqual([operatorRole]);
  });

  it('serves the proxy behind its own certificate', async () => {
    const found = await new Promise<string>((resolve, reject) => {
      const outgoing = request(
        `https://${teleport.proxyAddress}/webapi/find`,
        { ca: teleport.proxyCa },
        (reply) => {
          let text = '';
          reply.on('data', (chunk: Buffer) => {
            text += chunk.toString();
          });
          reply.on('end', () => resolve(text));
        },
      );
      outgoing.on('error', reject);
      outgoing.end();
    });
    expect((JSON.parse(found) as { cluster_name: string }).cluster_name).toBe(teleport.clusterName);
    expect(teleport.caPins.every((pin) => /^sha256:[0-9a-f]{64}$/.test(pin))).toBe(true);
  });
});
