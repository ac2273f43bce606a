// Bot instances: one per first join, with the generation counter that tells a copied renewable certificate
// from its original (joining.md 5.7).
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../src/core/clock.js';

export interface BotInstance {
  readonly botName: string;
  readonly id: string;
  generation: number;
  /** Milliseconds since the epoch. */
  expires: number;
  readonly joinMethod: string;
  heartbeats: number;
}

/** Records live this much longer than the certificates they stand for. */
const margin = 5 * 60_000;

export class BotInstances {
  readonly #instances = new Map<string, BotInstance>();

  constructor(readonly clock: Clock) {}

  get(botName: string, id: string): BotInstance | undefined {
    const found = this.#instances.get(`${botName}/${id}`);
    return found && found.expires > this.clock.now() ? found : undefined;
  }

  /** @param expires when the certificates expire, milliseconds since the epoch */
  create(botName: string, joinMethod: string, expires: number): BotInstance {
    const instance = {
      botName,
      id: randomUUID(),
      generation: 1,
      expires: expires + margin,
      joinMethod,
      heartbeats: 0,
    };
    this.#instances.set(`${botName}/${instance.id}`, instance);
    return instance;
  }

  /** Counts a renewal. */
  advance(instance: BotInstance, expires: number): void {
    instance.generation += 1;
    instance.expires = expires + margin;
  }

  list(): readonly BotInstance[] {
    return [...this.#instances.values()];
  }
}
