// CustomResourceDefinitions by server-side apply, as -install-crds writes them.
import { describe, expect, it } from 'vitest';
import type { Crd } from '../../../src/operator/install-crds.js';
import { crds } from '../../env/crds.js';
import { expectRefusal } from './objects.js';
import type { ContractServer } from './server.js';

export function definitionsContract(server: () => ContractServer): void {
  const resource = { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions' };
  const group = 'applied.example.dev';

  /** A CRD of ours under another group, so that no other case meets it. */
  function definition(): Crd {
    const [crd] = crds();
    if (!crd) throw new Error('there are no CRDs');
    const text = JSON.stringify(crd).replaceAll('resources.teleport.dev', group);
    return JSON.parse(text) as Crd;
  }

  describe('CustomResourceDefinition', () => {
    it('is made by an apply, left as it is by the same again, and changed by another', async () => {
      const { client } = server();
      const crd = definition();
      const { name } = crd.metadata;
      const apply = (version: string) =>
        client.patch<Crd>(
          resource,
          { name },
          {
            type: 'apply',
            fieldManager: 'suite',
            force: true,
            body: { ...crd, metadata: { name, annotations: { [`${group}/version`]: version } } },
          },
        );
      await expectRefusal(client.get(resource, { name }), 'NotFound');
      await apply('1');
      const made = await client.get<Crd>(resource, { name });
      expect(made.metadata.annotations).toEqual({ [`${group}/version`]: '1' });
      const generation = made.metadata.generation;
      await apply('1');
      expect((await client.get<Crd>(resource, { name })).metadata.generation).toBe(generation);
      await apply('2');
      const changed = await client.get<Crd>(resource, { name });
      expect(changed.metadata.annotations).toEqual({ [`${group}/version`]: '2' });
    });
  });
}
