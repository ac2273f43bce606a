// A client whose writes are possible only while we lead. The leader's signal ends work in good time; this
// closes the gap that is left when the process was stopped for a while and wakes before its timers fire. It is closed
// where a write begins, and again where its connection takes it: between the two lies a queue.
import type { KubeClient } from './client.js';

/**
 * The client with reads as they are; create, replace, patch and delete throw an AbortError, and send nothing,
 * unless `leading()` is true at that moment and when the connection is ready to take the request.
 */
export function leaderClient(client: KubeClient, leading: () => boolean): KubeClient {
  const check = (): void => {
    if (!leading()) throw new DOMException('not leading any more', 'AbortError');
  };
  return {
    get: (...call) => client.get(...call),
    list: (...call) => client.list(...call),
    watch: (...call) => client.watch(...call),
    versions: (...call) => client.versions(...call),
    discover: (...call) => client.discover(...call),
    describe: (...call) => client.describe(...call),
    close: () => client.close(),
    create: async (resource, object, options) => {
      check();
      return client.create(resource, object, { ...options, maySend: leading });
    },
    replace: async (resource, object, options) => {
      check();
      return client.replace(resource, object, { ...options, maySend: leading });
    },
    patch: async (resource, ref, patch, options) => {
      check();
      return client.patch(resource, ref, patch, { ...options, maySend: leading });
    },
    delete: async (resource, ref, options) => {
      check();
      return client.delete(resource, ref, { ...options, maySend: leading });
    },
  };
}
