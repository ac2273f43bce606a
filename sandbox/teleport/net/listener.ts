// A TCP listener that can be stopped and started again on the same port, and knows its connections.

import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';

export class Listener {
  readonly #sockets = new Set<Socket>();
  readonly #accept: (socket: Socket) => void;
  #server: Server | undefined;
  #port: number;

  /** @param port 0 for any; the one that was given is kept from then on */
  constructor(port: number, accept: (socket: Socket) => void) {
    this.#port = port;
    this.#accept = accept;
  }

  get port(): number {
    return this.#port;
  }

  async listen(): Promise<void> {
    const server = createServer((socket) => {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      this.#accept(socket);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', () => resolve());
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Ends every connection at once, without a word. */
  destroyConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    this.destroyConnections();
    await closed;
  }
}
