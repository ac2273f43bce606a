// Requests of the client as a server on loopback sees them, and answers as they are handed on. Trouble is client-trouble.test.ts’s
// matter, watches client-watch.test.ts’s.
import { describe, expect, test } from 'vitest';
import {
  connect,
  json,
  object,
  ref,
  roles,
  type Seen,
  secrets,
  serve,
  status,
} from '../../test/builders/api-server.js';
import { PromMetrics } from '../core/metrics-prom.js';
import { type KubeClient } from './client.js';

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
        url: '/apis/resources.teleport.dev/v1/namespaces/ns/teleportrolesv7?limit=5&continue=x%20y',
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
