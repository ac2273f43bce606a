// A raw HTTP/2 server that does to each stream what a test's script says, and connections to it, for the tests of src/teleport's
// transport. All of it ends with the test.
import { createSecureServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { create, toBinary } from '@bufbuild/protobuf';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import { AuthService, PingResponseSchema } from '../../src/gen/teleport/client/authservice_pb.js';
import { SignatureAlgorithmSuite } from '../../src/gen/teleport/types/cluster_config_pb.js';
import { Connection } from '../../src/teleport/connection.js';
import { dialTls } from '../../src/teleport/dial.js';
import { createClient } from '../../src/teleport/grpc-client.js';
import { generateKeys } from '../../src/teleport/keys.js';
import { Session } from '../../src/teleport/session.js';
import { makeCa } from './teleport-certificates.js';

/** What the server does with a stream. */
export type Step = (stream: ServerHttp2Stream) => void;

export const { ping, watchEvents } = AuthService.method;

/** A message as gRPC sends it. */
export function envelope(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}
export const pong = envelope(toBinary(PingResponseSchema, create(PingResponseSchema, { ClusterName: 'c' })));
export const headers = { ':status': 200, 'content-type': 'application/grpc+proto' };

/** Answers a Ping as it should be. */
export function answer(stream: ServerHttp2Stream): void {
  stream.respond(headers, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(pong);
}

export const clientOf = (connection: Connection, clock = systemClock) =>
  createClient({ source: connection, clock });

/** One for all tests of a file: keys take their time. */
let credentials: Promise<{ cert: string; key: string; ca: string }> | undefined;

async function makeCredentials(): Promise<{ cert: string; key: string; ca: string }> {
  const ca = await makeCa('test');
  const keys = await generateKeys(SignatureAlgorithmSuite.BALANCED_V1);
  const publicKey = Buffer.from(keys.publicKey).toString();
  const cert = await ca.issue({
    subject: [['CN', 'x']],
    publicKey,
    notAfter: Date.now() + 1e9,
    dnsNames: ['server'],
  });
  return { cert, key: keys.privateKey, ca: ca.pem };
}

export async function misbehaving() {
  const { cert, key, ca } = await (credentials ??= makeCredentials());
  const sockets = new Set<Socket>();
  const streams: ServerHttp2Stream[] = [];
  /** The deadlines that calls told, as they came. */
  const timeouts: unknown[] = [];
  const connections: Connection[] = [];
  let sessions = 0;
  let script: Step[] = [answer];
  const server = createSecureServer({ cert, key, ca, ALPNProtocols: ['h2'] });
  server.on('secureConnection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.on('session', (session) => {
    sessions++;
    session.on('error', () => {});
  });
  server.on('stream', (stream, received) => {
    streams.push(stream);
    timeouts.push(received['grpc-timeout']);
    stream.on('error', () => {});
    stream.resume();
    const step = script.length > 1 ? script.shift() : script[0];
    step?.(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const connection of connections) connection.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const connect = (clock = systemClock): { connection: Connection; dials: () => number } => {
    let dials = 0;
    const connection = new Connection({
      clock,
      dial: async (signal) => {
        dials++;
        const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
        const trust = { verify: true, roots: [ca] } as const;
        const socket = await dialTls(
          { address, serverName: 'server', alpn: ['h2'], trust },
          systemClock,
          signal,
        );
        return new Session(socket, { clock, authority: 'server' });
      },
    });
    connections.push(connection);
    return { connection, dials: () => dials };
  };
  return {
    /** What the server does with its next streams; the last step stays. */
    play: (...steps: Step[]): void => {
      script = steps;
    },
    streams,
    sessions: () => sessions,
    sockets,
    timeouts,
    connect,
  };
}
