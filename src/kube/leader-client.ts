// A client whose writes are possible only while we lead. The leader's signal ends work in good time; this
// closes the gap that is left when the process was stopped for a while and wakes before its timers fire.
import type { KubeClient } from './client.js';

/**
 * The client with reads as they are; create, replace, patch and delete throw an AbortError, and send nothing,
 * unless `leading()` is true at that moment.
 */
export function leaderClient(client: KubeClient, leading: () => boolean): KubeClient {
  const check = (): void => {
    if (!leading()) throw new DOMException('not leading any more', 'AbortError');
  };
  return {
    get: (...call) => client.get(...call),
    list: (...call) => client.list(...call),
    watch: (...call) => client.watch(...call),
    discover: (...call) => client.discover(...call),
    close: () => client.close(),
    create: async (...call) => {
      check();
      return client.create(...call);
    },
    replace: async (...call) => {
      check();
      return client.replace(...call);
    },
    patch: async (...call) => {
      check();
      return client.patch(...call);
    },
    delete: async (...call) => {
      check();
      return client.delete(...call);
    },
  };
}
