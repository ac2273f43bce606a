// A Teleport client that calls only while this replica leads: closes the gap between a process that was
// stopped for a while and the timers that would tell it so, where a call begins and again where a connection takes it.
import type { TeleportClient } from '../teleport/client.js';
import { TeleportError } from '../teleport/errors.js';

/**
 * The client with unary calls refused (Canceled, nothing sent) unless `leading()` is true at that moment, and when there
 * is a connection for them.
 */
export function leaderTeleport(client: TeleportClient, leading: () => boolean): TeleportClient {
  return {
    unary: async (method, request, options) => {
      if (!leading()) throw new TeleportError('Canceled', 'not leading any more');
      return client.unary(method, request, { ...options, maySend: leading });
    },
    serverStream: (method, request, options) => client.serverStream(method, request, options),
    bidi: (method, requests, options) => client.bidi(method, requests, options),
  };
}
