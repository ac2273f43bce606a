import { expect, test } from 'vitest';
import { MemoryClient } from '../../test/builders/memory-kube-client.js';
import type { KubeObject } from './object.js';
import { writeStatus } from './status.js';

const roles = { group: 'resources.teleport.dev', version: 'v1', plural: 'teleportrolesv7' };
const make = (status?: Record<string, unknown>, spec: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: 'resources.teleport.dev/v1',
  kind: 'TeleportRoleV7',
  metadata: { name: 'a', namespace: 'ns' },
  spec,
  ...(status && { status }),
});

test('an equal status is not written', async () => {
  const client = new MemoryClient();
  const object = client.put(roles, make({ phase: 'x', foreign: 1 }));
  const result = await writeStatus(client, roles, object, () => ({ phase: 'x' }));
  expect(result.outcome).toBe('unchanged');
  expect(client.calls).toEqual([]);
});

test('one write sets our fields, removes those that are undefined and leaves others', async () => {
  const client = new MemoryClient();
  const object = client.put(roles, make({ phase: 'x', old: { a: 1 }, foreign: 1 }));
  const result = await writeStatus(client, roles, object, () => ({ phase: 'y', old: undefined }));
  expect(result.outcome).toBe('written');
  expect(client.read(roles, object.metadata)?.status).toEqual({ phase: 'y', foreign: 1 });
  expect(client.calls).toEqual(['update teleportrolesv7/status']);
});

test.each([
  ['a number that JavaScript can’t hold', { id: 2 ** 53 }],
  ['one that may be written otherwise', { deep: [{ share: 0.1 }] }],
])('%s is left to the API server', async (_, foreign) => {
  const client = new MemoryClient();
  const object = client.put(roles, make({ phase: 'x', ...foreign }));
  const result = await writeStatus(client, roles, object, () => ({ phase: 'y' }));
  expect(result.outcome).toBe('written');
  expect(client.read(roles, object.metadata)?.status).toEqual({ phase: 'y', ...foreign });
  expect(client.calls).toEqual(['patch teleportrolesv7/status']);
});

test('only the status is written', async () => {
  const client = new MemoryClient();
  const object = client.put(roles, make({ phase: 'x' }, { logins: ['a'] }));
  await writeStatus(client, roles, object, () => ({ phase: 'y' }));
  const { metadata, ...rest } = client.read(roles, object.metadata) ?? {};
  const { metadata: _, ...whole } = make({ phase: 'y' }, { logins: ['a'] });
  expect(rest).toEqual(whole);
  expect(metadata?.uid).toBe(object.metadata.uid);
});

test('a copy that is behind is read again and computed from anew', async () => {
  const client = new MemoryClient();
  const old = structuredClone(client.put(roles, make({ list: ['a'] })));
  client.put(roles, make({ list: ['a', 'theirs'] }));
  const result = await writeStatus(client, roles, old, (current) => ({
    list: [...((current.status?.list as string[]) ?? []), 'ours'],
  }));
  expect(result.outcome).toBe('written');
  expect(client.read(roles, old.metadata)?.status).toEqual({ list: ['a', 'theirs', 'ours'] });
});

test('a spec changed meanwhile leaves the status to the next pass', async () => {
  const client = new MemoryClient();
  const old = structuredClone(client.put(roles, make()));
  client.put(roles, make(undefined, { changed: true }));
  const result = await writeStatus(client, roles, old, () => ({ phase: 'y' }));
  expect(result.outcome).toBe('superseded');
  expect(client.read(roles, old.metadata)?.status).toBeUndefined();
});

test('gone, or another object of the name: nothing is written', async () => {
  const client = new MemoryClient();
  const old = structuredClone(client.put(roles, make()));
  client.remove(roles, old.metadata);
  expect((await writeStatus(client, roles, old, () => ({ p: 1 }))).outcome).toBe('gone');
  client.put(roles, make());
  expect((await writeStatus(client, roles, old, () => ({ p: 1 }))).outcome).toBe('gone');
  expect(client.read(roles, old.metadata)?.status).toBeUndefined();
});

test('endless conflicts end with the conflict', async () => {
  const client = new MemoryClient();
  const object = structuredClone(client.put(roles, make()));
  client.fault = ({ verb }) => {
    if (verb === 'update') client.put(roles, make());
  };
  await expect(writeStatus(client, roles, object, () => ({ p: 1 }))).rejects.toMatchObject({
    kind: 'Conflict',
  });
});
