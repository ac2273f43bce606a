// The built-in types that the operator writes or asks for: Leases, Events, discovery, CRDs that come and go.
import { describe, expect, it } from 'vitest';
import { isNamespaceClosed } from '../../../src/kube/errors.js';
import { microTime } from '../../../src/kube/lease.js';
import type { KubeObject } from '../../../src/kube/object.js';
import { eventually } from '../../env/eventually.js';
import { events, expectRefusal, leases, unique, user, users } from './objects.js';
import { type ContractServer, room } from './server.js';

export function builtinsContract(server: () => ContractServer): void {
  const lease = (name: string, spec: object): KubeObject => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: room },
    spec: { ...spec },
  });
  const held = (holderIdentity: string): object => ({
    holderIdentity,
    leaseDurationSeconds: 15,
    acquireTime: microTime(0),
    renewTime: microTime(0),
    leaseTransitions: 0,
  });

  describe('Lease', () => {
    it('is made once, read, and taken over only from the version that was read', async () => {
      const { client } = server();
      const name = unique('lease');
      await expectRefusal(client.get(leases, { namespace: room, name }), 'NotFound');
      await client.create(leases, lease(name, held('a')));
      await expectRefusal(client.create(leases, lease(name, held('b'))), 'AlreadyExists');
      const read = await client.get(leases, { namespace: room, name });
      expect(read.spec).toEqual(held('a'));
      const renewed = await client.replace(leases, {
        ...read,
        spec: { ...held('a'), renewTime: microTime(1000) },
      });
      await expectRefusal(client.replace(leases, { ...read, spec: { ...held('b') } }), 'Conflict');
      expect(renewed.spec?.renewTime).toBe('1970-01-01T00:00:01.000000Z');
    });

    it('keeps its annotations, and is listed over all namespaces in pages', async () => {
      const { client } = server();
      const annotations = { 'x.example/namespaces': 'a,b' };
      const [first, second] = [lease(unique('lease'), held('a')), lease(unique('lease'), held('b'))];
      const made = await client.create(leases, { ...first, metadata: { ...first.metadata, annotations } });
      await client.create(leases, second);
      await client.replace(leases, { ...made, spec: { ...held('b') } });
      const found = new Map<string, KubeObject>();
      let page = '';
      do {
        const list = await client.list(leases, { limit: 1, ...(page && { continue: page }) });
        for (const item of list.items) found.set(item.metadata.name, item);
        page = list.metadata.continue ?? '';
      } while (page !== '');
      expect(found.get(first.metadata.name)).toMatchObject({ metadata: { annotations }, spec: held('b') });
      expect(found.get(second.metadata.name)?.spec).toEqual(held('b'));
    });

    it('has times with microseconds, or is refused', async () => {
      const wrong = lease(unique('lease'), { ...held('a'), renewTime: '2026-01-01T00:00:00.000Z' });
      await expectRefusal(
        server().client.create(leases, wrong),
        'BadRequest',
        /parsing time "2026-01-01T00:00:00.000Z"/,
      );
    });

    it('has a duration above zero', async () => {
      const wrong = lease(unique('lease'), { ...held('a'), leaseDurationSeconds: 0 });
      await expectRefusal(
        server().client.create(leases, wrong),
        'Invalid',
        /spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0/,
      );
    });
  });

  describe('Event', () => {
    const event = (namespace: string, uid = ''): object => ({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: unique('event'), namespace: room },
      involvedObject: {
        apiVersion: 'resources.teleport.dev/v2',
        kind: 'TeleportUser',
        name: 'alice',
        namespace,
        uid,
      },
      type: 'Normal',
      reason: 'Tested',
      message: 'a test',
      source: { component: 'suite', host: 'here' },
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      count: 1,
      reportingComponent: 'suite',
      reportingInstance: 'here',
    });

    it('is made and found by what it is about', async () => {
      const uid = unique('uid');
      await server().client.create(events, event(room, uid) as KubeObject);
      const list = await server().client.list(events, {
        namespace: room,
        fieldSelector: `involvedObject.uid=${uid}`,
      });
      expect(list.items).toMatchObject([{ kind: 'Event', reason: 'Tested', count: 1 }]);
    });

    it('stays in the namespace of its object', async () => {
      await expectRefusal(
        server().client.create(events, event('elsewhere') as KubeObject),
        'Invalid',
        /involvedObject.namespace: Invalid value: "elsewhere": does not match event.namespace/,
      );
    });
  });

  describe('discovery', () => {
    it('lists our kinds with their names, verbs and category', async () => {
      const found = await server().client.discover('resources.teleport.dev', 'v2');
      const one = found?.find(({ name }) => name === 'teleportusers');
      expect(one).toMatchObject({ kind: 'TeleportUser', namespaced: true, categories: ['teleport'] });
      expect(one?.verbs).toEqual(
        expect.arrayContaining(['get', 'list', 'watch', 'patch', 'update', 'create', 'delete']),
      );
      expect(found?.map(({ name }) => name)).toContain('teleportusers/status');
      expect(await server().client.discover('resources.teleport.dev', 'v99')).toBeUndefined();
      expect(await server().client.discover('nobody.dev', 'v1')).toBeUndefined();
    });

    it('lists the versions of a group', async () => {
      const { client } = server();
      expect(await client.versions('resources.teleport.dev')).toEqual(
        expect.arrayContaining(['v1', 'v2', 'v5']),
      );
      expect(await client.versions('nobody.dev')).toEqual([]);
    });

    it('aggregates for those who ask', async () => {
      const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
      const answer = await server().raw('GET', '/apis', { accept });
      expect(answer.headers['content-type']).toContain('as=APIGroupDiscoveryList');
      const { items } = answer.json() as {
        items: {
          metadata: { name: string };
          versions: { version: string; resources: { resource: string }[] }[];
        }[];
      };
      const ours = items.find(({ metadata }) => metadata.name === 'resources.teleport.dev');
      const versions = ours?.versions.map(({ version }) => version) ?? [];
      const known = ['v6', 'v5', 'v2', 'v1'];
      expect(versions.filter((version) => known.includes(version))).toEqual(known);
      const names = (await server().raw('GET', '/apis')).json() as { groups: { name: string }[] };
      expect(names.groups.map(({ name }) => name)).toContain('coordination.k8s.io');
    });
  });

  describe('CustomResourceDefinition', () => {
    const name = (plural: string): string => `${plural}.suite.example.dev`;
    const crd = (plural: string): object => ({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: name(plural) },
      spec: {
        group: 'suite.example.dev',
        scope: 'Namespaced',
        names: { plural, singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object' } } } },
          },
        ],
      },
    });
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

    it('is served after it came, and no longer after it went', async () => {
      const { admin, client } = server();
      const things = { group: 'suite.example.dev', version: 'v1', plural: 'things' };
      await expectRefusal(client.list(things, { namespace: room }), 'NotFound');
      await admin.create(path, crd('things'));
      await eventually(() => client.list(things, { namespace: room }));
      await admin.remove(`${path}/${name('things')}`);
      await eventually(async () => (await client.discover(things.group, things.version)) === undefined);
      await eventually(() => expectRefusal(client.list(things, { namespace: room }), 'NotFound'));
    });

    it('that goes while an object is held takes no new one, and discovery shows that', async () => {
      const { admin, client } = server();
      const held = { group: 'suite.example.dev', version: 'v1', plural: 'helds' };
      const thing = (made: string): KubeObject => ({
        apiVersion: 'suite.example.dev/v1',
        kind: 'Thing',
        metadata: { name: made, namespace: room, finalizers: ['suite.example.dev/hold'] },
      });
      await admin.create(path, crd('helds'));
      await eventually(() => client.list(held, { namespace: room }));
      await client.create(held, thing('stays'));
      const verbs = async (): Promise<readonly string[]> =>
        (await client.discover(held.group, held.version))?.find(({ name }) => name === 'helds')?.verbs ?? [];
      await eventually(async () => expect(await verbs()).toContain('create'));
      await admin.remove(`${path}/${name('helds')}`);
      await eventually(async () => {
        expect(await verbs()).toContain('list');
        expect(await verbs()).not.toContain('create');
      });
      await client.patch(
        held,
        { name: 'stays', namespace: room },
        { type: 'merge', body: { metadata: { finalizers: null } } },
      );
      await eventually(async () => (await client.discover(held.group, held.version)) === undefined);
    });

    it('is structural, or is refused', async () => {
      const wrong = JSON.parse(
        JSON.stringify(crd('others')).replace('"spec":{"type":"object"}', '"spec":{}'),
      ) as object;
      await expect(server().admin.create(path, wrong)).rejects.toThrow(
        /openAPIV3Schema.properties\[spec\].type: Required value: must not be empty for specified object fields/,
      );
    });
  });

  it('forbids new objects in a namespace that is going', async () => {
    const { admin, client } = server();
    const namespace = unique('going');
    await admin.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
    });
    await client.create(users, user('stays', {}, { namespace, finalizers: ['suite.example.dev/hold'] }));
    await admin.remove(`/api/v1/namespaces/${namespace}`);
    const probe = (place: string): Promise<KubeObject> =>
      client.create(
        events,
        {
          apiVersion: 'v1',
          kind: 'Event',
          metadata: { name: unique('probe'), namespace: place },
          involvedObject: { kind: 'Namespace', name: place, namespace: place },
        } as KubeObject,
        { dryRun: true },
      );
    await expectRefusal(probe(namespace), 'Forbidden', /because it is being terminated$/);
    await expect(probe(namespace)).rejects.toSatisfy(isNamespaceClosed);
    const { metadata } = await probe(room);
    await expectRefusal(client.get(events, metadata), 'NotFound');
    const late = client.create(users, user('late', {}, { namespace }));
    await expectRefusal(
      late,
      'Forbidden',
      new RegExp(`unable to create new content in namespace ${namespace} because it is being terminated`),
    );
  });
}
