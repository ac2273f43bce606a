import { expect, test } from 'vitest';
import { MemoryClient } from '../../test/builders/memory-kube-client.js';
import { isAbort } from '../core/abort.js';
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
