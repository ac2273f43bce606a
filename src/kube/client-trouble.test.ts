// The client against a server on loopback that refuses, asks for calm, does not answer or closes connections: what is tried again, and
// what limits there are.
import type * as http from 'node:http';
import { describe, expect, test } from 'vitest';
import {
  connect,
  connections,
  json,
  line,
  object,
  ref,
  roles,
  serve,
  status,
  watching,
} from '../../test/builders/api-server.js';
import { waitFor } from '../../test/builders/wait-for.js';
import { VirtualClock } from '../core/virtual-clock.js';
import type { Credentials } from './credentials.js';

describe('refusals', () => {
  test('a 401 renews the credential and tries once more', async () => {
    const { url, seen } = await serve((request, response) =>
      request.headers.authorization === 'Bearer new'
        ? json(response, object)
        : json(response, status(401, 'Unauthorized'), 401),
    );
    let token = 'old';
    const credentials: Credentials = {
      current: async () => ({ headers: { authorization: `Bearer ${token}` } }),
      refused: () => {
        token = 'new';
        return true;
      },
    };
    await connect(url, { credentials }).get(roles, ref);
    expect(seen.map((one) => one.headers.authorization)).toEqual(['Bearer old', 'Bearer new']);
  });

  test('a 401 that stays is told after one renewal', async () => {
    const { url, seen } = await serve((_request, response) =>
      json(response, status(401, 'Unauthorized'), 401),
    );
    const credentials: Credentials = { current: async () => ({ headers: {} }), refused: () => true };
    await expect(connect(url, { credentials }).get(roles, ref)).rejects.toMatchObject({
      kind: 'Unauthorized',
    });
    expect(seen).toHaveLength(2);
  });

  test.each([429, 503])('%d with Retry-After is waited for', async (code) => {
    let turn = 0;
    const { url, seen } = await serve((_request, response) =>
      turn++ === 0
        ? json(response, status(code, 'Busy'), code, { 'retry-after': '3' })
        : json(response, object),
    );
    const clock = new VirtualClock();
    const got = connect(url, {}, { clock }).create(roles, object);
    await waitFor(() => expect(clock.untilNext).toBe(3_000));
    expect(seen).toHaveLength(1);
    await clock.advance(3_000);
    expect(await got).toEqual(object);
    expect(seen).toHaveLength(2);
  });

  test('it is tried three times in all, and longer waits are left to the caller', async () => {
    let after = '0';
    const { url, seen } = await serve((_request, response) =>
      json(response, status(429, 'TooManyRequests'), 429, { 'retry-after': after }),
    );
    const client = connect(url);
    await expect(client.get(roles, ref)).rejects.toMatchObject({ kind: 'TooManyRequests', retryAfterMs: 0 });
    expect(seen).toHaveLength(3);
    after = '60';
    await expect(client.get(roles, ref)).rejects.toMatchObject({
      kind: 'TooManyRequests',
      retryAfterMs: 60_000,
    });
    expect(seen).toHaveLength(4);
  });

  test('503 without Retry-After is told at once', async () => {
    const { url, seen } = await serve((_request, response) => json(response, status(503, 'Away'), 503));
    await expect(connect(url).get(roles, ref)).rejects.toMatchObject({ kind: 'Unavailable' });
    expect(seen).toHaveLength(1);
  });
});

describe('time', () => {
  const hang = () => serve(() => {});

  test('a request without an answer ends after 30 seconds', async () => {
    const { url, seen } = await hang();
    const clock = new VirtualClock();
    const got = connect(url, {}, { clock }).get(roles, ref);
    const failed = got.catch((error: unknown) => error);
    const expected = {
      kind: 'Timeout',
      message: expect.stringContaining('30 s'),
    };
    await waitFor(() => expect(seen).toHaveLength(1));
    await clock.advance(30_000);
    expect(await failed).toMatchObject(expected);
    expect(clock.pending).toBe(0);
  });

  test('an aborted request throws the reason and closes its connection', async () => {
    const { url, seen, server } = await hang();
    const stop = new AbortController();
    const got = connect(url).get(roles, ref, { signal: stop.signal });
    const failed = got.catch((error: unknown) => error);
    const expected = { message: 'why' };
    await waitFor(() => expect(seen).toHaveLength(1));
    stop.abort(new Error('why'));
    expect(await failed).toMatchObject(expected);
    await waitFor(async () => expect(await connections(server)).toBe(0));
  });

  test('a watch has the limit for its headers, not for its life', async () => {
    const clock = new VirtualClock();
    let answer: http.ServerResponse | undefined;
    const { url, seen } = await serve((_request, response) => {
      answer = response;
    });
    const stop = new AbortController();
    const client = connect(url, {}, { clock });
    const stream = client.watch(roles, { ...watching, signal: stop.signal });
    const silent = stream[Symbol.asyncIterator]().next();
    const failed = silent.catch((error: unknown) => error);
    const expected = { kind: 'Timeout' };
    await waitFor(() => expect(seen).toHaveLength(1));
    await clock.advance(30_000);
    expect(await failed).toMatchObject(expected);
    const events = client.watch(roles, { ...watching, signal: stop.signal })[Symbol.asyncIterator]();
    const first = events.next();
    await waitFor(() => expect(seen).toHaveLength(2));
    answer?.writeHead(200).flushHeaders();
    await waitFor(() => expect(clock.pending).toBe(0));
    await clock.advance(600_000);
    answer?.write(line('ADDED', 'a'));
    expect((await first).value).toMatchObject({ type: 'ADDED' });
    await events.return?.();
  });

  test('a closed client sends nothing', async () => {
    const { url, seen } = await hang();
    const client = connect(url);
    client.close();
    await expect(client.get(roles, ref)).rejects.toMatchObject({ kind: 'Unavailable' });
    expect(seen).toEqual([]);
  });
});

test('connections are used again, and a GET survives one that the server has closed', async () => {
  const ports = new Set<number | undefined>();
  const { url, server } = await serve((_request, response) => {
    ports.add(response.socket?.remotePort);
    json(response, object);
  });
  const client = connect(url);
  for (let n = 0; n < 20; n++) await client.get(roles, ref);
  expect(ports.size).toBe(1);
  for (let n = 0; n < 20; n++) {
    server.closeAllConnections();
    await client.get(roles, ref);
  }
  expect(ports.size).toBeGreaterThan(1);
});

test('a crowd of requests shares sixteen connections', async () => {
  const ports = new Set<number | undefined>();
  const { url } = await serve((_request, response) => {
    ports.add(response.socket?.remotePort);
    setImmediate(() => json(response, object));
  });
  const client = connect(url);
  const some = async (): Promise<void> => {
    for (let n = 0; n < 10; n++) await client.get(roles, ref);
  };
  await Promise.all(Array.from({ length: 64 }, some));
  expect(ports.size).toBe(16);
});

test('a request that is called off before it begins asks for no credential', async () => {
  const { url, seen } = await serve((_request, response) => json(response, object));
  let asked = 0;
  const credentials: Credentials = {
    current: async () => {
      asked++;
      return { headers: {} };
    },
    refused: () => false,
  };
  const client = connect(url, { credentials });
  await expect(client.get(roles, ref, { signal: AbortSignal.abort('off') })).rejects.toBe('off');
  expect([asked, seen]).toEqual([0, []]);
});
