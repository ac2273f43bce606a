import { expect, test } from 'vitest';
import { MemoryClient } from '../../test/builders/memory-kube-client.js';
import { addFinalizer, hasFinalizer, removeFinalizer } from './finalizer.js';
import type { KubeObject } from './object.js';

const roles = { group: 'resources.teleport.dev', version: 'v1', plural: 'teleportrolesv7' };
const ours = 'resources.teleport.dev/deletion';
const make = (finalizers?: string[]): KubeObject => ({
  apiVersion: 'resources.teleport.dev/v1',
  kind: 'TeleportRoleV7',
  metadata: { name: 'a', namespace: 'ns', ...(finalizers && { finalizers }) },
  spec: {},
});

test('adds beside those of others, with one write', async () => {
  const client = new MemoryClient();
  const object = client.put(roles, make(['other/one']));
  const after = await addFinalizer(client, roles, object, ours);
  expect(after.metadata.finalizers).toEqual(['other/one', ours]);
  expect(client.read(roles, object.metadata)?.metadata.finalizers).toEqual(['other/one', ours]);
  expect(client.calls).toEqual(['patch teleportrolesv7']);
});

test('adding what is there writes nothing', async () => {
  const client = new MemoryClient();
  const object = client.put(roles, make([ours]));
  expect(hasFinalizer(object, ours)).toBe(true);
  expect(await addFinalizer(client, roles, object, ours)).toBe(object);
  expect(client.calls).toEqual([]);
});

test('a copy that is behind does not wipe out a finalizer added meanwhile', async () => {
  const client = new MemoryClient();
  const old = structuredClone(client.put(roles, make()));
  client.put(roles, make(['other/new']));
  await expect(addFinalizer(client, roles, old, ours)).rejects.toMatchObject({ kind: 'Conflict' });
  expect(client.read(roles, old.metadata)?.metadata.finalizers).toEqual(['other/new']);
});

test('removes ours alone, also when a status was written meanwhile', async () => {
  const client = new MemoryClient();
  const object = structuredClone(client.put(roles, make(['other/one', ours])));
  await client.patch(
    roles,
    object.metadata,
    { type: 'merge', body: { status: { x: 1 } } },
    { subresource: 'status' },
  );
  const after = await removeFinalizer(client, roles, object, ours);
  expect(after?.metadata.finalizers).toEqual(['other/one']);
});

test('removing from a copy whose list is behind is refused', async () => {
  const client = new MemoryClient();
  const old = structuredClone(client.put(roles, make(['other/one', ours])));
  client.put(roles, make([ours]));
  await expect(removeFinalizer(client, roles, old, ours)).rejects.toMatchObject({ kind: 'Conflict' });
  expect(client.read(roles, old.metadata)?.metadata.finalizers).toEqual([ours]);
});

test('an object that was made anew under the name keeps its finalizer', async () => {
  const client = new MemoryClient();
  const old = structuredClone(client.put(roles, make([ours])));
  client.remove(roles, old.metadata);
  client.put(roles, make([ours]));
  await expect(removeFinalizer(client, roles, old, ours)).rejects.toMatchObject({ kind: 'Conflict' });
  expect(client.read(roles, old.metadata)?.metadata.finalizers).toEqual([ours]);
});

test('removing from an object that is gone is no error', async () => {
  const client = new MemoryClient();
  const object = structuredClone(client.put(roles, make([ours])));
  client.remove(roles, object.metadata);
  expect(await removeFinalizer(client, roles, object, ours)).toBeUndefined();
});
