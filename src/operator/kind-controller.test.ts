// What wakes an object whose pass runs at that moment, or whose deletion waits. Not what passes do (reconcile/), nor the wire.
import { create } from '@bufbuild/protobuf';
import { afterEach, describe, expect, it } from 'vitest';
import { endWorlds, engineer, controllerWorld as world } from '../../test/builders/controller-world.js';
import type { MemoryClient } from '../../test/builders/memory-kube-client.js';
import { anObject } from '../../test/builders/object.js';
import { waitFor } from '../../test/builders/wait-for.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { type RoleV6, RoleV6Schema } from '../gen/teleport/types/role_pb.js';
import { githubConnector } from '../kinds/github-connector.js';
import { apiResource } from '../kinds/kind.js';
import { provisionToken } from '../kinds/provision-token.js';
import { roleV6, roleV7 } from '../kinds/role.js';
import { allowAnnotation } from '../reconcile/secret-lookup.js';

const resource = apiResource(roleV7);
afterEach(endWorlds);

const role = (given: { Version: string; Revision: string; login: string }): RoleV6 =>
  create(RoleV6Schema, {
    Kind: 'role',
    Version: given.Version,
    Metadata: {
      Name: 'engineer',
      Revision: given.Revision,
      Labels: { 'teleport.dev/origin': 'kubernetes' },
    },
    Spec: { Allow: { Logins: [given.login] } },
  });

describe('an object whose pass runs', () => {
  it('is looked at again after a change by somebody else, though the stream of events ended meanwhile', async () => {
    const { kube, teleport, mirror, start, beforeStatus, when, reason } = world();
    mirror.replaced('role', new Set(), new Set());
    kube.put(resource, anObject());
    when(() => teleport.resources.has('engineer'));
    beforeStatus(() => {
      const slipped = role({ Version: 'v7', Revision: 'theirs', login: 'root' });
      teleport.resources.set('engineer', slipped);
      mirror.put('role', slipped);
      mirror.stale('role');
    });
    start();
    await waitFor(() => expect(reason()).toBe('Synced'));
    // The next stream begins, and its list tells nothing that was not heard before.
    mirror.put('role', role({ Version: 'v7', Revision: 'theirs', login: 'root' }));
    mirror.replaced('role', new Set(['engineer']), new Set());
    await waitFor(() => {
      const { Spec: spec } = teleport.resources.get('engineer') as RoleV6;
      expect(spec?.Allow?.Logins).toEqual(['ubuntu']);
    });
  });

  it('is looked at again when its rivals come in sight before it has said that it yields to them', async () => {
    const { kube, teleport, claims, controller, start, beforeStatus, when, reason } = world();
    claims.hide(roleV6, 'forbidden');
    teleport.resources.set('engineer', role({ Version: 'v6', Revision: 'r0', login: 'ubuntu' }));
    kube.put(resource, anObject({ metadata: { finalizers: ['resources.teleport.dev/deletion'] } }));
    when(() => teleport.calls.length > 0);
    beforeStatus(() => {
      claims.hide(roleV6, undefined);
      controller.wakes.rivalsInSight('role');
    });
    start();
    await waitFor(() => expect(reason()).toBe('Synced'));
  });

  it('is looked at again after a change of its labels that came when a one-time token was put on record', async () => {
    const { kube, teleport, start, beforeStatus, when } = world(provisionToken);
    const [tokens, at] = [apiResource(provisionToken), { namespace: 'teleport', name: 'once' }];
    const spec = { join_method: 'token', roles: ['Bot'], bot_name: 'b' };
    kube.put(tokens, anObject({ kind: 'TeleportProvisionToken', name: at.name, spec }));
    when(() => teleport.resources.has(at.name));
    beforeStatus(() => {
      const object = kube.read(tokens, at) ?? anObject();
      kube.put(tokens, { ...object, metadata: { ...object.metadata, labels: { team: 'access' } } });
    });
    start();
    await waitFor(() =>
      expect(teleport.resources.get(at.name)).toMatchObject({
        Spec: { JoinMethod: 'token' },
        Metadata: { Labels: { team: 'access' } },
      }),
    );
  });

  it('is not given another name by an annotation that comes before its status is written', async () => {
    const { kube, teleport, start, beforeStatus, when, reason } = world();
    kube.put(resource, anObject());
    when(() => teleport.resources.has('engineer'));
    beforeStatus(() => {
      const object = kube.read(resource, engineer) ?? anObject();
      const annotations = { 'teleport.dev/resource-name': 'other' };
      kube.put(resource, { ...object, metadata: { ...object.metadata, annotations } });
    });
    start();
    // A second name would leave the first resource behind for good.
    await waitFor(() => expect(reason()).toBe('NameImmutable'));
    expect([...teleport.resources.keys()]).toEqual(['engineer']);
    expect(kube.read(resource, engineer)?.status?.['resourceName']).toBe('engineer');
  });

  it('is looked at again after a change of the Secret that it has read', async () => {
    const secret = (value: string): void => {
      const metadata = { name: 's', namespace: 'teleport', annotations: { [allowAnnotation]: '*' } };
      const data = { k: Buffer.from(value).toString('base64') };
      const [apiVersion, kind] = ['v1', 'Secret'];
      kube.put({ group: '', version: 'v1', plural: 'secrets' }, { apiVersion, kind, metadata, data });
    };
    const { kube, teleport, start } = world(githubConnector, async () => {
      secret('rotated');
      // Until the watch has told of it.
      await waitFor(() => expect(kube.openWatches).toBe(2));
      await new Promise((resolve) => setTimeout(resolve, 20));
    });
    secret('first');
    const spec = {
      client_id: 'id',
      client_secret: 'secret://s/k',
      teams_to_roles: [{ organization: 'o', team: 't', roles: ['access'] }],
    };
    kube.put(
      apiResource(githubConnector),
      anObject({ kind: 'TeleportGithubConnector', name: 'github', spec }),
    );
    start();
    await waitFor(() =>
      expect(teleport.resources.get('github')).toMatchObject({ Spec: { ClientSecret: 'rotated' } }),
    );
  });
});

