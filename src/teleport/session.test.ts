// The transport against a raw HTTP/2 server that misbehaves on command. Well-behaved servers: grpc-client.test.ts.
import { constants, createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeCa } from '../../test/builders/teleport-certificates.js';
import { waitFor } from '../../test/builders/wait-for.js';
import { systemClock } from '../core/clock.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { AuthService, PingResponseSchema } from '../gen/teleport/client/authservice_pb.js';
import { EventSchema } from '../gen/teleport/client/event_pb.js';
import { SignatureAlgorithmSuite } from '../gen/teleport/types/cluster_config_pb.js';
import { Connection } from './connection.js';
import { dialTls } from './dial.js';
import { createClient } from './grpc-client.js';
import { generateKeys } from './keys.js';
import { Session } from './session.js';

let credentials: { cert: string; key: string; ca: string };
beforeAll(async () => {
  const ca = await makeCa('test');
  const keys = await generateKeys(SignatureAlgorithmSuite.BALANCED_V1);
  const publicKey = Buffer.from(keys.publicKey).toString();
  const cert = await ca.issue({
    subject: [['CN', 'x']],
    publicKey,
    notAfter: Date.now() + 1e9,
    dnsNames: ['server'],
  });
  credentials = { cert, key: keys.privateKey, ca: ca.pem };
});

let server: Http2SecureServer;
let sockets: Set<Socket>;
let sessions: number;
let timeouts: unknown[];
let streams: ServerHttp2Stream[];
/** What the server does with its next streams; the last one stays. */
let script: ((stream: ServerHttp2Stream) => void)[];
const connections: Connection[] = [];

