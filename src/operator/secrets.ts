// The Secrets that objects look values up in: watched from the first lookup on, so that a changed one reaches
// Teleport within seconds. Where only `get` is allowed they are read when needed and looked at again each
// minute. Nothing is read while no object asks for it.
import { aborted, sleep } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Metrics } from '../core/metrics.js';
import type { KubeClient } from '../kube/client.js';
import { isKubeError } from '../kube/errors.js';
import { Informer } from '../kube/informer.js';
import type { ApiResource, KubeObject } from '../kube/object.js';
import { splitKey } from '../kube/object.js';
import type { SecretSource } from '../reconcile/secret-lookup.js';

const resource: ApiResource = { group: '', version: 'v1', plural: 'secrets' };

/** How often Secrets are looked at that can't be watched, in milliseconds. */
const pollMs = 60_000;

export interface SecretsParts {
  readonly kube: KubeClient;
  readonly namespace: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Told which Secret changed; undefined where any may have. */
export type SecretListener = (name: string | undefined) => void;

export class Secrets implements SecretSource {
  readonly #parts: SecretsParts;
  readonly #informer: Informer;
  readonly #listeners: SecretListener[] = [];
  #asked: () => void = () => {};
  readonly #needed: Promise<void>;

  constructor(parts: SecretsParts) {
    this.#parts = parts;
    this.#needed = new Promise((resolve) => {
      this.#asked = resolve;
    });
    this.#informer = new Informer({
      client: parts.kube,
      resource,
      namespace: parts.namespace,
      clock: parts.clock,
      log: parts.log,
      metrics: parts.metrics,
      onChange: (key) => this.#tell(splitKey(key).name),
    });
  }

  /** Calls back whenever a Secret changed. */
  subscribe(listener: SecretListener): void {
    this.#listeners.push(listener);
  }

  async get(namespace: string, name: string, signal: AbortSignal): Promise<KubeObject | undefined> {
    this.#asked();
    if (this.#informer.state === 'synced') return this.#informer.get(`${namespace}/${name}`);
    try {
      return await this.#parts.kube.get(resource, { namespace, name }, { signal });
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  /** Watches from the first lookup on, until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.race([this.#needed, aborted(signal)]);
    if (signal.aborted) return;
    await Promise.all([this.#informer.run(signal), this.#poll(signal)]);
  }

  async #poll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#parts.clock, pollMs, signal).catch(() => {});
      if (!signal.aborted && this.#informer.state !== 'synced') this.#tell(undefined);
    }
  }

  #tell(name: string | undefined): void {
    for (const listener of this.#listeners) listener(name);
  }
}
