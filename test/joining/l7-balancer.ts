// A balancer as clouds offer them in front of a proxy: terminates TLS with a certificate of its own, knows nothing of
// Teleport's protocols, and opens a TLS connection of its own to the proxy without any protocol list.
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { createAuthority } from '../env/certificates.js';

export interface L7Balancer {
  /** host:port */
  readonly address: string;
  /** PEM of the CA behind its certificate. */
  readonly ca: string;
  /** Connections that were accepted so far. */
  readonly accepted: number;
  stop(): Promise<void>;
}

/** @param target host:port of the proxy */
export async function startL7Balancer(target: string): Promise<L7Balancer> {
  const authority = await createAuthority('test-balancer');
  const sockets = new Set<TLSSocket>();
  const [host = '', port = ''] = target.split(':');
  let accepted = 0;
  const server = createServer(await authority.server(), (socket) => {
    accepted++;
    const upstream = connect({ host, port: Number(port), rejectUnauthorized: false });
    for (const one of [socket, upstream]) {
      sockets.add(one);
      one.setNoDelay(true);
      one.on('error', () => {});
      one.once('close', () => {
        sockets.delete(one);
        socket.destroy();
        upstream.destroy();
      });
    }
    socket.pipe(upstream).pipe(socket);
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: authority.cert,
    get accepted() {
      return accepted;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
