// Tells Teleport now and then that this bot instance lives, so that `tctl bots instances ls` shows it.
import { arch, hostname, platform } from 'node:os';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { sleep } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import { BotInstanceService } from '../gen/teleport/machineid/v1/bot_instance_service_pb.js';
import type { TeleportClient } from './client.js';
import { isTeleportError, TeleportError } from './errors.js';

export interface HeartbeatOptions {
  readonly client: TeleportClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly joinMethod: string;
  /** Resolves when calls can be made. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  readonly random: () => number;
}

const periodMs = 30 * 60_000;
const retryMs = 60_000;

/** Sends a heartbeat at once and every half hour; never fails, ends with the signal. */
export async function runHeartbeats(options: HeartbeatOptions): Promise<void> {
  const { clock, log, signal, random } = options;
  const start = clock.monotonic();
  let first = true;
  while (!signal.aborted) {
    try {
      await options.ready(signal);
      await send(options, clock.monotonic() - start, first);
      first = false;
      await sleep(clock, periodMs * (1 - 0.1 * random()), signal);
    } catch (error) {
      if (signal.aborted) return;
      // Servers before 16 have no such call; nothing is lost.
      if (isTeleportError(error, 'NotImplemented')) return;
      log.debug('the heartbeat was not taken', { reason: TeleportError.from(error).message });
      await sleep(clock, retryMs, signal).catch(() => undefined);
    }
  }
}

async function send(options: HeartbeatOptions, uptimeMs: number, isStartup: boolean): Promise<void> {
  const { client, clock, joinMethod, signal } = options;
  await client.unary(
    BotInstanceService.method.submitHeartbeat,
    {
      heartbeat: {
        recordedAt: timestampFromMs(Math.round(clock.now())),
        isStartup,
        hostname: hostname(),
        uptime: durationFromMs(Math.round(uptimeMs)),
        joinMethod,
        // Teleport's page expects Go's spelling.
        architecture: arch() === 'x64' ? 'amd64' : arch(),
        os: platform(),
      },
    },
    { signal },
  );
}
