import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { MemoryClient } from '../../test/builders/memory-kube-client.js';
import { waitFor } from '../../test/builders/wait-for.js';
import { isAbort } from '../core/abort.js';
import { systemClock } from '../core/clock.js';
import { createKubeClient } from './client.js';
import { leaderClient } from './leader-client.js';
import type { KubeObject } from './object.js';

const roles = { group: 'resources.teleport.dev', version: 'v1', plural: 'teleportrolesv7' };
const object: KubeObject = {
  apiVersion: 'resources.teleport.dev/v1',
  kind: 'TeleportRoleV7',
  metadata: { name: 'a', namespace: 'ns' },
};

test('writes go out only while we lead, reads always', async () => {
  const memory = new MemoryClient();
  let leading = true;
  const client = leaderClient(memory, () => leading);
  await client.create(roles, object);
  await client.patch(roles, object.metadata, { type: 'merge', body: { spec: { a: 1 } } });
  leading = false;
  const writes = [
    () => client.create(roles, { ...object, metadata: { ...object.metadata, name: 'b' } }),
    () => client.replace(roles, object),
    () => client.patch(roles, object.metadata, { type: 'merge', body: { spec: { a: 2 } } }),
    () => client.delete(roles, object.metadata),
  ];
  for (const write of writes) {
    const failed = await write().catch((error: unknown) => error);
    expect(isAbort(failed)).toBe(true);
  }
  expect((await client.get(roles, object.metadata)).spec).toEqual({ a: 1 });
  expect((await client.list(roles)).items).toHaveLength(1);
  expect(memory.calls.filter((call) => !/^(get|list)/.test(call))).toEqual([
    'create teleportrolesv7',
    'patch teleportrolesv7',
  ]);
});

test('a write that waits for a connection does not go out when leadership was lost meanwhile', async () => {
  const seen: (string | undefined)[] = [];
  const waiting: http.ServerResponse[] = [];
  const server = http.createServer((request, response) => {
    seen.push(request.method);
    if (request.method === 'GET') waiting.push(response);
    else response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const kube = createKubeClient(
    {
      server: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
      origin: 'test',
      ca: async () => undefined,
      insecure: false,
      credentials: { current: async () => ({ headers: {} }), refused: () => false },
    },
    { clock: systemClock },
  );
  let leading = true;
  const client = leaderClient(kube, () => leading);
  const answer = (): void => {
    for (const response of waiting.splice(0)) response.end('{}');
  };

  // Every connection is taken.
  const reads = Promise.all(Array.from({ length: 16 }, () => client.get(roles, object.metadata)));
  await waitFor(() => expect(waiting).toHaveLength(16));
  const late = client
    .patch(roles, object.metadata, { type: 'merge', body: {} })
    .catch((error: unknown) => error);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(seen).toHaveLength(16);
  leading = false;
  answer();
  await reads;
  expect(isAbort(await late)).toBe(true);

  leading = true;
  await client.patch(roles, object.metadata, { type: 'merge', body: {} });
  expect(seen.filter((method) => method === 'PATCH')).toHaveLength(1);
  kube.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
