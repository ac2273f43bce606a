// What the licence allows, looked at again each half minute: an upgraded Teleport switches kinds on without a
// restart of ours. The bot itself learns of it only when it dials anew for its own reasons.
import { create, equals } from '@bufbuild/protobuf';
import { sleep } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import { AuthService, type Features, FeaturesSchema } from '../gen/teleport/client/authservice_pb.js';
import type { TeleportClient } from '../teleport/client.js';

/** Milliseconds between looks. */
const everyMs = 30_000;

export interface LicenceWatchParts {
  readonly teleport: TeleportClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** What the bot was told when it dialled. */
  readonly atFirst: () => Features | undefined;
}

export class LicenceWatch {
  readonly #parts: LicenceWatchParts;
  #latest: Features | undefined;

  constructor(parts: LicenceWatchParts) {
    this.#parts = parts;
  }

  /** Undefined while nothing is known. */
  features(): Features | undefined {
    return this.#latest ?? this.#parts.atFirst();
  }

  /** Looks until the signal is aborted; calls back when what is allowed has changed. */
  async run(onChange: () => void, signal: AbortSignal): Promise<void> {
    const { teleport, clock, log } = this.#parts;
    while (!signal.aborted) {
      try {
        await sleep(clock, everyMs, signal);
        const { ServerFeatures } = await teleport.unary(AuthService.method.ping, {}, { signal });
        const before = this.features();
        this.#latest = ServerFeatures;
        if (isSame(before, ServerFeatures)) continue;
        log.info('What the licence of Teleport allows has changed');
        onChange();
      } catch {
        // Stopped, or not reachable now: others say so.
      }
    }
  }
}

function isSame(one: Features | undefined, other: Features | undefined): boolean {
  return equals(FeaturesSchema, one ?? create(FeaturesSchema), other ?? create(FeaturesSchema));
}
