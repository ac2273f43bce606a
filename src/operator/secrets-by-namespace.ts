// Secrets of several namespaces: each namespace has its own watch, begun when an object there first looks one up,
// so that the operator never reads the Secrets of a namespace that does not use it.
import type { KubeObject } from '../kube/object.js';
import type { SecretSource } from '../reconcile/secret-lookup.js';
import type { Secrets } from './secrets.js';

/** Told which Secret changed; without a name any of the namespace may have. */
export type NamespacedSecretListener = (namespace: string, name: string | undefined) => void;

export class SecretsByNamespace implements SecretSource {
  readonly #make: (namespace: string) => Secrets;
  readonly #signal: AbortSignal;
  readonly #known = new Map<string, Secrets>();
  readonly #running = new Set<Promise<void>>();
  readonly #listeners: NamespacedSecretListener[] = [];

  /** @param signal ends all watches */
  constructor(make: (namespace: string) => Secrets, signal: AbortSignal) {
    this.#make = make;
    this.#signal = signal;
  }

  /** Calls back whenever a Secret changed. */
  subscribe(listener: NamespacedSecretListener): void {
    this.#listeners.push(listener);
  }

  async get(namespace: string, name: string, signal: AbortSignal): Promise<KubeObject | undefined> {
    return this.#of(namespace).get(namespace, name, signal);
  }

  /** Resolves when the signal is aborted and all watches have ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }

  #of(namespace: string): Secrets {
    const known = this.#known.get(namespace);
    if (known) return known;
    const secrets = this.#make(namespace);
    this.#known.set(namespace, secrets);
    secrets.subscribe((name) => {
      for (const listener of this.#listeners) listener(namespace, name);
    });
    this.#running.add(secrets.run(this.#signal));
    return secrets;
  }
}
