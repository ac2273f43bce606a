// The proxy's web port with TLS routing: looks at the ClientHello, then either passes the bytes on to Auth or
// terminates TLS with the web certificate. A WebSocket's content (connection upgrade) is treated as a connection of
// its own. The client's ALPN list is gone through in the client's order
// (joining.md 2.3, observed.md 21).

import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { connect, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { createWebSocketStream, WebSocketServer } from 'ws';
import type { GrpcServer } from '../rpc/grpc-server.js';
import type { ClusterState } from '../state/cluster.js';
import { parseClientHello } from './client-hello.js';
import { Listener } from './listener.js';
import { callerOfConnection } from './peer.js';

export interface ProxyListenerOptions {
  readonly clusterName: string;
  readonly port: number;
  readonly certificate: { readonly cert: string; readonly key: string };
  /** Auth's port on this machine. */
  readonly authPort: () => number;
  /** Serves JoinService to clients without a certificate. */
  readonly grpc: GrpcServer;
  readonly web: RequestListener;
  /** The cluster's host certificate: for what is inside an upgraded connection, and for the transport service. */
  readonly hostCertificate: { readonly cert: string; readonly key: string };
  /** Serves the transport service to clients with a certificate. */
  readonly transport: GrpcServer;
  readonly state: ClusterState;
  /** Told of each door that is used: a protocol, a connection upgrade. */
  readonly use: (door: string) => void;
  /** Whether the web port hands connections on to Auth; a real one always does, balancers before it may not. */
  readonly handsOn: () => boolean;
}

type Route =
  | { to: 'auth' | 'grpc' | 'transport' | 'tunnel' | 'web' /** The one that was chosen. */; protocol: string }
  | undefined;

const authPrefix = 'teleport-auth@';

/** Without the name of a cluster. */
const plain = (protocol: string): string => (protocol.startsWith(authPrefix) ? authPrefix : protocol);

export class ProxyListener {
  readonly listener: Listener;
  readonly #options: ProxyListenerOptions;
  readonly #grpc: TlsServer;
  readonly #wrappedGrpc: TlsServer;
  readonly #transport: TlsServer;
  readonly #tunnel: TlsServer;
  readonly #web: TlsServer;
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    handleProtocols: (offered) => ['alpn-ping', 'alpn'].find((name) => offered.has(name)) ?? false,
  });

  constructor(options: ProxyListenerOptions) {
    this.#options = options;
    const http1 = createHttpServer(options.web);
    const http2 = createHttp2Server(options.web as unknown as Parameters<typeof createHttp2Server>[1]);
    http2.on('sessionError', () => {});
    http1.on('upgrade', (request, socket, head) => {
      if (request.url !== '/webapi/connectionupgrade') {
        socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
        return;
      }
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        options.use(`upgrade to ${webSocket.protocol}`);
        const stream = createWebSocketStream(webSocket);
        stream.on('error', () => {});
        this.#accept(stream, true);
      });
    });
    const joins = (socket: TLSSocket): void => {
      const remoteAddress = `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`;
      options.grpc.serve(socket, { identity: undefined, remoteAddress, expires: 0 });
    };
    this.#grpc = this.#terminate(options.certificate, ['h2'], joins);
    this.#wrappedGrpc = this.#terminate(options.hostCertificate, ['h2'], joins);
    this.#transport = this.#terminate(options.hostCertificate, ['h2'], (socket) => {
      const caller = callerOfConnection(options.state, socket);
      if (caller?.identity) options.transport.serve(socket, caller);
      else socket.destroy();
    });
    // Of the reverse tunnel there is only the handshake, by which clients see that protocols survive.
    this.#tunnel = this.#terminate(options.certificate, ['teleport-reversetunnel'], (socket) =>
      socket.destroy(),
    );
    this.#web = this.#terminate(options.certificate, ['h2', 'http/1.1'], (socket) => {
      (socket.alpnProtocol === 'h2' ? http2 : http1).emit('connection', socket);
    });
    this.listener = new Listener(options.port, (socket) => this.#accept(socket));
  }

  #terminate(
    certificate: { readonly cert: string; readonly key: string },
    protocols: string[],
    serve: (socket: TLSSocket) => void,
  ): TlsServer {
    const settings = {
      ...certificate,
      ALPNProtocols: protocols,
      requestCert: true,
      rejectUnauthorized: false,
    };
    const server = createTlsServer(settings, (socket) => {
      socket.on('error', () => {});
      serve(socket);
    });
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    return server;
  }

  /** @param wrapped whether it came through a connection upgrade */
  #accept(socket: Duplex, wrapped = false): void {
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
      const route = this.#route(hello.protocols);
      const protocol = route?.protocol ?? hello.protocols.map(plain).join(',');
      this.#options.use(`protocol ${protocol}${wrapped ? ' after an upgrade' : ''}`);
      this.#dispatch(socket, route, wrapped);
    };
    socket.on('data', onData);
  }

  #route(protocols: readonly string[]): Route {
    if (protocols.length === 0) return { to: 'web', protocol: 'none' };
    for (const protocol of protocols) {
      if (protocol.startsWith(authPrefix)) {
        const encoded = `${Buffer.from(this.#options.clusterName).toString('hex')}.teleport.cluster.local`;
        const known = protocol.slice(authPrefix.length) === encoded;
        return known && this.#options.handsOn() ? { to: 'auth', protocol: authPrefix } : undefined;
      }
      if (protocol === 'teleport-proxy-grpc') return { to: 'grpc', protocol };
      if (protocol === 'teleport-proxy-ssh-grpc') return { to: 'transport', protocol };
      if (protocol === 'teleport-reversetunnel') return { to: 'tunnel', protocol };
      if (protocol === 'h2' || protocol === 'http/1.1') return { to: 'web', protocol };
    }
    return undefined;
  }

  #dispatch(socket: Duplex, route: Route, wrapped: boolean): void {
    if (!route) {
      if (socket instanceof Socket) socket.resetAndDestroy();
      else socket.destroy();
    } else if (route.to === 'grpc') (wrapped ? this.#wrappedGrpc : this.#grpc).emit('connection', socket);
    else if (route.to === 'transport') this.#transport.emit('connection', socket);
    else if (route.to === 'tunnel') this.#tunnel.emit('connection', socket);
    else if (route.to === 'web') this.#web.emit('connection', socket);
    else this.#pass(socket);
  }

  #pass(socket: Duplex): void {
    const upstream = connect({ host: '127.0.0.1', port: this.#options.authPort(), noDelay: true });
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    upstream.on('close', () => socket.destroy());
    socket.pipe(upstream);
    upstream.pipe(socket);
  }
}
