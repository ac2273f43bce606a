// A Secret that keeps a few texts beyond the life of the Pod: the key of join method bound_keypair. Everything else of
// the bot lives in memory.
import type { KubeClient, Stored } from '../kube/client.js';
import { isKubeError } from '../kube/errors.js';
import type { ApiResource } from '../kube/object.js';
import { TeleportError } from '../teleport/errors.js';
import type { StateStore } from '../teleport/join/method.js';

const resource: ApiResource = { group: '', version: 'v1', plural: 'secrets' };
const fieldManager = 'teleport-operator-join';

interface Secret extends Stored {
  readonly data?: Readonly<Record<string, string>>;
}

export class SecretStore implements StateStore {
  readonly place: string;
  readonly #kube: KubeClient;
  readonly #namespace: string;
  readonly #name: string;

  constructor(kube: KubeClient, namespace: string, name: string) {
    this.#kube = kube;
    this.#namespace = namespace;
    this.#name = name;
    this.place = `the Secret ${namespace}/${name}`;
  }

  async load(signal?: AbortSignal): Promise<Readonly<Record<string, string>>> {
    const ref = { namespace: this.#namespace, name: this.#name };
    try {
      const { data = {} } = await this.#kube.get<Secret>(resource, ref, { signal });
      return Object.fromEntries(
        Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]),
      );
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return {};
      throw this.#failed('read', 'get', error, signal);
    }
  }

  async save(values: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<void> {
    const data = Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    );
    const metadata = { namespace: this.#namespace, name: this.#name };
    try {
      const body = { data };
      await this.#kube.patch(resource, metadata, { type: 'merge', body, fieldManager }, { signal });
    } catch (error) {
      if (!isKubeError(error, 'NotFound')) throw this.#failed('written', 'create and patch', error, signal);
      // Applied, not posted: only then the right to create can be given for this one name. Whoever may create any Secret can
      // have a token of any service account in the namespace made.
      const body = { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data };
      await this.#kube
        .patch(resource, metadata, { type: 'apply', body, fieldManager }, { signal })
        .catch((cause: unknown) => {
          throw this.#failed('made', 'create and patch', cause, signal);
        });
    }
  }

  #failed(what: string, verbs: string, cause: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason;
    const why = cause instanceof Error ? cause.message : String(cause);
    return new TeleportError(
      'BadParameter',
      `join method bound_keypair: ${this.place} cannot be ${what} (${why}); allow the operator's service account to ` +
        `${verbs} Secrets of that name, or name another with -bound-keypair-secret`,
      { cause },
    );
  }
}