beforeEach(async () => {
  sockets = new Set();
  streams = [];
  sessions = 0;
  script = [answer];
  server = createSecureServer({ ...credentials, ALPNProtocols: ['h2'] });
  server.on('secureConnection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.on('session', (session) => {
    sessions++;
    session.on('error', () => {});
  });
  timeouts = [];
  server.on('stream', (stream, received) => {
    streams.push(stream);
    timeouts.push(received['grpc-timeout']);
    stream.on('error', () => {});
    stream.resume();
    const step = script.length > 1 ? script.shift() : script[0];
    step?.(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  for (const connection of connections.splice(0)) connection.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

function envelope(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}
const pong = envelope(toBinary(PingResponseSchema, create(PingResponseSchema, { ClusterName: 'c' })));
const headers = { ':status': 200, 'content-type': 'application/grpc+proto' };

function answer(stream: ServerHttp2Stream): void {
  stream.respond(headers, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(pong);
}

function connect(clock = systemClock): { connection: Connection; dials: () => number } {
  let dials = 0;
  const connection = new Connection({
    clock,
    dial: async (signal) => {
      dials++;
      const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
      const trust = { verify: true, roots: [credentials.ca] } as const;
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
}
const { ping, watchEvents } = AuthService.method;
const clientOf = (connection: Connection, clock = systemClock) => createClient({ source: connection, clock });

describe('unary calls', () => {
  it('share one connection', async () => {
    const { connection, dials } = connect();
    const client = clientOf(connection);
    const replies = await Promise.all(Array.from({ length: 50 }, () => client.unary(ping, {})));
    expect(replies.map((reply) => reply.ClusterName)).toEqual(Array(50).fill('c'));
    expect([dials(), sessions]).toEqual([1, 1]);
  });

  it('are repeated, a few times, when the server refuses the stream', async () => {
    script = [(stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM), answer];
    await expect(clientOf(connect().connection).unary(ping, {})).resolves.toMatchObject({ ClusterName: 'c' });
    script = [(stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM)];
    streams = [];
    await expect(clientOf(connect().connection).unary(ping, {})).rejects.toMatchObject({
      kind: 'Unavailable',
    });
    expect(streams).toHaveLength(5);
  });

  it('are Unavailable, and not repeated, when the connection dies after they were sent', async () => {
    script = [(stream) => setImmediate(() => stream.session?.destroy())];
    await expect(clientOf(connect().connection).unary(ping, {})).rejects.toMatchObject({
      kind: 'Unavailable',
      method: '/proto.AuthService/Ping',
    });
    expect(streams).toHaveLength(1);
  });

  it('end with the connection, though not while the answer to another is being read', async () => {
    script = [answer, () => {}];
    const { connection } = connect();
    const client = clientOf(connection);
    await client.unary(ping, {});
    const session = connection.current as Session;
    script = [() => {}, answer];
    const waiting = client.unary(ping, {});
    const gone = client.unary(ping, {}).then(() => {
      connection.drop(session, new Error('given up'));
      return session.finished;
    });
    expect(await gone).toBe(false);
    expect(session.usable).toBe(false);
    await expect(waiting).rejects.toMatchObject({ kind: 'Unavailable' });
    expect(session.finished).toBe(true);
  });

  it('are Unavailable when the answer has no status', async () => {
    script = [
      (stream) => {
        stream.respond(headers);
        stream.end(pong);
      },
    ];
    await expect(clientOf(connect().connection).unary(ping, {})).rejects.toMatchObject({
      kind: 'Unavailable',
    });
  });

  it('give the status of a reply that is headers only', async () => {
    script = [
      (stream) =>
        stream.respond(
          { ...headers, 'grpc-status': '7', 'grpc-message': 'access%20denied' },
          { endStream: true },
        ),
    ];
    await expect(clientOf(connect().connection).unary(ping, {})).rejects.toMatchObject({
      kind: 'AccessDenied',
      message: 'access denied',
    });
  });

  // Node before 24.2 drops such a header, and can't be told not to; 22.23 can (tried)
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const keepsBlanks = major > 24 || (major === 24 && minor >= 2) || (major === 22 && minor >= 23);
  it(`keep ${keepsBlanks ? 'what a refusal says' : 'the code of a refusal'} that ends with a blank`, async () => {
    script = [
      (stream) =>
        stream.respond(
          {
            ':status': 200,
            'content-type': 'application/grpc',
            'grpc-status': '7',
            'grpc-message': 'access to app denied. ',
          },
          { endStream: true },
        ),
    ];
    await expect(clientOf(connect().connection).unary(ping, {})).rejects.toMatchObject({
      kind: 'AccessDenied',
      message: keepsBlanks ? 'access to app denied.' : '',
    });
  });

  it('are Unavailable when the answer breaks off within the message', async () => {
    script = [
      (stream) => {
        stream.respond(headers, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(pong.subarray(0, pong.length - 1));
      },
    ];
    await expect(clientOf(connect().connection).unary(ping, {})).rejects.toMatchObject({
      kind: 'Unavailable',
    });
  });

  it('name what answered when it is no gRPC server', async () => {
    script = [
      (stream) => {
        stream.respond({ ':status': 200, 'content-type': 'text/html' });
        stream.end('<html>please sign in</html>');
      },
    ];
    await expect(clientOf(connect().connection).unary(ping, {})).rejects.toMatchObject({
      kind: 'Unknown',
      message: 'the answer is text/html, not gRPC',
    });
  });

  it('that cannot be decoded do not blame the connection', async () => {
    script = [
      (stream) => {
        stream.respond(headers, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(envelope(Buffer.of(0xff)));
      },
    ];
    await expect(clientOf(connect().connection).unary(ping, {})).rejects.toMatchObject({
      kind: 'Unknown',
      message: expect.stringContaining('could not be decoded'),
    });
  });

  it('that cannot be encoded do not blame the connection', async () => {
    const request = { Username: 'x', Expires: { seconds: 1n, nanos: 0.5 } };
    await expect(
      clientOf(connect().connection).unary(AuthService.method.generateUserCerts, request),
    ).rejects.toMatchObject({ kind: 'Unknown', message: expect.stringContaining('Timestamp.nanos') });
  });

  it('LimitExceeded when the server asks for calm', async () => {
    script = [(stream) => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM)];
    await expect(clientOf(connect().connection).unary(ping, {})).rejects.toMatchObject({
      kind: 'LimitExceeded',
    });
  });

  it('end with DeadlineExceeded after 30 s, or after their own time, and tell the server', async () => {
    script = [() => {}];
    const clock = new VirtualClock();
    const { connection } = connect(clock);
    const client = clientOf(connection, clock);
    const usual = client.unary(ping, {});
    const short = client.unary(ping, {}, { timeoutMs: 5000 });
    const ends = Promise.allSettled([usual, short]);
    await waitFor(() => expect(streams).toHaveLength(2));
    const closed = Promise.all(
      streams.map((stream) => new Promise((resolve) => stream.on('close', resolve))),
    );
    await clock.advance(5000);
    await expect(short).rejects.toMatchObject({
      kind: 'DeadlineExceeded',
      message: 'no answer from Teleport within 5 s',
    });
    await clock.advance(24_999);
    expect(clock.pending).toBeGreaterThan(1);
    await clock.advance(1);
    await expect(usual).rejects.toMatchObject({ kind: 'DeadlineExceeded' });
    await closed;
    await ends;
    expect(streams.map((stream) => stream.rstCode)).toEqual([
      constants.NGHTTP2_CANCEL,
      constants.NGHTTP2_CANCEL,
    ]);
  });

  it('may have any deadline, though gRPC spells eight digits only', async () => {
    await clientOf(connect().connection).unary(ping, {}, { timeoutMs: 1e10 });
    expect(timeouts).toEqual(['99999999m']);
  });

  it('can be cancelled, before and while they run', async () => {
    script = [() => {}];
    const client = clientOf(connect().connection);
    await expect(client.unary(ping, {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      kind: 'Canceled',
    });
    const cancel = new AbortController();
    const call = client.unary(ping, {}, { signal: cancel.signal });
    call.catch(() => {});
    await waitFor(() => expect(streams).toHaveLength(1));
    cancel.abort();
    await expect(call).rejects.toMatchObject({ kind: 'Canceled' });
  });
});

describe('the connection', () => {
  it('is replaced after a GOAWAY, and calls in flight finish', async () => {
    const { connection, dials } = connect();
    const client = clientOf(connection);
    let finish = (): void => {};
    script = [
      (stream) => {
        finish = () => answer(stream);
        stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
      },
      answer,
    ];
    const first = client.unary(ping, {});
    await waitFor(() => expect(connection.current?.usable).toBe(false));
    await expect(client.unary(ping, {})).resolves.toMatchObject({ ClusterName: 'c' });
    finish();
    await expect(first).resolves.toMatchObject({ ClusterName: 'c' });
    expect(dials()).toBe(2);
  });

  it('is made again after it was cut while idle, without a failed call', async () => {
    const { connection, dials } = connect();
    const client = clientOf(connection);
    await client.unary(ping, {});
    for (const socket of sockets) socket.destroy();
    await waitFor(() => expect(connection.current?.usable).toBe(false));
    await client.unary(ping, {});
    expect(dials()).toBe(2);
  });

  it('survives a storm of GOAWAYs: every call ends well', async () => {
    const { connection } = connect();
    const client = clientOf(connection);
    script = [
      (stream) => {
        answer(stream);
        if (streams.length % 40 === 0) stream.session?.goaway();
      },
    ];
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, async () => {
        for (let i = 0; i < 15; i++) await client.unary(ping, {});
      }),
    );
    expect(results.filter((result) => result.status === 'rejected')).toEqual([]);
  });

  it('is pinged when silent for 70 s, no sooner, and given up when nobody answers', async () => {
    script = [() => {}];
    const clock = new VirtualClock();
    const { connection } = connect(clock);
    const call = clientOf(connection, clock).unary(ping, {}, { timeoutMs: 1e9 });
    call.catch(() => {});
    await waitFor(() => expect(streams).toHaveLength(1));
    const pings: number[] = [];
    streams[0]?.session?.on('ping', () => pings.push(clock.monotonic()));
    // The first span saw the handshake's bytes; from then on it is silent.
    await clock.advance(70_000);
    await clock.advance(69_999);
    expect(pings).toEqual([]);
    await clock.advance(1);
    await waitFor(() => expect(pings).toHaveLength(1));
    for (const socket of sockets) socket.pause();
    await clock.advance(70_000);
    await clock.advance(70_000);
    await clock.advance(20_000);
    await expect(call).rejects.toMatchObject({ kind: 'Unavailable' });
  });

  it('does not storm a server that is away: calls fail with the last reason until the next dial is due', async () => {
    const clock = new VirtualClock();
    let dials = 0;
    const connection = new Connection({
      clock,
      random: () => 0,
      dial: () => Promise.reject(new Error(`dial ${++dials}`)),
    });
    const client = clientOf(connection, clock);
    for (let i = 0; i < 5; i++)
      await expect(client.unary(ping, {})).rejects.toMatchObject({ message: 'dial 1' });
    await clock.advance(250);
    await expect(client.unary(ping, {})).rejects.toMatchObject({ message: 'dial 2' });
    await clock.advance(250);
    await expect(client.unary(ping, {})).rejects.toMatchObject({ message: 'dial 2' });
  });
});

describe('streams', () => {
  const endless = (stream: ServerHttp2Stream): void => {
    stream.respond(headers);
    stream.write(envelope(Buffer.of()));
  };

  it.each([
    ['that end', (stream: ServerHttp2Stream) => stream.end(), false],
    [
      'that end with trailers',
      (stream: ServerHttp2Stream) => {
        stream.on('wantTrailers', () => stream.sendTrailers({ 'x-served-by': 'a balancer' }));
        stream.end();
      },
      true,
    ],
    ['that are reset', (stream: ServerHttp2Stream) => stream.close(constants.NGHTTP2_CANCEL), false],
    ['whose connection dies', () => sockets.forEach((socket) => socket.destroy()), false],
  ])(
    '%s without a status are Unavailable, so that a watcher comes back',
    async (_how, end, waitForTrailers) => {
      script = [
        (stream) => {
          stream.respond(headers, { waitForTrailers });
          stream.write(envelope(Buffer.of()), () => setTimeout(() => end(stream), 20));
        },
      ];
      const read = async () => {
        let events = 0;
        try {
          for await (const _ of clientOf(connect().connection).serverStream(watchEvents, {})) events++;
        } catch (error) {
          return { events, error };
        }
        return { events };
      };
      await expect(read()).resolves.toMatchObject({ events: 1, error: { kind: 'Unavailable' } });
    },
  );

  it('are cancelled at the server when the reader breaks off', async () => {
    script = [endless];
    for await (const _ of clientOf(connect().connection).serverStream(watchEvents, {})) break;
    await waitFor(() => expect(streams[0]?.rstCode).toBe(constants.NGHTTP2_CANCEL));
  });

  it('go on on the old session when a new one is adopted', async () => {
    const { connection } = connect();
    const client = clientOf(connection);
    script = [endless, answer];
    const events = client.serverStream(watchEvents, {})[Symbol.asyncIterator]();
    await events.next();
    const other = connect().connection;
    const next = await other.session(new AbortController().signal);
    connection.adopt(next);
    await client.unary(ping, {});
    expect(sessions).toBe(2);
    streams[0]?.write(envelope(Buffer.of()));
    await expect(events.next()).resolves.toMatchObject({ done: false });
    await events.return?.();
  });

  it('slow readers get everything, in order', async () => {
    const count = 3000;
    script = [
      (stream) => {
        stream.respond(headers, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        const Resource = { case: 'ResourceHeader', value: { Kind: 'k'.repeat(4000) } } as const;
        const bytes = toBinary(EventSchema, create(EventSchema, { Resource }));
        for (let i = 0; i < count; i++) stream.write(envelope(bytes));
        stream.end();
      },
    ];
    let seen = 0;
    for await (const _ of clientOf(connect().connection).serverStream(watchEvents, {})) {
      if (++seen % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(seen).toBe(count);
  });

  it('are not taken for whole when the connection dies under a slow reader', async () => {
    const count = 2000;
    script = [
      (stream) => {
        stream.respond(headers, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        // Empty events, one a chunk, so that the reader stops between two of them.
        let left = count;
        const write = (): void => {
          if (left-- > 0) stream.write(envelope(Buffer.of()), write);
          else stream.end();
        };
        write();
      },
    ];
    const events = clientOf(connect().connection).serverStream(watchEvents, {})[Symbol.asyncIterator]();
    await events.next();
    await waitFor(() => expect(streams[0]?.closed).toBe(true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 20));
    let seen = 1;
    const readRest = async (): Promise<void> => {
      while (!(await events.next()).done) seen++;
    };
    await expect(readRest()).rejects.toMatchObject({ kind: 'Unavailable' });
    expect(seen).toBeLessThan(count);
  });
});
