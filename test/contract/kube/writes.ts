// Create, read, update, patch of a custom resource: versions, conflicts, the status subresource. Its end is in deletes.ts.
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../src/kube/object.js';
import { condition, expectRefusal, rolesV5, rolesV6, unique, user, users, usersPath } from './objects.js';
import { type ContractServer, room } from './server.js';

export function writesContract(server: () => ContractServer): void {
  const made = (spec?: object): Promise<KubeObject> => server().client.create(users, user(unique('w'), spec));
  const read = ({ metadata: { name } }: KubeObject): Promise<KubeObject> =>
    server().client.get(users, { namespace: room, name });

  describe('create', () => {
    it('stamps uid, version, generation and time', async () => {
      const { metadata } = await made();
      expect(metadata).toMatchObject({ generation: 1, namespace: room });
      expect(metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
      expect(Number(metadata.resourceVersion)).toBeGreaterThan(0);
      expect(metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    });

    it('drops a status', async () => {
      const object = { ...user(unique('w')), status: { conditions: [condition('Ready', 'True')] } };
      const { status } = await server().client.create(users, object);
      expect(status).not.toHaveProperty('conditions');
      // What a client may wait for before the operator has said a word.
      expect(status).toEqual({ observedGeneration: -1 });
    });

    it('refuses a name that is taken', async () => {
      const { metadata } = await made();
      const text = new RegExp(`^teleportusers.resources.teleport.dev "${metadata.name}" already exists$`);
      await expectRefusal(server().client.create(users, user(metadata.name)), 'AlreadyExists', text);
    });

    it('refuses a namespace that is missing', async () => {
      const object = user('x', {}, { namespace: 'nowhere' });
      await expectRefusal(
        server().client.create(users, object),
        'NotFound',
        /^namespaces "nowhere" not found$/,
      );
    });

    it('refuses a name that is none', async () => {
      await expectRefusal(
        server().client.create(users, user('Not_A_Name')),
        'Invalid',
        /lowercase RFC 1123 subdomain/,
      );
    });
  });

  describe('get', () => {
    it('finds it again, and says when there is nothing', async () => {
      const object = await made();
      expect(await read(object)).toEqual(object);
      const missing = server().client.get(users, { namespace: room, name: 'none' });
      await expectRefusal(missing, 'NotFound', /^teleportusers.resources.teleport.dev "none" not found$/);
    });

    it('shows an object in each version that is served', async () => {
      const name = unique('role');
      const role: KubeObject = {
        apiVersion: 'resources.teleport.dev/v5',
        kind: 'TeleportRole',
        metadata: { name, namespace: room },
        spec: { allow: { logins: ['root'] } },
      };
      const stored = await server().client.create(rolesV5, role);
      const other = await server().client.get(rolesV6, { namespace: room, name });
      expect(other.apiVersion).toBe('resources.teleport.dev/v6');
      expect(other.spec).toEqual(stored.spec);
      expect(other.metadata.resourceVersion).toBe(stored.metadata.resourceVersion);
    });
  });

  describe('update', () => {
    it('replaces the spec and counts it', async () => {
      const object = await made();
      const changed = await server().client.replace(users, { ...object, spec: { roles: ['editor'] } });
      expect(changed.spec).toEqual({ roles: ['editor'] });
      expect(changed.metadata.generation).toBe(2);
      expect(changed.metadata.resourceVersion).not.toBe(object.metadata.resourceVersion);
    });

    it('refuses a version that is behind, and none at all', async () => {
      const object = await made();
      await server().client.replace(users, { ...object, spec: { roles: ['editor'] } });
      const text =
        /the object has been modified; please apply your changes to the latest version and try again/;
      await expectRefusal(server().client.replace(users, object), 'Conflict', text);
      const { resourceVersion: _, ...metadata } = object.metadata;
      const blind = server().client.replace(users, { ...object, metadata });
      await expectRefusal(
        blind,
        'Invalid',
        /metadata.resourceVersion: Invalid value: .*: must be specified for an update/,
      );
    });

    it('changes nothing when nothing differs', async () => {
      // The first write may store defaults that were only shown before.
      const object = await server().client.replace(users, await made());
      const again = await server().client.replace(users, object);
      expect(again.metadata.resourceVersion).toBe(object.metadata.resourceVersion);
    });

    it('does not count labels', async () => {
      const object = await made();
      const metadata = { ...object.metadata, labels: { a: 'b' } };
      const changed = await server().client.replace(users, { ...object, metadata });
      expect(changed.metadata).toMatchObject({ generation: 1, labels: { a: 'b' } });
    });
  });

  describe('patch', () => {
    it('merges, and null removes', async () => {
      const object = await made({ roles: ['a'], traits: { x: ['1'], y: ['2'] } });
      const body = { spec: { traits: { x: null, z: ['3'] } }, metadata: { labels: { a: 'b' } } };
      const patched = await server().client.patch(users, object.metadata, { type: 'merge', body });
      expect(patched.spec).toEqual({ roles: ['a'], traits: { y: ['2'], z: ['3'] } });
      expect(patched.metadata).toMatchObject({ generation: 2, labels: { a: 'b' } });
    });

    it('is guarded by the version it names', async () => {
      const object = await made();
      const body = { metadata: { resourceVersion: '1' }, spec: { roles: ['b'] } };
      await expectRefusal(server().client.patch(users, object.metadata, { type: 'merge', body }), 'Conflict');
    });

    it('takes JSON steps, all or none', async () => {
      const object = await made({ roles: ['a', 'b'] });
      const good = [
        { op: 'test', path: '/metadata/uid', value: object.metadata.uid },
        { op: 'remove', path: '/spec/roles/0' },
        { op: 'add', path: '/spec/roles/-', value: 'c' },
      ] as const;
      const patched = await server().client.patch(users, object.metadata, { type: 'json', body: good });
      expect(patched.spec).toEqual({ roles: ['b', 'c'] });
      const bad = [
        { op: 'add', path: '/spec/roles/-', value: 'd' },
        { op: 'test', path: '/metadata/uid', value: 'another' },
      ] as const;
      const refused = server().client.patch(users, object.metadata, { type: 'json', body: bad });
      await expectRefusal(
        refused,
        'Invalid',
        /the server rejected our request due to an error in our request/,
      );
      expect((await read(object)).spec).toEqual({ roles: ['b', 'c'] });
    });

    it('applies on the server: makes, records the manager, drops what is no longer stated', async () => {
      const name = unique('w');
      const { client } = server();
      const apply = (spec: object): Promise<KubeObject> =>
        client.patch(
          users,
          { namespace: room, name },
          { type: 'apply', body: user(name, spec), fieldManager: 'suite' },
        );
      const first = await apply({ roles: ['a'], traits: { x: ['1'] } });
      expect(first.spec).toEqual({ roles: ['a'], traits: { x: ['1'] } });
      const fields = (first.metadata as { managedFields?: object[] }).managedFields;
      expect(fields).toMatchObject([{ manager: 'suite', operation: 'Apply', fieldsType: 'FieldsV1' }]);
      expect((await apply({ roles: ['a'] })).spec).toEqual({ roles: ['a'] });
    });

    it('applies on the server only over conflicts that are forced', async () => {
      const object = await made({ roles: ['a'] });
      const patch = {
        type: 'apply',
        body: user(object.metadata.name, { roles: ['b'] }),
        fieldManager: 'suite',
      } as const;
      await expectRefusal(
        server().client.patch(users, object.metadata, patch),
        'Conflict',
        /Apply failed with 1 conflict/,
      );
      const forced = await server().client.patch(users, object.metadata, { ...patch, force: true });
      expect(forced.spec).toEqual({ roles: ['b'] });
    });

    it('refuses a kind of patch that custom resources do not know', async () => {
      const object = await made();
      const answer = await server().raw('PATCH', `${usersPath}/${object.metadata.name}`, {
        body: { spec: { roles: ['x'] } },
        type: 'application/strategic-merge-patch+json',
      });
      expect(answer.status).toBe(415);
    });
  });

  describe('status', () => {
    const status = { conditions: [condition('Ready', 'True')], observedGeneration: 1 };

    it('is written alone, and not counted', async () => {
      const object = await made();
      const body = { spec: { roles: ['sneaked'] }, metadata: { labels: { sneaked: 'in' } }, status };
      const patched = await server().client.patch(
        users,
        object.metadata,
        { type: 'merge', body },
        { subresource: 'status' },
      );
      expect(patched.status).toEqual(status);
      expect(patched.spec).toEqual(object.spec);
      expect(patched.metadata.labels).toBeUndefined();
      expect(patched.metadata.generation).toBe(1);
      const replaced = await server().client.replace(
        users,
        { ...patched, status: { observedGeneration: 2 } },
        { subresource: 'status' },
      );
      expect(replaced.status).toEqual({ observedGeneration: 2 });
    });

    it('is left alone by a write of the spec', async () => {
      const object = await made();
      await server().client.patch(
        users,
        object.metadata,
        { type: 'merge', body: { status } },
        { subresource: 'status' },
      );
      const body = { spec: { roles: ['b'] }, status: { observedGeneration: 99 } };
      const patched = await server().client.patch(users, object.metadata, { type: 'merge', body });
      expect(patched.status).toEqual(status);
      expect(patched.metadata.generation).toBe(2);
    });

    it('is guarded by the version it names', async () => {
      const object = await made();
      const body = { metadata: { resourceVersion: '1' }, status };
      await expectRefusal(
        server().client.patch(users, object.metadata, { type: 'merge', body }, { subresource: 'status' }),
        'Conflict',
      );
    });
  });
}
