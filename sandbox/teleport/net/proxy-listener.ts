// The proxy's web port with TLS routing: looks at the ClientHello, then either passes the bytes on to Auth or
// terminates TLS with the web certificate. The client's ALPN list is gone through in the client's order
// (joining.md 2.3, observed.md 21).

import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import type { GrpcServer } from '../rpc/grpc-server.js';
import { parseClientHello } from './client-hello.js';
import { Listener } from './listener.js';

export interface ProxyListenerOptions {
  readonly clusterName: string;
  readonly port: number;
  readonly certificate: { readonly cert: string; readonly key: string };
  /** Auth's port on this machine. */
  readonly authPort: () => number;
  /** Serves JoinService to clients without a certificate. */
  readonly grpc: GrpcServer;
  readonly web: RequestListener;
}

type Route = { to: 'auth' } | { to: 'grpc' } | { to: 'web' } | undefined;

const authPrefix = 'teleport-auth@';

export class ProxyListener {
  readonly listener: Listener;
  readonly #options: ProxyListenerOptions;
  readonly #grpc: TlsServer;
  readonly #web: TlsServer;

  constructor(options: ProxyListenerOptions) {
    this.#options = options;
    const http1 = createHttpServer(options.web);
    const http2 = createHttp2Server(options.web as unknown as Parameters<typeof createHttp2Server>[1]);
    http2.on('sessionError', () => {});
    this.#grpc = this.#terminate(['h2'], (socket) => {
      const remoteAddress = `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`;
      options.grpc.serve(socket, { identity: undefined, remoteAddress, expires: 0 });
    });
    this.#web = this.#terminate(['h2', 'http/1.1'], (socket) => {
      (socket.alpnProtocol === 'h2' ? http2 : http1).emit('connection', socket);
    });
    this.listener = new Listener(options.port, (socket) => this.#accept(socket));
  }

  #terminate(protocols: string[], serve: (socket: TLSSocket) => void): TlsServer {
    const server = createTlsServer({ ...this.#options.certificate, ALPNProtocols: protocols }, (socket) => {
      socket.on('error', () => {});
      serve(socket);
    });
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    return server;
  }

  #accept(socket: Socket): void {
    let peeked = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      peeked = Buffer.concat([peeked, chunk]);
      let hello;
      try {
        hello = parseClientHello(peeked);
      } catch {
        socket.destroy();
        return;
      }
      if (!hello) return;
      socket.pause();
      socket.off('data', onData);
      socket.unshift(peeked);
      this.#dispatch(socket, this.#route(hello.protocols));
    };
    socket.on('data', onData);
  }

  #route(protocols: readonly string[]): Route {
    if (protocols.length === 0) return { to: 'web' };
    for (const protocol of protocols) {
      if (protocol.startsWith(authPrefix)) {
        const encoded = `${Buffer.from(this.#options.clusterName).toString('hex')}.teleport.cluster.local`;
        return protocol.slice(authPrefix.length) === encoded ? { to: 'auth' } : undefined;
      }
      if (protocol === 'teleport-proxy-grpc') return { to: 'grpc' };
      if (protocol === 'h2' || protocol === 'http/1.1') return { to: 'web' };
    }
    return undefined;
  }

  #dispatch(socket: Socket, route: Route): void {
    if (!route) socket.resetAndDestroy();
    else if (route.to === 'grpc') this.#grpc.emit('connection', socket);
    else if (route.to === 'web') this.#web.emit('connection', socket);
    else this.#pass(socket);
  }

  #pass(socket: Socket): void {
    const upstream = connect({ host: '127.0.0.1', port: this.#options.authPort(), noDelay: true });
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    upstream.on('close', () => socket.destroy());
    socket.pipe(upstream);
    upstream.pipe(socket);
  }
}
