// The objects of a kind in all namespaces that the operator works in: one informer for each, or one for the whole
// cluster, seen as one.
import type { Informer, InformerState } from '../kube/informer.js';
import { type KubeObject, type ObjectKey, splitKey } from '../kube/object.js';
import type { Namespaces } from './namespaces.js';

export class ObjectStore {
  /** By namespace; under '' the one for all. */
  readonly #informers: ReadonlyMap<string, Informer>;

  /** @param make an informer for a namespace, or for all where it is undefined */
  constructor(namespaces: Namespaces, make: (namespace: string | undefined) => Informer) {
    this.#informers = new Map(
      namespaces === 'all' ? [['', make(undefined)]] : namespaces.map((name) => [name, make(name)]),
    );
  }

  get(key: ObjectKey): KubeObject | undefined {
    return this.#of(key)?.get(key);
  }

  *keys(): IterableIterator<ObjectKey> {
    for (const informer of this.#informers.values()) yield* informer.keys();
  }

  *items(): IterableIterator<KubeObject> {
    for (const informer of this.#informers.values()) yield* informer.items();
  }

  /** What is known of the kind: `starting` while any namespace is, else what the first one that has trouble says. */
  get state(): InformerState {
    const states = [...this.#informers.values()].map(({ state }) => state);
    return (
      states.find((state) => state === 'starting') ??
      states.find((state) => typeof state !== 'string') ??
      'synced'
    );
  }

  /** Why objects of some namespace can't be listed or watched now; undefined while that works. */
  get trouble(): string | undefined {
    return [...this.#informers.values()].find(({ trouble }) => trouble !== undefined)?.trouble;
  }

  /** What may keep objects that there are from being read; undefined where nothing but failing lists does. */
  get hiddenBy(): 'forbidden' | 'unserved' | undefined {
    const all = [...this.#informers.values()].map(({ state }) => state);
    const why = new Set(all.map((state) => (typeof state === 'string' ? undefined : state.unavailable)));
    if (why.has('forbidden')) return 'forbidden';
    return why.has('missing') ? 'unserved' : undefined;
  }

  /** As Informer.wrote. */
  wrote(key: ObjectKey, base: KubeObject, result: KubeObject): void {
    this.#of(key)?.wrote(base, result);
  }

  /** Resolves when every namespace's objects are in, or can't be. @throws the signal's reason */
  async whenSynced(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.whenSynced(signal)));
  }

  /** Lists and watches until the signal is aborted. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.run(signal)));
  }

  #of(key: ObjectKey): Informer | undefined {
    return this.#informers.get(splitKey(key).namespace) ?? this.#informers.get('');
  }
}
