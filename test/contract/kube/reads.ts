// Lists in pages and watches: order, consistency, bookmarks, selectors, what happens when history is gone.
import { expect, it } from 'vitest';
import type { WatchEvent } from '../../../src/kube/client.js';
import type { KubeObject } from '../../../src/kube/object.js';
import { expectRefusal, secrets, unique, user, users, usersPath } from './objects.js';
import { type ContractServer, room } from './server.js';

export function readsContract(server: () => ContractServer): void {
  const make = (name: string, meta = {}): Promise<KubeObject> =>
    server().client.create(users, user(name, undefined, meta));

  /** Events from a version on, until `enough`. */
  const watch = async (
    resourceVersion: string,
    enough: (seen: WatchEvent[]) => boolean,
    options: { fieldSelector?: string; labelSelector?: string; namespace?: string } = {},
  ): Promise<WatchEvent[]> => {
    const seen: WatchEvent[] = [];
    const stop = new AbortController();
    const stream = server().client.watch(users, {
      namespace: room,
      resourceVersion,
      allowBookmarks: true,
      timeoutSeconds: 30,
      signal: stop.signal,
      ...options,
    });
    for await (const event of stream) {
      if (event.type !== 'BOOKMARK') seen.push(event);
      if (enough(seen)) break;
    }
    stop.abort();
    return seen;
  };

  it('lists in order, in pages that hang together', async () => {
    const prefix = unique('page');
    const labels = { suite: prefix };
    for (const letter of ['c', 'a', 'b']) await make(`${prefix}-${letter}`, { labels });
    const options = { namespace: room, limit: 2 };
    const first = await server().client.list(users, { ...options, labelSelector: `suite=${prefix}` });
    expect(first.items.map(({ metadata }) => metadata.name)).toEqual([`${prefix}-a`, `${prefix}-b`]);
    await make(`${prefix}-d`, { labels });
    const page = first.metadata.continue ?? '';
    const second = await server().client.list(users, {
      ...options,
      labelSelector: `suite=${prefix}`,
      continue: page,
    });
    expect(second.items.map(({ metadata }) => metadata.name)).toEqual([`${prefix}-c`]);
    expect(second.metadata.continue ?? '').toBe('');
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  it('says how many are left', async () => {
    for (const name of ['x', 'y']) await make(unique(name));
    const { metadata } = await server().client.list(users, { namespace: room, limit: 1 });
    expect(metadata.remainingItemCount).toBeGreaterThan(0);
  });

  it('lists across namespaces, and from memory', async () => {
    const { metadata } = await make(unique('all'));
    for (const options of [{}, { resourceVersion: '0' }]) {
      const { items } = await server().client.list(users, options);
      expect(items.map((item) => item.metadata.uid)).toContain(metadata.uid);
    }
  });

  it('selects by name and label', async () => {
    const name = unique('chosen');
    await make(name, { labels: { chosen: name, tier: 'one' } });
    const named = await server().client.list(users, {
      namespace: room,
      fieldSelector: `metadata.name=${name}`,
    });
    expect(named.items).toHaveLength(1);
    const count = async (labelSelector: string): Promise<number> =>
      (await server().client.list(users, { namespace: room, labelSelector })).items.length;
    expect(await count(`chosen=${name},tier in (one,two)`)).toBe(1);
    expect(await count(`chosen=${name},tier notin (one)`)).toBe(0);
    expect(await count(`chosen=${name},!tier`)).toBe(0);
    const wrong = server().client.list(users, { namespace: room, fieldSelector: 'spec.roles=x' });
    await expectRefusal(wrong, 'BadRequest', /field label not supported: spec.roles/);
  });

  it('leaves kind and apiVersion out of the items of built-in types', async () => {
    const body = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: unique('s') },
      stringData: { a: 'b' },
    };
    await server().raw('POST', `/api/v1/namespaces/${room}/secrets`, { body });
    const { items } = (await server().raw('GET', `/api/v1/namespaces/${room}/secrets`)).json();
    expect((items as object[]).every((item) => !('kind' in item) && !('apiVersion' in item))).toBe(true);
    const found = await server().client.get(secrets, { namespace: room, name: body.metadata.name });
    expect(found).toMatchObject({ kind: 'Secret', data: { a: Buffer.from('b').toString('base64') } });
  });

  it('refuses a version of the future and a page token that is none', async () => {
    const future = await server().raw('GET', `${usersPath}?resourceVersion=99999999`);
    expect(future.status).toBe(504);
    expect(future.json().message).toMatch(/^Timeout: Too large resource version: 99999999, current: \d+$/);
    expect((await server().raw('GET', `${usersPath}?limit=1&continue=nonsense`)).status).toBe(400);
  });

  it('watches from a version: all that follows, in order, whole', async () => {
    const { metadata } = await server().client.list(users, { namespace: room });
    const name = unique('seen');
    const made = await make(name);
    const patched = await server().client.patch(users, made.metadata, {
      type: 'merge',
      body: { spec: { roles: ['b'] } },
    });
    await server().client.delete(users, made.metadata);
    const seen = await watch(metadata.resourceVersion ?? '', (all) => all.length === 3);
    expect(seen.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
    expect(seen[1]?.object).toMatchObject({
      spec: patched.spec,
      metadata: { resourceVersion: patched.metadata.resourceVersion },
    });
    const versions = seen.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    expect(new Set(versions).size).toBe(3);
  });

  it('watches one name, and what a label selects, coming and going', async () => {
    const { metadata } = await server().client.list(users, { namespace: room });
    const from = metadata.resourceVersion ?? '';
    const name = unique('labelled');
    await make(unique('other'));
    const made = await make(name);
    const label = (value: string | null): Promise<KubeObject> =>
      server().client.patch(users, made.metadata, {
        type: 'merge',
        body: { metadata: { labels: { pick: value } } },
      });
    await label(name);
    await label(null);
    const byLabel = await watch(from, (all) => all.length === 2, { labelSelector: `pick=${name}` });
    expect(byLabel.map(({ type }) => type)).toEqual(['ADDED', 'DELETED']);
    const byName = await watch(from, (all) => all.length === 3, { fieldSelector: `metadata.name=${name}` });
    expect(byName.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'MODIFIED']);
  });

  it('watches across namespaces', async () => {
    const { metadata } = await server().client.list(users);
    const name = unique('anywhere');
    const made = await make(name);
    const stop = new AbortController();
    const stream = server().client.watch(users, {
      resourceVersion: metadata.resourceVersion ?? '',
      allowBookmarks: true,
      timeoutSeconds: 10,
      signal: stop.signal,
    });
    const seen: WatchEvent[] = [];
    for await (const event of stream) {
      seen.push(event);
      if (event.object.metadata.name === name) break;
    }
    expect(seen.at(-1)?.object.metadata).toMatchObject({ namespace: room, uid: made.metadata.uid });
  });

  it('sends bookmarks, the last shortly before the end', async () => {
    const { metadata } = await server().client.list(users, { namespace: room });
    const stop = new AbortController();
    const stream = server().client.watch(users, {
      namespace: room,
      resourceVersion: metadata.resourceVersion ?? '',
      allowBookmarks: true,
      timeoutSeconds: 6,
      signal: stop.signal,
    });
    // A bookmark tells of versions after those that the stream began with, or not at all.
    await make(unique('before'));
    let made: KubeObject | undefined;
    let bookmark: string | undefined;
    for await (const event of stream) {
      made ??= await make(unique('meanwhile'));
      bookmark = event.object.metadata.resourceVersion;
      if (event.type === 'BOOKMARK') break;
    }
    stop.abort();
    expect(Number(bookmark)).toBeGreaterThanOrEqual(Number(made?.metadata.resourceVersion));
  });

  it('ends a watch after the time it was given', async () => {
    const { metadata } = await server().client.list(users, { namespace: room });
    const options = {
      namespace: room,
      resourceVersion: metadata.resourceVersion ?? '',
      allowBookmarks: false,
    };
    const stream = server().client.watch(users, {
      ...options,
      timeoutSeconds: 1,
      signal: new AbortController().signal,
    });
    const seen: WatchEvent[] = [];
    for await (const event of stream) seen.push(event);
    expect(seen).toEqual([]);
  });

  it('answers a watch from a forgotten version with 410', async () => {
    // Version 1 is older than all that any server remembers of a type it has just got.
    const stream = server().client.watch(users, {
      namespace: room,
      resourceVersion: '1',
      allowBookmarks: true,
      timeoutSeconds: 5,
      signal: new AbortController().signal,
    });
    await expectRefusal(stream[Symbol.asyncIterator]().next(), 'Gone', /too old resource version: 1/);
  });
}
