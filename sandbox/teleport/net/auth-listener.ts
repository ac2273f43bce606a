// Auth's port: TLS with the cluster's host certificate, HTTP/2 for gRPC. Anything but h2 meets the legacy HTTP
// API, of which little is left (web.ts).

import { constants } from 'node:crypto';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import type { GrpcServer } from '../rpc/grpc-server.js';
import type { ClusterState } from '../state/cluster.js';
import { Listener } from './listener.js';
import { callerOfConnection } from './peer.js';

export class AuthListener {
  readonly listener: Listener;
  readonly #tls: TlsServer;

  constructor(
    state: ClusterState,
    grpc: GrpcServer,
    certificate: { cert: string; key: string },
    port: number,
    web: RequestListener,
  ) {
    const legacy = createHttpServer(web);
    this.#tls = createTlsServer(
      {
        ...certificate,
        ca: [state.userCa.pem, state.hostCa.pem],
        ALPNProtocols: ['h2'],
        requestCert: true,
        rejectUnauthorized: false,
        minVersion: 'TLSv1.2',
        secureOptions: constants.SSL_OP_NO_TICKET,
      },
      (socket: TLSSocket) => {
        socket.on('error', () => {});
        const caller = callerOfConnection(state, socket);
        if (!caller) socket.destroy();
        else if (socket.alpnProtocol === 'h2') grpc.serve(socket, caller);
        else legacy.emit('connection', socket);
      },
    );
    this.#tls.on('tlsClientError', (_error, socket) => socket.destroy());
    this.listener = new Listener(port, (socket) => this.#tls.emit('connection', socket));
  }
}
