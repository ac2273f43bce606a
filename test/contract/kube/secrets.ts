// Secrets as the operator reads and keeps them: looked up, listed in pages, watched in one namespace and in all, and the one
// of join method bound_keypair merged into.
import { describe, expect, it } from 'vitest';
import type { WatchEvent } from '../../../src/kube/client.js';
import type { KubeObject } from '../../../src/kube/object.js';
import { expectRefusal, secrets, unique } from './objects.js';
import { type ContractServer, room } from './server.js';

type Secret = KubeObject & { data?: Record<string, string>; type?: string };

const base64 = (text: string): string => Buffer.from(text).toString('base64');

export function secretsContract(server: () => ContractServer): void {
  const make = (name: string, data: Record<string, string> = { a: base64('one') }): Promise<Secret> =>
    server().client.create<Secret>(secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace: room },
      type: 'Opaque',
      data,
    });

  describe('Secret', () => {
    it('is made once, and merged into key by key', async () => {
      const { client } = server();
      const name = unique('kept');
      const merge = (data: object): Promise<Secret> =>
        client.patch<Secret>(
          secrets,
          { namespace: room, name },
          { type: 'merge', body: { data }, fieldManager: 'suite' },
        );
      await expectRefusal(
        merge({ a: base64('one') }),
        'NotFound',
        new RegExp(`^secrets "${name}" not found$`),
      );
      await make(name);
      await expectRefusal(make(name), 'AlreadyExists');
      expect((await merge({ b: base64('two') })).data).toEqual({ a: base64('one'), b: base64('two') });
      const { managedFields } = (await merge({ a: null })).metadata as {
        managedFields?: { manager: string }[];
      };
      expect(managedFields?.map(({ manager }) => manager)).toContain('suite');
      const found = await client.get<Secret>(secrets, { namespace: room, name });
      expect(found).toMatchObject({ kind: 'Secret', type: 'Opaque', data: { b: base64('two') } });
    });

    it.each([
      ['one namespace', room],
      ['all namespaces', undefined],
    ])('is listed in pages and watched in %s', async (_where, namespace) => {
      const { client } = server();
      const [first, second] = [await make(unique('s')), await make(unique('s'))];
      const uids: (string | undefined)[] = [];
      let page = '';
      let version = '';
      do {
        const list = await client.list<Secret>(secrets, {
          namespace,
          limit: 1,
          ...(page && { continue: page }),
        });
        expect(list.items.length).toBeLessThanOrEqual(1);
        uids.push(...list.items.map(({ metadata }) => metadata.uid));
        page = list.metadata.continue ?? '';
        version = list.metadata.resourceVersion ?? '';
      } while (page !== '');
      expect(uids).toEqual(expect.arrayContaining([first.metadata.uid, second.metadata.uid]));

      const changed = await client.patch<Secret>(secrets, first.metadata, {
        type: 'merge',
        body: { data: { a: base64('two') } },
      });
      await client.delete(secrets, second.metadata);
      const stream = client.watch<Secret>(secrets, {
        namespace,
        resourceVersion: version,
        allowBookmarks: true,
        timeoutSeconds: 10,
        signal: new AbortController().signal,
      });
      const seen: WatchEvent<Secret>[] = [];
      for await (const event of stream) {
        if (event.object.metadata.namespace === room) seen.push(event);
        if (seen.length === 2) break;
      }
      expect(seen.map(({ type, object }) => [type, object.metadata.name])).toEqual([
        ['MODIFIED', first.metadata.name],
        ['DELETED', second.metadata.name],
      ]);
      expect(seen[0]?.object).toMatchObject({
        kind: 'Secret',
        data: { a: base64('two') },
        metadata: { resourceVersion: changed.metadata.resourceVersion },
      });
    });
  });
}
