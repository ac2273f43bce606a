// Auth's port: TLS with the cluster's host certificate, HTTP/2 for gRPC. Anything but h2 meets the legacy HTTP
// API, of which nothing is left but a 404.

import { constants } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
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
  ) {
    const legacy = createHttpServer((_request, response) => {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' });
      response.end('404 page not found\n');
    });
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
