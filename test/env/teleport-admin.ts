// An administrator's calls to Auth over Connect's own Node transport: independent of src/teleport's, which is
// what the tests are about. Connect makes the connection anew after a restart of the server.
import type { Transport } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import type { TeleportClient } from '../../src/teleport/client.js';
import type { KeyPair } from './certificates.js';
import { ofConnect } from './connect-errors.js';

/**
 * @param address host:port of Auth
 * @param hostCa PEM of the cluster's host CA alone (observed.md 1)
 */
export function openTeleportAdmin(
  address: string,
  hostCa: string,
  identity: KeyPair,
): TeleportClient & { close(): void } {
  const url = `https://${address}`;
  // Auth's certificate is for this name whatever the address is (joining.md 2.2)
  const sessions = new Http2SessionManager(
    url,
    {},
    { ca: hostCa, ...identity, servername: 'teleport.cluster.local' },
  );
  const transport: Transport = createGrpcTransport({ baseUrl: url, sessionManager: sessions });
  return {
    async unary(method, request, options = {}) {
      try {
        const reply = await transport.unary(
          method,
          options.signal,
          options.timeoutMs ?? 30_000,
          undefined,
          request,
        );
        return reply.message;
      } catch (error) {
        throw ofConnect(error, method.name);
      }
    },
    async *serverStream(method, request, options = {}) {
      const once = (async function* () {
        yield request;
      })();
      try {
        const reply = await transport.stream(method, options.signal, options.timeoutMs, undefined, once);
        yield* reply.message;
      } catch (error) {
        throw ofConnect(error, method.name);
      }
    },
    async *bidi(method, requests, options = {}) {
      try {
        const reply = await transport.stream(method, options.signal, options.timeoutMs, undefined, requests);
        yield* reply.message;
      } catch (error) {
        throw ofConnect(error, method.name);
      }
    },
    close: () => sessions.abort(),
  };
}
