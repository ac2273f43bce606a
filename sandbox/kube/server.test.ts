// What only the embedded server can do: its switches, its record, its limits. What it shares with a real one is
// tested in test/contract/kube.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { systemClock } from '../../src/core/clock.js';
import { createKubeClient, type KubeClient, type WatchEvent } from '../../src/kube/client.js';
import { loadKubeConfig } from '../../src/kube/config.js';
import { isKubeError } from '../../src/kube/errors.js';
import type { KubeObject } from '../../src/kube/object.js';
import { type EmbeddedKubernetes, type KubernetesOptions, startKubernetes } from './server.js';

const widgets = { group: 'test.dev', version: 'v1', plural: 'widgets' };

function crd(properties: object = { size: { type: 'integer' } }): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.test.dev' },
    spec: {
      group: 'test.dev',
      scope: 'Namespaced',
      names: { plural: 'widgets', kind: 'Widget' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } },
          },
        },
      ],
    },
  };
}

function widget(name: string, spec: object = { size: 1 }): KubeObject {
  return {
    apiVersion: 'test.dev/v1',
    kind: 'Widget',
    metadata: { name, namespace: 'default' },
    spec: { ...spec },
  };
}

describe('the embedded Kubernetes', () => {
  let kube: EmbeddedKubernetes;
  let client: KubeClient;
  let folder: string;
  const open = async (options: KubernetesOptions = {}): Promise<void> => {
    kube = await startKubernetes({ crds: [crd()], ...options });
    folder = mkdtempSync(join(tmpdir(), 'kube-test-'));
    client = clientOf(kube.kubeconfig());
  };
  const clientOf = (kubeconfig: string, timeoutMs = 5_000): KubeClient => {
    const path = join(folder, 'config');
    writeFileSync(path, kubeconfig);
    const access = loadKubeConfig({ kubeconfig: path, env: {}, clock: systemClock });
    return createKubeClient(access, { clock: systemClock, timeoutMs });
  };
  const close = async (): Promise<void> => {
    client.close();
    await kube.close();
    rmSync(folder, { recursive: true, force: true });
  };
  beforeEach(() => open());
  afterEach(() => close());

  it('names in a kubeconfig the namespace that is to be worked in', () => {
    const namespaceOf = (text: string) =>
      (parse(text) as { contexts: { context: { namespace: string } }[] }).contexts[0]?.context.namespace;
    expect(namespaceOf(kube.kubeconfig())).toBe('default');
    expect(namespaceOf(kube.kubeconfig('teleport'))).toBe('teleport');
    expect(namespaceOf(kube.kubeconfigFor('teleport', 'operator'))).toBe('teleport');
  });

  const list = (): Promise<{ items: KubeObject[] }> => client.list(widgets, { namespace: 'default' });
  const watch = (resourceVersion: string, stop = new AbortController()): AsyncIterator<WatchEvent> => {
    const options = { resourceVersion, allowBookmarks: true, timeoutSeconds: 20, signal: stop.signal };
    const stream = client.watch(widgets, options);
    return stream[Symbol.asyncIterator]();
  };
  const kindOf = async (call: Promise<unknown>): Promise<string> =>
    call.then(
      () => 'answered',
      (error: unknown) => (isKubeError(error) ? error.kind : String(error)),
    );

  describe('faults', () => {
    it('fail as often as asked, only what matches, with Retry-After', async () => {
      kube.faults.fail({ verb: 'list', resource: 'widgets' }, { status: 503, retryAfter: 60 }, 2);
      expect(await kindOf(list())).toBe('Unavailable');
      expect(await kindOf(client.get(widgets, { namespace: 'default', name: 'x' }))).toBe('NotFound');
      const error: unknown = await list().catch((thrown: unknown) => thrown);
      expect(isKubeError(error) && error.retryAfterMs).toBe(60_000);
      expect(await kindOf(list())).toBe('answered');
    });

    it('hang until they are switched off', async () => {
      const impatient = clientOf(kube.kubeconfig(), 100);
      const off = kube.faults.hang({ verb: 'list' });
      expect(await kindOf(impatient.list(widgets))).toBe('Timeout');
      off();
      expect(await kindOf(impatient.list(widgets))).toBe('answered');
      impatient.close();
    });

    it('cut before a request is carried out, or after', async () => {
      kube.faults.cut({ verb: 'create' });
      expect(await kindOf(client.create(widgets, widget('before')))).toBe('Unavailable');
      kube.faults.cut({ verb: 'create' }, 'after');
      expect(await kindOf(client.create(widgets, widget('after')))).toBe('Unavailable');
      expect((await list()).items.map(({ metadata }) => metadata.name)).toEqual(['after']);
    });

    it('drop the watches that are open', async () => {
      const stream = watch(kube.store.resourceVersion);
      const next = stream.next();
      await expect.poll(() => kube.faults.dropWatches({ resource: 'widgets' })).toBe(1);
      expect(await kindOf(next)).toBe('Unavailable');
    });

    it('silence watches: not a byte, open ones and new ones', async () => {
      const off = kube.faults.silenceWatches({ resource: 'widgets' });
      const stop = new AbortController();
      const next = kindOf(watch(kube.store.resourceVersion, stop).next());
      await expect.poll(() => kube.calls.some(({ verb }) => verb === 'watch')).toBe(true);
      kube.store.put(widget('unheard'));
      expect(await Promise.race([next, list().then(() => 'nothing')])).toBe('nothing');
      stop.abort();
      await next;
      off();
      const event = await watch(String(Number(kube.store.resourceVersion) - 1)).next();
      expect(event.value?.object.metadata.name).toBe('unheard');
    });

    it('compact: old versions and open pages are gone, new lists are not', async () => {
      const from = kube.store.resourceVersion;
      for (const name of ['a', 'b', 'c']) kube.store.put(widget(name));
      const page = await client.list(widgets, { limit: 1 });
      kube.faults.compact();
      expect(await kindOf(watch(from).next())).toBe('Gone');
      expect(await kindOf(client.list(widgets, { limit: 1, continue: page.metadata.continue ?? '' }))).toBe(
        'Gone',
      );
      const fresh = await client.list(widgets);
      kube.store.put(widget('d'));
      const event = await watch(fresh.metadata.resourceVersion ?? '').next();
      expect(event.value?.object.metadata.name).toBe('d');
    });

    it('go away, and come back with everything', async () => {
      kube.store.put(widget('kept'));
      const back = kube.faults.away();
      expect(await kindOf(list())).toBe('Unavailable');
      back();
      expect((await list()).items).toHaveLength(1);
    });

    it('are all off after clear', async () => {
      kube.faults.fail({}, { status: 500 }, 99);
      kube.faults.away();
      kube.faults.clear();
      expect(await kindOf(list())).toBe('answered');
    });
  });

  it('records who asked for what, and how it went', async () => {
    await client.list(widgets, { namespace: 'default', limit: 5 });
    await kindOf(
      client.patch(
        widgets,
        { namespace: 'default', name: 'x' },
        { type: 'merge', body: {} },
        { subresource: 'status' },
      ),
    );
    expect(kube.calls).toMatchObject([
      {
        verb: 'list',
        resource: 'widgets',
        namespace: 'default',
        features: ['limit'],
        status: 200,
        user: 'kubernetes-admin',
      },
      { verb: 'patch', subresource: 'status', name: 'x', features: ['merge-patch'], status: 404 },
    ]);
    expect(kube.calls[0]?.userAgent).toContain('teleport-operator');
  });

  it('remembers as much history as it is told to', async () => {
    await close();
    await open({ historyLimit: 10 });
    const from = kube.store.resourceVersion;
    for (let index = 0; index < 100; index += 1) kube.store.put(widget(`w${index}`));
    expect(await kindOf(watch(from).next())).toBe('Gone');
    const recent = String(Number(kube.store.resourceVersion) - 5);
    expect((await watch(recent).next()).value?.object.metadata.name).toBe('w95');
  });

  it('sends bookmarks at the interval, with the version of all types', async () => {
    await close();
    await open({ bookmarkIntervalMs: 20 });
    const stream = watch(kube.store.resourceVersion);
    const next = stream.next();
    await expect.poll(() => kube.calls.length).toBe(1);
    kube.store.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other' } });
    const event = await next;
    expect(event.value).toMatchObject({
      type: 'BOOKMARK',
      object: { metadata: { resourceVersion: kube.store.resourceVersion } },
    });
  });

  it('ends watches when their CRD changes, and lets through what was wrong before', async () => {
    kube.store.put(widget('old', { size: 9 }));
    const next = watch(kube.store.resourceVersion).next();
    await expect.poll(() => kube.calls.some(({ verb }) => verb === 'watch')).toBe(true);
    kube.store.put(crd({ size: { type: 'integer', maximum: 5 } }));
    expect((await next).done).toBe(true);
    const ref = { namespace: 'default', name: 'old' };
    const label = { type: 'merge', body: { metadata: { labels: { a: 'b' } } } } as const;
    expect(await kindOf(client.patch(widgets, ref, label))).toBe('answered');
    expect(await kindOf(client.patch(widgets, ref, { type: 'merge', body: { spec: { size: 8 } } }))).toBe(
      'Invalid',
    );
    expect(await kindOf(client.patch(widgets, ref, { type: 'merge', body: { spec: { size: 5 } } }))).toBe(
      'answered',
    );
  });

  it('empties a namespace and a CRD that go, when the last finalizer goes', async () => {
    kube.store.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'room' } });
    const held = {
      ...widget('held'),
      metadata: { name: 'held', namespace: 'room', finalizers: ['test.dev/hold'] },
    };
    kube.store.put(held);
    kube.store.put({ ...widget('free'), metadata: { name: 'free', namespace: 'room' } });
    kube.store.delete('namespaces', undefined, 'room');
    expect(kube.store.list('widgets.test.dev', 'room').map(({ metadata }) => metadata.name)).toEqual([
      'held',
    ]);
    kube.store.delete('customresourcedefinitions.apiextensions.k8s.io', undefined, 'widgets.test.dev');
    expect(kube.store.get('namespaces', undefined, 'room')?.status).toEqual({ phase: 'Terminating' });
    const body = { metadata: { finalizers: null } };
    await client.patch(widgets, { namespace: 'room', name: 'held' }, { type: 'merge', body });
    expect(kube.store.get('namespaces', undefined, 'room')).toBeUndefined();
    expect(await kindOf(list())).toBe('NotFound');
  });

  it('knows service accounts by their tokens, and lets them do all when RBAC is off', async () => {
    const nobody = clientOf(kube.kubeconfigFor('default', 'nobody'));
    expect(await kindOf(nobody.list(widgets))).toBe('Forbidden');
    nobody.close();
    await close();
    await open({ rbac: false });
    const anybody = clientOf(kube.kubeconfigFor('default', 'anybody'));
    expect(await kindOf(anybody.list(widgets))).toBe('answered');
    expect(kube.calls.at(-1)?.user).toBe('system:serviceaccount:default:anybody');
    anybody.close();
  });

  it('forgets a token with its service account', async () => {
    const client2 = clientOf(kube.kubeconfigFor('default', 'gone'));
    kube.store.delete('serviceaccounts', 'default', 'gone');
    expect(await kindOf(client2.list(widgets))).toBe('Unauthorized');
    client2.close();
  });
});
