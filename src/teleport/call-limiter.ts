// How many calls to Teleport run at once: as many as it takes well. Where it refuses (429) or becomes slow there
// are fewer, until it goes well again; no number is set by anybody. Each lane (a kind) has its own limit below the
// common one, so that calls which take long for one kind leave room for the others.
import { sleep, whenAborted } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import type { Metrics } from '../core/metrics.js';
import { AdaptiveLimit } from './adaptive-limit.js';
import { isTeleportError } from './errors.js';
import { UsualTime } from './usual-time.js';

const common = { start: 16, most: 128 };
const ofLane = { start: 8, most: 64 };

/** A refusal halves; slowness, which is a softer word, takes a fifth. */
const refusedFactor = 0.5;
const slowFactor = 0.8;

/** Tries of a call that Teleport refused unread, and the wait before the second, in milliseconds. */
const tries = 5;
const firstWaitMs = 200;

export class CallLimiter {
  readonly #clock: Clock;
  readonly #limit = new AdaptiveLimit(common);
  readonly #lanes = new Map<string, Lane>();
  /** Where the round of the lanes goes on. */
  #turn = 0;

  constructor(clock: Clock, metrics: Metrics) {
    this.#clock = clock;
    const name = 'teleport_operator_teleport_call_limit';
    metrics.collect(name, 'Calls to Teleport that may run at once, as found by feedback.', ['lane'], () => [
      [{ lane: '' }, this.#limit.limit] as [Record<string, string>, number],
      ...[...this.#lanes].map(([lane, { limit }]): [Record<string, string>, number] => [
        { lane },
        limit.limit,
      ]),
    ]);
  }

  /** Calls that may run at once, of all lanes together. */
  get limit(): number {
    return this.#limit.limit;
  }

  /** Calls of the lane that may run at once. */
  laneLimit(name: string): number {
    return this.#lane(name).limit.limit;
  }

  /**
   * Makes the call when there is room. A call that Teleport refused for its number is made again.
   * @param what names calls that usually take the same time
   * @throws what `call` throws, and the signal's reason
   */
  async run<T>(
    lane: string,
    what: string,
    call: () => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    for (let sent = 1; ; sent++) {
      try {
        return await this.#once(this.#lane(lane), what, call, signal);
      } catch (error) {
        if (!isTeleportError(error, 'LimitExceeded') || sent === tries) throw error;
        await sleep(this.#clock, firstWaitMs * 2 ** (sent - 1) * (0.5 + Math.random()), signal);
      }
    }
  }

  async #once<T>(
    lane: Lane,
    what: string,
    call: () => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const { round, laneRound } = await this.#place(lane, signal);
    const started = this.#clock.monotonic();
    try {
      const result = await call();
      if (lane.usual(what).isSlow(this.#clock.monotonic() - started)) {
        lane.limit.shrink(slowFactor, laneRound);
      } else {
        lane.limit.grow();
        this.#limit.grow();
      }
      return result;
    } catch (error) {
      if (isTeleportError(error, 'LimitExceeded')) {
        this.#limit.shrink(refusedFactor, round);
        lane.limit.shrink(refusedFactor, laneRound);
      } else if (isTeleportError(error, 'DeadlineExceeded')) {
        lane.limit.shrink(refusedFactor, laneRound);
      }
      throw error;
    } finally {
      this.#limit.end();
      lane.limit.end();
      this.#admit();
    }
  }

  /** One lane never holds the last place: another's call finds it free. */
  #mayBegin({ limit }: Lane): boolean {
    return limit.hasRoom && this.#limit.hasRoom && limit.active < Math.max(1, this.#limit.limit - 1);
  }

  /** Waits for a place and takes it. Who came first begins first. */
  #place(lane: Lane, signal: AbortSignal | undefined): Promise<Place> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (lane.waiting.size === 0 && this.#mayBegin(lane)) return Promise.resolve(this.#take(lane));
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        release?.();
        resolve(this.#take(lane));
      };
      const release =
        signal &&
        whenAborted(signal, () => {
          lane.waiting.delete(begin);
          reject(signal.reason);
        });
      lane.waiting.add(begin);
    });
  }

  #take(lane: Lane): Place {
    return { round: this.#limit.begin(), laneRound: lane.limit.begin() };
  }

  /** Lets in whoever may begin now, one of each lane in turn. */
  #admit(): void {
    const lanes = [...this.#lanes.values()];
    for (let skipped = 0; skipped < lanes.length; ) {
      const lane = lanes[this.#turn++ % lanes.length];
      const [begin] = lane?.waiting ?? [];
      if (!lane || !begin || !this.#mayBegin(lane)) {
        skipped++;
        continue;
      }
      skipped = 0;
      lane.waiting.delete(begin);
      begin();
    }
  }

  #lane(name: string): Lane {
    let lane = this.#lanes.get(name);
    if (!lane) {
      lane = new Lane();
      this.#lanes.set(name, lane);
    }
    return lane;
  }
}

/** The rounds in which a call began. */
interface Place {
  readonly round: number;
  readonly laneRound: number;
}

class Lane {
  readonly limit = new AdaptiveLimit(ofLane);
  readonly waiting = new Set<() => void>();
  readonly #usual = new Map<string, UsualTime>();

  usual(what: string): UsualTime {
    let known = this.#usual.get(what);
    if (!known) {
      known = new UsualTime();
      this.#usual.set(what, known);
    }
    return known;
  }
}