describe('an object that is let go, and kept by a finalizer of others,', () => {
  it('is not let go again by a pass that comes before the watch tells of it', async () => {
    const { kube, teleport, controller, start } = world();
    const watch = kube.watch.bind(kube);
    const late = async function* (...given: Parameters<typeof watch>) {
      for await (const event of watch(...given)) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        yield event;
      }
    };
    Object.assign(kube, { watch: late });
    const finalizers = ['others/hold', 'resources.teleport.dev/deletion'];
    kube.put(resource, anObject({ metadata: { finalizers, deletionTimestamp: '2026-11-28T00:00:00Z' } }));
    teleport.resources.set('engineer', role({ Version: 'v7', Revision: 'r0', login: 'ubuntu' }));
    start();
    await waitFor(() => expect(kube.read(resource, engineer)?.metadata.finalizers).toEqual(['others/hold']));
    controller.wakes.claimsChanged('role/engineer');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(kube.calls.filter((call) => call.startsWith('patch'))).toHaveLength(1);
    expect(teleport.resources.size).toBe(0);
  });
});

describe('an object whose deletion is only observed', () => {
  it('is looked at again and again: nothing tells when its CRD or namespace goes, and the plan hangs on it', async () => {
    const { kube, teleport, start } = world();
    teleport.resources.set('engineer', role({ Version: 'v7', Revision: 'r0', login: 'ubuntu' }));
    const metadata = {
      annotations: { 'teleport.dev/mode': 'observe' },
      deletionTimestamp: '2026-11-28T00:00:00Z',
      finalizers: ['resources.teleport.dev/deletion'],
    };
    kube.put(resource, anObject({ metadata }));
    start();
    const status = (): string => JSON.stringify(kube.read(resource, engineer)?.status ?? {});
    await waitFor(() => expect(status()).toContain('The resource would be deleted'));
    teleport.resources.clear();
    await waitFor(() => expect(status()).toContain('Teleport has no such resource'));
  });
});

describe('objects that go together', () => {
  it('are known as such, so that their CRD may tell of its end a moment after the first of them goes', async () => {
    const { kube, teleport, start } = world(roleV7, undefined, false);
    const { plural } = resource;
    let asked = 0;
    const discover = async () => {
      const verbs = asked++ === 0 ? ['create', 'delete'] : ['delete'];
      return [{ name: plural, kind: roleV7.object.kind, namespaced: true, verbs }];
    };
    Object.assign(kube, { discover });
    for (const name of ['a', 'b', 'c']) kube.put(resource, anObject({ name }));
    start();
    await waitFor(() => expect(teleport.resources.size).toBe(3));
    const left = (): string[] => ['a', 'b', 'c'].filter((name) => kube.read(resource, { ...engineer, name }));
    for (const name of ['a', 'b']) await kube.delete(resource, { ...engineer, name });
    await waitFor(() => expect(left()).toEqual(['c']));
    expect([...teleport.resources.keys()]).toEqual(['a', 'b', 'c']);
  });
});

describe('an object that vanishes without another pass', () => {
  /** Its name was another one: refused at the gate, so that it has no finalizer. */
  const refused = anObject({ status: { resourceName: 'other' } });

  it.each<[string, (kube: MemoryClient) => void]>([
    ['is deleted', () => {}],
    ['is deleted and made again', (kube) => kube.put(resource, anObject())],
  ])('takes the Event along that there was no room for: it %s', async (_, then) => {
    const time = new VirtualClock();
    const { kube, events, controller, reason, start } = world(roleV7, undefined, true, time);
    // All the room that there is for warnings.
    for (let n = 0; n < 100; n++)
      events.record(anObject({ name: `o${n}` }), { type: 'Warning', reason: 'Other', message: 'x' });
    const uid = kube.put(resource, refused).metadata.uid;
    start();
    await waitFor(() => expect(reason()).toBe('NameImmutable'));
    kube.remove(resource, engineer);
    then(kube);
    await waitFor(() => expect(controller.objects.get('teleport/engineer')?.metadata.uid).not.toBe(uid));
    await time.advance(60_000);
    const told = await kube.list({ group: '', version: 'v1', plural: 'events' });
    const about = told.items.filter((event) => 'reason' in event && event.reason === 'NameImmutable');
    expect(about).toEqual([]);
    expect(told.items.length).toBeGreaterThanOrEqual(100);
    await events.stop(0);
  });
});
