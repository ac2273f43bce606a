// What Teleport's server is and what its licence allows, looked at again each half minute: an upgraded Teleport switches
// kinds on without a restart of ours. The bot itself learns of it only when it dials anew for its own reasons.
import { create, equals } from '@bufbuild/protobuf';
import { sleep } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import { AuthService, type Features, FeaturesSchema } from '../gen/teleport/client/authservice_pb.js';
import type { TeleportClient } from '../teleport/client.js';

/** Milliseconds between looks. */
const everyMs = 30_000;

export interface ServerWatchParts {
  readonly teleport: TeleportClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** What the bot was told when it dialled. */
  readonly atFirst: () => { readonly features?: Features; readonly serverVersion?: string };
}

/** What to do when something has changed. */
export interface ServerListeners {
  /** What the licence allows is another. */
  readonly licence: () => void;
  /** The server is of another version. */
  readonly version: () => void;
}

export class ServerWatch {
  readonly #parts: ServerWatchParts;
  #features: Features | undefined;
  #version: string | undefined;

  constructor(parts: ServerWatchParts) {
    this.#parts = parts;
  }

  /** What the licence allows; undefined while nothing is known. */
  features(): Features | undefined {
    return this.#features ?? this.#parts.atFirst().features;
  }

  /** Looks until the signal is aborted. */
  async run(listeners: ServerListeners, signal: AbortSignal): Promise<void> {
    const { teleport, clock, log, atFirst } = this.#parts;
    this.#version ??= atFirst().serverVersion;
    while (!signal.aborted) {
      try {
        await sleep(clock, everyMs, signal);
        const ping = await teleport.unary(AuthService.method.ping, {}, { signal });
        const [features, version] = [this.features(), this.#version];
        this.#features = ping.ServerFeatures;
        this.#version = ping.ServerVersion;
        if (!isSame(features, ping.ServerFeatures)) {
          log.info('What the licence of Teleport allows has changed');
          listeners.licence();
        }
        if (version !== undefined && version !== ping.ServerVersion) {
          log.info('Teleport is of another version now', { before: version, now: ping.ServerVersion });
          listeners.version();
        }
      } catch {
        // Stopped, or not reachable now: others say so.
      }
    }
  }
}

function isSame(one: Features | undefined, other: Features | undefined): boolean {
  return equals(FeaturesSchema, one ?? create(FeaturesSchema), other ?? create(FeaturesSchema));
}
