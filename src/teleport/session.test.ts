// Connections and streams against a raw HTTP/2 server that misbehaves on command. Unary calls: session-calls.test.ts. Well-behaved
// servers: grpc-client.test.ts.
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import {
  answer,
  clientOf,
  envelope,
  headers,
  misbehaving,
  ping,
  watchEvents,
} from '../../test/builders/misbehaving-server.js';
import { waitFor } from '../../test/builders/wait-for.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { EventSchema } from '../gen/teleport/client/event_pb.js';
import { Connection } from './connection.js';

describe('the connection', () => {
  it('is replaced after a GOAWAY, and calls in flight finish', async () => {
    const { play, connect } = await misbehaving();
    const { connection, dials } = connect();
    const client = clientOf(connection);
    let finish = (): void => {};
    play((stream) => {
      finish = () => answer(stream);
      stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
    }, answer);
    const first = client.unary(ping, {});
    await waitFor(() => expect(connection.current?.usable).toBe(false));
    await expect(client.unary(ping, {})).resolves.toMatchObject({ ClusterName: 'c' });
    finish();
    await expect(first).resolves.toMatchObject({ ClusterName: 'c' });
    expect(dials()).toBe(2);
  });

  it('is made again after it was cut while idle, without a failed call', async () => {
    const { sockets, connect } = await misbehaving();
    const { connection, dials } = connect();
    const client = clientOf(connection);
    await client.unary(ping, {});
    for (const socket of sockets) socket.destroy();
    await waitFor(() => expect(connection.current?.usable).toBe(false));
    await client.unary(ping, {});
    expect(dials()).toBe(2);
  });

  it('survives a storm of GOAWAYs: every call ends well', async () => {
    const { play, streams, connect } = await misbehaving();
    const { connection } = connect();
    const client = clientOf(connection);
    play((stream) => {
      answer(stream);
      if (streams.length % 40 === 0) stream.session?.goaway();
    });
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, async () => {
        for (let i = 0; i < 15; i++) await client.unary(ping, {});
      }),
    );
    expect(results.filter((result) => result.status === 'rejected')).toEqual([]);
  });

  it('is pinged when silent for 70 s, no sooner, and given up when nobody answers', async () => {
    const { play, streams, sockets, connect } = await misbehaving();
    play(() => {});
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
    [
      'whose connection dies',
      (_stream: ServerHttp2Stream, open: ReadonlySet<Socket>) => open.forEach((socket) => socket.destroy()),
      false,
    ],
  ])(
    '%s without a status are Unavailable, so that a watcher comes back',
    async (_how, end, waitForTrailers) => {
      const { play, sockets, connect } = await misbehaving();
      play((stream) => {
        stream.respond(headers, { waitForTrailers });
        stream.write(envelope(Buffer.of()), () => setTimeout(() => end(stream, sockets), 20));
      });
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
    const { play, streams, connect } = await misbehaving();
    play(endless);
    for await (const _ of clientOf(connect().connection).serverStream(watchEvents, {})) break;
    await waitFor(() => expect(streams[0]?.rstCode).toBe(constants.NGHTTP2_CANCEL));
  });

  it('go on on the old session when a new one is adopted', async () => {
    const { play, streams, sessions, connect } = await misbehaving();
    const { connection } = connect();
    const client = clientOf(connection);
    play(endless, answer);
    const events = client.serverStream(watchEvents, {})[Symbol.asyncIterator]();
    await events.next();
    const other = connect().connection;
    const next = await other.session(new AbortController());
    connection.adopt(next);
    await client.unary(ping, {});
    expect(sessions()).toBe(2);
    streams[0]?.write(envelope(Buffer.of()));
    await expect(events.next()).resolves.toMatchObject({ done: false });
    await events.return?.();
  });

  it('slow readers get everything, in order', async () => {
    const { play, connect } = await misbehaving();
    const count = 3000;
    play((stream) => {
      stream.respond(headers, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      const Resource = { case: 'ResourceHeader', value: { Kind: 'k'.repeat(4000) } } as const;
      const bytes = toBinary(EventSchema, create(EventSchema, { Resource }));
      for (let i = 0; i < count; i++) stream.write(envelope(bytes));
      stream.end();
    });
    let seen = 0;
    for await (const _ of clientOf(connect().connection).serverStream(watchEvents, {})) {
      if (++seen % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(seen).toBe(count);
  });

  it('are not taken for whole when the connection dies under a slow reader', async () => {
    const { play, streams, sockets, connect } = await misbehaving();
    const count = 2000;
    play((stream) => {
      stream.respond(headers, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      // Empty events, one a chunk, so that the reader stops between two of them.
      let left = count;
      const write = (): void => {
        if (left-- > 0) stream.write(envelope(Buffer.of()), write);
        else stream.end();
      };
      write();
    });
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
