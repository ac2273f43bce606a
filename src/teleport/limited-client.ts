// A TeleportClient whose unary calls wait for their place with the limiter. Streams pass: one is open for long and
// says nothing about how much Teleport takes.

import type { CallLimiter } from './call-limiter.js';
import type { TeleportClient } from './client.js';

/** @param lane whose calls these are, such as the kind */
export function limitedClient(client: TeleportClient, limiter: CallLimiter, lane: string): TeleportClient {
  return {
    unary: (method, request, options) =>
      limiter.run(lane, method.name, () => client.unary(method, request, options), options?.signal),
    serverStream: (method, request, options) => client.serverStream(method, request, options),
    bidi: (method, requests, options) => client.bidi(method, requests, options),
  };
}
