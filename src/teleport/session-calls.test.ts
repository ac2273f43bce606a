// Unary calls against a raw HTTP/2 server that misbehaves on command: refused, cut off, broken off, late. Well-behaved servers:
// grpc-client.test.ts; connections and streams: session.test.ts.
import { constants } from 'node:http2';
import { describe, expect, it } from 'vitest';
import {
  answer,
  clientOf,
  envelope,
  headers,
  misbehaving,
  ping,
  pong,
} from '../../test/builders/misbehaving-server.js';
import { waitFor } from '../../test/builders/wait-for.js';
import { mistakeBehind } from '../core/mistake.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import type { Session } from './session.js';

describe('unary calls', () => {
  it('share one connection', async () => {
    const { sessions, connect } = await misbehaving();
    const { connection, dials } = connect();
    const client = clientOf(connection);
    const replies = await Promise.all(Array.from({ length: 50 }, () => client.unary(ping, {})));
    expect(replies.map((reply) => reply.ClusterName)).toEqual(Array(50).fill('c'));
    expect([dials(), sessions()]).toEqual([1, 1]);
  });

  it('are repeated, a few times, when the server refuses the stream', async () => {
    const { play, streams, connect } = await misbehaving();
    play((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM), answer);
    await expect(clientOf(connect().connection).unary(ping, {})).resolves.toMatchObject({ ClusterName: 'c' });
    play((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM));
    streams.length = 0;
    await expect(clientOf(connect().connection).unary(ping, {})).rejects.toMatchObject({
      kind: 'Unavailable',
    });
    expect(streams).toHaveLength(5);
  });

  it('are Unavailable, and not repeated, when the connection dies after they were sent', async () => {
    const { play, streams, connect } = await misbehaving();
    play((stream) => setImmediate(() => stream.session?.destroy()));
    await expect(clientOf(connect().connection).unary(ping, {})).rejects.toMatchObject({
      kind: 'Unavailable',
      method: '/proto.AuthService/Ping',
    });
    expect(streams).toHaveLength(1);
  });

  it('end with the connection, though not while the answer to another is being read', async () => {
    const { play, connect } = await misbehaving();
    play(answer, () => {});
    const { connection } = connect();
    const client = clientOf(connection);
    await client.unary(ping, {});
    const session = connection.current as Session;
    play(() => {}, answer);
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
    const { play, connect } = await misbehaving();
    play((stream) => {
      stream.respond(headers);
      stream.end(pong);
    });
    await expect(clientOf(connect().connection).unary(ping, {})).rejects.toMatchObject({
      kind: 'Unavailable',
    });
  });

  it('give the status of a reply that is headers only', async () => {
    const { play, connect } = await misbehaving();
    play((stream) =>
      stream.respond(
        { ...headers, 'grpc-status': '7', 'grpc-message': 'access%20denied' },
        { endStream: true },
      ),
    );
    await expect(clientOf(connect().connection).unary(ping, {})).rejects.toMatchObject({
      kind: 'AccessDenied',
      message: 'access denied',
    });
  });

  // Node before 24.2 drops such a header, and can't be told not to; 22.23 can (tried)
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const keepsBlanks = major > 24 || (major === 24 && minor >= 2) || (major === 22 && minor >= 23);
  it(`keep ${keepsBlanks ? 'what a refusal says' : 'the code of a refusal'} that ends with a blank`, async () => {
    const { play, connect } = await misbehaving();
    play((stream) =>
      stream.respond(
        {
          ':status': 200,
          'content-type': 'application/grpc',
          'grpc-status': '7',
          'grpc-message': 'access to app denied. ',
        },
        { endStream: true },
      ),
    );
    await expect(clientOf(connect().connection).unary(ping, {})).rejects.toMatchObject({
      kind: 'AccessDenied',
      message: keepsBlanks ? 'access to app denied.' : '',
    });
  });

  it('are Unavailable when the answer breaks off within the message', async () => {
    const { play, connect } = await misbehaving();
    play((stream) => {
      stream.respond(headers, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(pong.subarray(0, pong.length - 1));
    });
    await expect(clientOf(connect().connection).unary(ping, {})).rejects.toMatchObject({
      kind: 'Unavailable',
    });
  });

  it('name what answered when it is no gRPC server', async () => {
    const { play, connect } = await misbehaving();
    play((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'text/html' });
      stream.end('<html>please sign in</html>');
    });
    await expect(clientOf(connect().connection).unary(ping, {})).rejects.toMatchObject({
      kind: 'Unknown',
      message: 'the answer is text/html, not gRPC',
    });
  });

  it('that cannot be decoded do not blame the connection', async () => {
    const { play, connect } = await misbehaving();
    play((stream) => {
      stream.respond(headers, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(envelope(Buffer.of(0xff)));
    });
    const error: unknown = await clientOf(connect().connection)
      .unary(ping, {})
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      kind: 'Unknown',
      message: expect.stringContaining('could not be decoded'),
    });
    // nor the operator: bytes that are no message make the decoder throw a RangeError
    expect(mistakeBehind(error)).toBeUndefined();
  });

  it('that cannot be encoded do not blame the connection', async () => {
    const { connect } = await misbehaving();
    const request = { Username: 'x', Expires: { seconds: 1n, nanos: 0.5 } };
    await expect(
      clientOf(connect().connection).unary(AuthService.method.generateUserCerts, request),
    ).rejects.toMatchObject({ kind: 'Unknown', message: expect.stringContaining('Timestamp.nanos') });
  });

  it('LimitExceeded when the server asks for calm', async () => {
    const { play, connect } = await misbehaving();
    play((stream) => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM));
    await expect(clientOf(connect().connection).unary(ping, {})).rejects.toMatchObject({
      kind: 'LimitExceeded',
    });
  });

  it('end with DeadlineExceeded after 30 s, or after their own time, and tell the server', async () => {
    const { play, streams, connect } = await misbehaving();
    play(() => {});
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
    const { timeouts, connect } = await misbehaving();
    await clientOf(connect().connection).unary(ping, {}, { timeoutMs: 1e10 });
    expect(timeouts).toEqual(['99999999m']);
  });

  it('can be cancelled, before and while they run', async () => {
    const { play, streams, connect } = await misbehaving();
    play(() => {});
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
