import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { waitFor } from '../../test/builders/wait-for.js';
import { type Clock, systemClock } from '../core/clock.js';
import { PromMetrics } from '../core/metrics-prom.js';
import { VirtualClock } from '../core/virtual-clock.js';
import type { ClusterAccess } from './access.js';
import { type ClientOptions, createKubeClient, type KubeClient, type WatchEvent } from './client.js';
import type { Credentials } from './credentials.js';

const roles = { group: 'resources.teleport.dev', version: 'v1', plural: 'teleportrolesv7' };
const secrets = { group: '', version: 'v1', plural: 'secrets' };
const ref = { namespace: 'ns', name: 'a' };

interface Seen {
  method: string;
  url: string;
  headers: http.IncomingHttpHeaders;
  body: string;
}

type Handler = (request: Seen, response: http.ServerResponse) => void;

const closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serve(handler: Handler): Promise<{ url: string; seen: Seen[]; server: http.Server }> {
  const seen: Seen[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const one = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      seen.push(one);
      handler(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(
    () => void server.close(),
    () => server.closeAllConnections(),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, server };
}

function connect(
  url: string,
  more: Partial<ClusterAccess> = {},
  options: Partial<ClientOptions> = {},
): KubeClient {
  const credentials: Credentials = {
    current: async () => ({ headers: { authorization: 'Bearer t' } }),
    refused: () => false,
  };
  const client = createKubeClient(
    {
      server: new URL(url),
      origin: 'test',
      ca: async () => undefined,
      insecure: false,
      credentials,
      ...more,
    },
    { clock: systemClock, ...options },
  );
  closing.push(() => client.close());
  return client;
}

const json = (
  response: http.ServerResponse,
  value: unknown,
  code = 200,
  headers: http.OutgoingHttpHeaders = {},
): void => {
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
};
const status = (code: number, reason: string): object => ({ kind: 'Status', code, reason, message: reason });
const object = { apiVersion: 'resources.teleport.dev/v1', kind: 'TeleportRoleV7', metadata: ref };

describe('requests', () => {
  const cases: [string, (client: KubeClient) => Promise<unknown>, Partial<Seen> & { type?: string }][] = [
    [
      'get',
      (c) => c.get(roles, ref),
      { method: 'GET', url: '/apis/resources.teleport.dev/v1/namespaces/ns/teleportrolesv7/a' },
    ],
    [
      'get of the core group',
      (c) => c.get(secrets, ref),
      { method: 'GET', url: '/api/v1/namespaces/ns/secrets/a' },
    ],
    [
      'list',
      (c) => c.list(roles, { namespace: 'ns', limit: 5, continue: 'x y' }),
      {
        method: 'GET',
        url: '/apis/resources.teleport.dev/v1/namespaces/ns/teleportrolesv7?limit=5&continue=x+y',
      },
    ],
    [
      'list of all namespaces',
      (c) => c.list(roles, { fieldSelector: 'metadata.name=a' }),
      {
        method: 'GET',
        url: '/apis/resources.teleport.dev/v1/teleportrolesv7?fieldSelector=metadata.name%3Da',
      },
    ],
    [
      'create',
      (c) => c.create(roles, object),
      {
        method: 'POST',
        url: '/apis/resources.teleport.dev/v1/namespaces/ns/teleportrolesv7',
        body: JSON.stringify(object),
        type: 'application/json',
      },
    ],
    [
      'replace',
      (c) => c.replace(roles, object),
      {
        method: 'PUT',
        url: '/apis/resources.teleport.dev/v1/namespaces/ns/teleportrolesv7/a',
        body: JSON.stringify(object),
        type: 'application/json',
      },
    ],
    [
      'merge patch of the status',
      (c) => c.patch(roles, ref, { type: 'merge', body: { status: {} } }, { subresource: 'status' }),
      {
        method: 'PATCH',
        url: '/apis/resources.teleport.dev/v1/namespaces/ns/teleportrolesv7/a/status',
        body: '{"status":{}}',
        type: 'application/merge-patch+json',
      },
    ],
    [
      'JSON patch',
      (c) => c.patch(roles, ref, { type: 'json', body: [{ op: 'remove', path: '/a' }] }),
      { method: 'PATCH', body: '[{"op":"remove","path":"/a"}]', type: 'application/json-patch+json' },
    ],
    [
      'apply',
      (c) => c.patch(roles, ref, { type: 'apply', body: object, fieldManager: 'm', force: true }),
      {
        method: 'PATCH',
        url: '/apis/resources.teleport.dev/v1/namespaces/ns/teleportrolesv7/a?fieldManager=m&force=true',
        type: 'application/apply-patch+yaml',
      },
    ],
    [
      'delete',
      (c) => c.delete(roles, ref, { preconditions: { uid: 'u' } }),
      { method: 'DELETE', body: '{"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"uid":"u"}}' },
    ],
    [
      'names are escaped',
      (c) => c.get(roles, { namespace: 'ns', name: 'a/b?c' }),
      { url: '/apis/resources.teleport.dev/v1/namespaces/ns/teleportrolesv7/a%2Fb%3Fc' },
    ],
  ];
  test.each(cases)('%s', async (_, call, { type, ...expected }) => {
    const { url, seen } = await serve((_request, response) => json(response, object));
    await call(connect(url, {}, { userAgent: 'teleport-operator/1' }));
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject(expected);
    expect(seen[0]?.headers).toMatchObject({
      authorization: 'Bearer t',
      'user-agent': 'teleport-operator/1',
    });
    expect(seen[0]?.headers['content-type']).toBe(seen[0]?.body ? (type ?? 'application/json') : undefined);
  });

  test('a path before /api is kept', async () => {
    const { url, seen } = await serve((_request, response) => json(response, object));
    await connect(`${url}/k8s/clusters/c1/`).get(roles, ref);
    expect(seen[0]?.url).toMatch(/^\/k8s\/clusters\/c1\/apis\//);
  });

  test.each(['', '.', '..'])('the name "%s" never leaves the process', async (name) => {
    const { url, seen } = await serve((_request, response) => json(response, object));
    await expect(connect(url).delete(roles, { namespace: 'ns', name })).rejects.toMatchObject({
      kind: 'BadRequest',
    });
    expect(seen).toEqual([]);
  });
});

test('lists are slim and items of built-in kinds get their kind', async () => {
  const item = {
    metadata: {
      name: 'a',
      managedFields: [{}],
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', other: 'x' },
    },
  };
  const { url } = await serve((_request, response) =>
    json(response, {
      apiVersion: 'v1',
      kind: 'SecretList',
      metadata: { resourceVersion: '5' },
      items: [item],
    }),
  );
  expect(await connect(url).list(secrets)).toMatchObject({
    metadata: { resourceVersion: '5' },
    items: [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a', annotations: { other: 'x' } } }],
  });
  const [slimmed] = (await connect(url).list(secrets)).items;
  expect(Object.keys(slimmed!.metadata)).toEqual(['name', 'annotations']);
});

test('discovery tells resources, or that there are none', async () => {
  const { url } = await serve((request, response) =>
    request.url === '/apis/resources.teleport.dev/v1'
      ? json(response, {
          kind: 'APIResourceList',
          resources: [{ name: 'teleportrolesv7', kind: 'TeleportRoleV7', namespaced: true, verbs: ['get'] }],
        })
      : json(response, status(404, 'NotFound'), 404),
  );
  const client = connect(url);
  expect((await client.discover('resources.teleport.dev', 'v1'))?.map((one) => one.name)).toEqual([
    'teleportrolesv7',
  ]);
  expect(await client.discover('resources.teleport.dev', 'v5')).toBeUndefined();
});

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

const watching = { resourceVersion: '1', allowBookmarks: true, timeoutSeconds: 300 };
const line = (type: string, name: string): string =>
  `${JSON.stringify({ type, object: { metadata: { name, managedFields: [] } } })}\n`;

function connections(server: http.Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}

describe('watch', () => {
  async function collect(
    handler: Handler,
    clock: Clock = systemClock,
  ): Promise<{ seen: Seen[]; events: WatchEvent[]; error: unknown }> {
    const { url, seen } = await serve(handler);
    const events: WatchEvent[] = [];
    try {
      const signal = new AbortController().signal;
      for await (const event of connect(url, {}, { clock }).watch(roles, {
        ...watching,
        namespace: 'ns',
        signal,
      }))
        events.push(event);
    } catch (error) {
      return { seen, events, error };
    }
    return { seen, events, error: undefined };
  }

  test('gives events until the server ends the stream', async () => {
    const { seen, events, error } = await collect((_request, response) => {
      response.writeHead(200);
      response.write(line('ADDED', 'a') + line('MODIFIED', 'ä'));
      response.end(line('BOOKMARK', '') + line('DELETED', 'a'));
    });
    expect(error).toBeUndefined();
    expect(seen[0]?.url).toBe(
      '/apis/resources.teleport.dev/v1/namespaces/ns/teleportrolesv7?watch=true&allowWatchBookmarks=true&resourceVersion=1&timeoutSeconds=300',
    );
    expect(events.map((event) => `${event.type} ${event.object.metadata.name}`)).toEqual([
      'ADDED a',
      'MODIFIED ä',
      'BOOKMARK ',
      'DELETED a',
    ]);
    expect(events[0]?.object.metadata).toEqual({ name: 'a' });
  });

  test('an ERROR event throws: 410 is Gone', async () => {
    const { events, error } = await collect((_request, response) => {
      response.writeHead(200);
      response.end(line('ADDED', 'a') + JSON.stringify({ type: 'ERROR', object: status(410, 'Expired') }));
    });
    expect(events).toHaveLength(1);
    expect(error).toMatchObject({ kind: 'Gone', status: 410 });
  });

  test('an HTTP error throws', async () => {
    const { error } = await collect((_request, response) => json(response, status(403, 'Forbidden'), 403));
    expect(error).toMatchObject({ kind: 'Forbidden' });
  });

  test('a connection that breaks throws', async () => {
    const { events, error } = await collect((_request, response) => {
      response.writeHead(200);
      response.write(line('ADDED', 'a'), () => response.destroy());
    });
    expect(events.length).toBeLessThanOrEqual(1);
    expect(error).toMatchObject({ kind: 'Unavailable' });
  });

  test('nonsense throws', async () => {
    const first = await collect((_request, response) => response.writeHead(200).end('<html>\n'));
    expect(first.error).toMatchObject({ kind: 'Unavailable' });
    const second = await collect((_request, response) => response.writeHead(200).end('{"type":"WHAT"}\n'));
    expect(second.error).toMatchObject({ kind: 'Unavailable' });
  });

  test.each(['abort', 'break'])('%s closes the connection', async (how) => {
    const { url, server } = await serve((_request, response) => {
      response.writeHead(200);
      response.write(line('ADDED', 'a'));
    });
    const stop = new AbortController();
    const run = async (): Promise<void> => {
      for await (const event of connect(url).watch(roles, { ...watching, signal: stop.signal })) {
        expect(event.type).toBe('ADDED');
        if (how === 'break') break;
        stop.abort(new Error('stop'));
      }
    };
    if (how === 'abort') await expect(run()).rejects.toThrow('stop');
    else await run();
    await waitFor(async () => expect(await connections(server)).toBe(0));
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

test('requests are counted and can be observed', async () => {
  const { url } = await serve((request, response) =>
    request.method === 'GET' ? json(response, object) : json(response, status(409, 'Conflict'), 409),
  );
  const metrics = new PromMetrics({ process: false });
  const calls: string[] = [];
  const client = connect(
    url,
    {},
    {
      metrics,
      observe: ({ verb, resource, subresource, status: code }) =>
        calls.push(`${verb} ${resource.plural} ${subresource ?? '-'} ${code}`),
    },
  );
  await client.get(roles, ref);
  await client.patch(roles, ref, { type: 'merge', body: {} }, { subresource: 'status' }).catch(() => {});
  expect(calls).toEqual(['get teleportrolesv7 - 200', 'patch teleportrolesv7 status 409']);
  const { body } = await metrics.render();
  const host = new URL(url).host;
  expect(body).toContain(`rest_client_requests_total{code="200",method="GET",host="${host}"} 1`);
  expect(body).toContain(`rest_client_requests_total{code="409",method="PATCH",host="${host}"} 1`);
});
