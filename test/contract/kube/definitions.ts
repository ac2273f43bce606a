// CustomResourceDefinitions by server-side apply, as -install-crds writes them.
import { describe, expect, it } from 'vitest';
import type { Crd } from '../../../src/operator/install-crds.js';
import { crds } from '../../env/crds.js';
import { eventually } from '../../env/eventually.js';
import { expectRefusal, unique } from './objects.js';
import type { ContractServer } from './server.js';

interface JsonSchema {
  readonly properties?: Record<string, unknown>;
}

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

    it('that no longer names a field of status takes it from the objects at their next write', async () => {
      const { client } = server();
      const crd = definition();
      const { name } = crd.metadata;
      const apply = (spec: unknown) =>
        client.patch<Crd>(
          resource,
          { name },
          { type: 'apply', fieldManager: 'suite', force: true, body: { ...crd, metadata: { name }, spec } },
        );
      await apply(crd.spec);
      const { names, versions } = crd.spec as {
        names: { plural: string; kind: string };
        versions: { name: string; schema: { openAPIV3Schema: { properties: { status: JsonSchema } } } }[];
      };
      const things = { group, version: versions[0]?.name ?? '', plural: names.plural };
      const metadata = { name: unique('thing'), namespace: 'default' };
      const thing = { apiVersion: `${group}/${things.version}`, kind: names.kind, metadata };
      await eventually(() => client.create(things, { ...thing, spec: {} }));
      await client.patch(
        things,
        metadata,
        { type: 'merge', body: { status: { resourceName: 'one' } } },
        { subresource: 'status' },
      );
      const less = structuredClone(versions);
      for (const { schema } of less)
        delete schema.openAPIV3Schema.properties.status.properties?.['resourceName'];
      await apply({ ...(crd.spec as object), versions: less });
      const status = await eventually(async () => {
        const labels = { next: unique('label') };
        const { status } = await client.patch(things, metadata, {
          type: 'merge',
          body: { metadata: { labels } },
        });
        expect(status?.['resourceName']).toBeUndefined();
        return status;
      });
      expect(status).toEqual({ observedGeneration: -1 });
      await client.delete(things, metadata);
    });
  });
}
