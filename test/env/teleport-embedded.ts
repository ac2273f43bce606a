// The embedded Teleport as the suites see every server (types.ts), with the switches that only it has beside.
import { setTimeout as pause } from 'node:timers/promises';
import { type EmbeddedTeleport, startTeleport, type TeleportOptions } from '../../sandbox/teleport/server.js';

import { openTeleportAdmin } from './teleport-admin.js';
import { makeBot } from './teleport-bot.js';
import type { RunningTeleport } from './types.js';

/** A running embedded server; `server` has faults, the record of calls and direct access to resources. */
export interface RunningEmbeddedTeleport extends RunningTeleport {
  readonly kind: 'embedded';
  readonly server: EmbeddedTeleport;
}

export async function startEmbeddedTeleport(options: TeleportOptions = {}): Promise<RunningEmbeddedTeleport> {
  const server = await startTeleport({ clusterName: 'tele.test', ...options });
  const { certPem, keyPem, hostCaPem } = await server.admin();
  const admin = openTeleportAdmin(server.authAddress, hostCaPem, { cert: certPem, key: keyPem });
  return {
    kind: 'embedded',
    server,
    clusterName: server.clusterName,
    authAddress: server.authAddress,
    proxyAddress: server.proxyAddress,
    proxyCa: server.proxyCaPem,
    caPins: server.caPins,
    admin,
    addBot: (bot) => makeBot(admin, bot),
    restart: async ({ downMs = 0 } = {}) => {
      await server.stopListening();
      if (downMs > 0) await pause(downMs);
      await server.listenAgain();
    },
    stop: async () => {
      admin.close();
      await server.close();
    },
  };
}
