// The embedded Teleport as the suites see every server (types.ts), with the switches that only it has beside.
import { setTimeout as pause } from 'node:timers/promises';
import { type EmbeddedTeleport, startTeleport, type TeleportOptions } from '../../sandbox/teleport/server.js';
import { administrator } from '../../sandbox/teleport/state/presets.js';
import { uncovered } from '../contract/teleport/coverage.js';
import { openTeleportAdmin } from './teleport-admin.js';
import { makeBot } from './teleport-bot.js';
import type { RunningTeleport } from './types.js';

/** A running embedded server; `server` has faults, the record of calls and direct access to resources. */
export interface RunningEmbeddedTeleport extends RunningTeleport {
  readonly kind: 'embedded';
  readonly server: EmbeddedTeleport;
}

/**
 * Starts an embedded server of a test's own; `close` throws as `stop` of the one below does.
 */
export async function startCheckedTeleport(options: TeleportOptions = {}): Promise<EmbeddedTeleport> {
  const server = await startTeleport(options);
  return {
    ...server,
    close: async () => {
      await server.close();
      checkUses(server);
    },
  };
}

/** @throws when a bot, or somebody who is not known yet, has used what no case of the contract is about */
function checkUses({ calls }: EmbeddedTeleport): void {
  const missing = uncovered(calls.uses().filter(({ user }) => user !== administrator));
  if (missing.length === 0) return;
  throw new Error(
    `used, but without a case in test/contract/teleport (see coverage.ts): ${missing.join('; ')}`,
  );
}

/** Starts the embedded server. `stop` throws when the operator has used what no case of the contract is about. */
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
      checkUses(server);
    },
  };
}
