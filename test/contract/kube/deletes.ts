// Delete of a custom resource, with preconditions and finalizers.
import { describe, expect, it } from 'vitest';
import { addFinalizer, removeFinalizer } from '../../../src/kube/finalizer.js';
import type { KubeObject } from '../../../src/kube/object.js';
import { expectRefusal, unique, user, users } from './objects.js';
import { type ContractServer, room } from './server.js';

const finalizer = 'resources.teleport.dev/deletion';

export function deletesContract(server: () => ContractServer): void {
  const made = (spec?: object): Promise<KubeObject> => server().client.create(users, user(unique('w'), spec));
  const read = ({ metadata: { name } }: KubeObject): Promise<KubeObject> =>
    server().client.get(users, { namespace: room, name });

  describe('delete', () => {
    it('removes what has no finalizer', async () => {
      const object = await made();
      await server().client.delete(users, object.metadata);
      await expectRefusal(read(object), 'NotFound');
      await expectRefusal(server().client.delete(users, object.metadata), 'NotFound');
    });

    it('keeps its preconditions', async () => {
      const object = await made();
      const preconditions = { uid: 'another' };
      await expectRefusal(
        server().client.delete(users, object.metadata, { preconditions }),
        'Conflict',
        /the UID in the precondition \(another\) does not match the UID in record/,
      );
      await server().client.delete(users, object.metadata, {
        preconditions: { uid: object.metadata.uid ?? '' },
      });
    });

    it('waits for finalizers, takes no new ones, counts, and ends with the last', async () => {
      const object = await addFinalizer(server().client, users, await made(), finalizer);
      await server().client.delete(users, object.metadata);
      const dying = await read(object);
      expect(dying.metadata).toMatchObject({ finalizers: [finalizer], generation: 2 });
      expect(dying.metadata.deletionTimestamp).toMatch(/Z$/);
      const body = { metadata: { finalizers: [finalizer, 'another.dev/one'] } };
      await expectRefusal(
        server().client.patch(users, object.metadata, { type: 'merge', body }),
        'Invalid',
        /no new finalizers can be added if the object is being deleted, found new finalizers \[\]string\{"another.dev\/one"\}/,
      );
      const status = { observedGeneration: 2 };
      await server().client.patch(
        users,
        object.metadata,
        { type: 'merge', body: { status } },
        { subresource: 'status' },
      );
      const last = await removeFinalizer(server().client, users, dying, finalizer);
      expect(last?.metadata.finalizers ?? []).toEqual([]);
      await expectRefusal(read(object), 'NotFound');
    });

    it('does not let go of a finalizer by a stale list', async () => {
      const object = await addFinalizer(server().client, users, await made(), finalizer);
      const body = { metadata: { finalizers: ['other.dev/first', finalizer] } };
      await server().client.patch(users, object.metadata, { type: 'merge', body });
      await expectRefusal(removeFinalizer(server().client, users, object, finalizer), 'Conflict');
      await server().client.patch(users, object.metadata, {
        type: 'merge',
        body: { metadata: { finalizers: null } },
      });
      expect((await read(object)).metadata.finalizers).toBeUndefined();
    });
  });
}
