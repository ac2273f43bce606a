// What an informer knows and tells while the server answers: lists and watches, streams that end or fall silent, our own writes. A
// server that does not is informer-trouble.test.ts’s matter.
import { describe, expect, test } from 'vitest';
import { informed, make, roles } from '../../test/builders/informed.js';
import { KubeError } from './errors.js';

test('lists in pages, then follows changes', async () => {
  const { clock, client, stop, seen, informer, start } = informed();
  client.pageSize = 2;
  for (const name of ['a', 'b', 'c', 'd', 'e']) client.put(roles, make(name));
  client.put(roles, make('x', {}, 'other'));
  start();
  expect(informer.state).toBe('starting');
  await informer.whenSynced(stop.signal);
  expect(client.calls.filter((call) => call.startsWith('list'))).toHaveLength(3);
  expect([...informer.keys()]).toEqual(['ns/a', 'ns/b', 'ns/c', 'ns/d', 'ns/e']);
  seen.length = 0;
  client.put(roles, make('f'));
  client.put(roles, make('a', { changed: true }));
  client.remove(roles, make('b').metadata);
  client.put(roles, make('y', {}, 'other'));
  await clock.settle();
  expect(seen).toEqual(['new ns/f', 'changed ns/a', 'gone ns/b']);
  expect(informer.get('ns/a')?.spec).toEqual({ changed: true });
  expect(informer.get('ns/b')).toBeUndefined();
  expect(informer.size).toBe(5);
});

test('a stream that ends is opened again where it ended, and nothing is announced twice', async () => {
  const { clock, client, stop, seen, informer, start } = informed();
  client.put(roles, make('a'));
  start();
  await informer.whenSynced(stop.signal);
  await clock.settle();
  client.put(roles, make('b'));
  await clock.settle();
  client.dropWatches();
  client.put(roles, make('c'));
  await clock.advance(5_000);
  expect(seen).toEqual(['new ns/a', 'new ns/b', 'new ns/c']);
  expect(client.calls.filter((call) => call.startsWith('list'))).toHaveLength(1);
});

test('after 410 the store is replaced as a whole, deletions found, unchanged objects not announced', async () => {
  const { clock, client, stop, seen, informer, start } = informed();
  for (const name of ['a', 'b', 'c']) client.put(roles, make(name));
  start();
  await informer.whenSynced(stop.signal);
  await clock.settle();
  seen.length = 0;
  client.fault = ({ verb }) => {
    if (verb === 'watch') throw new KubeError('Unavailable', 'away');
  };
  client.dropWatches();
  await clock.settle();
  client.remove(roles, make('a').metadata);
  client.put(roles, make('b', { changed: true }));
  client.put(roles, make('d'));
  client.compact();
  client.fault = undefined;
  await clock.advance(30_000);
  expect(seen.sort()).toEqual(['changed ns/b', 'gone ns/a', 'new ns/d']);
  expect([...informer.keys()].sort()).toEqual(['ns/b', 'ns/c', 'ns/d']);
});

test('bookmarks move the version on, so that a quiet watch survives compaction', async () => {
  const { clock, client, stop, seen, informer, start } = informed();
  client.put(roles, make('a'));
  start();
  await informer.whenSynced(stop.signal);
  await clock.settle();
  client.bookmark();
  await clock.settle();
  client.compact();
  client.dropWatches();
  await clock.advance(5_000);
  client.put(roles, make('b'));
  await clock.settle();
  expect(seen).toEqual(['new ns/a', 'new ns/b']);
  expect(client.calls.filter((call) => call.startsWith('list'))).toHaveLength(1);
});

test('a silent stream is given up: after its own end and grace, sooner if it had sent bookmarks', async () => {
  const { clock, client, stop, seen, informer, start } = informed();
  start();
  await informer.whenSynced(stop.signal);
  await clock.settle();
  const watches = (): number => client.calls.filter((call) => call.startsWith('watch')).length;
  expect(watches()).toBe(1);
  await clock.advance(479_000);
  expect(watches()).toBe(1);
  await clock.advance(2_000);
  expect(watches()).toBe(2);
  client.bookmark();
  await clock.settle();
  await clock.advance(179_000);
  expect(watches()).toBe(2);
  await clock.advance(2_000);
  expect(watches()).toBe(3);
  client.put(roles, make('late'));
  await clock.settle();
  expect(seen).toEqual(['new ns/late']);
});

describe('own writes', () => {
  test('are seen at once and their echo is not announced', async () => {
    const { clock, client, stop, seen, informer, start } = informed();
    const object = client.put(roles, make('a'));
    start();
    await informer.whenSynced(stop.signal);
    seen.length = 0;
    const base = informer.get('ns/a')!;
    const { resourceVersion } = base.metadata;
    const result = await client.patch(roles, object.metadata, {
      type: 'merge',
      body: { metadata: { resourceVersion, finalizers: ['f'] } },
    });
    informer.wrote(base, result);
    expect(informer.get('ns/a')?.metadata.finalizers).toEqual(['f']);
    await clock.settle();
    expect(seen).toEqual([]);
  });

  test('are not taken in over a change that came between', async () => {
    const { clock, client, stop, seen, informer, start } = informed();
    client.put(roles, make('a'));
    start();
    await informer.whenSynced(stop.signal);
    await clock.settle();
    const base = informer.get('ns/a')!;
    client.put(roles, make('a', { theirs: 1 }));
    await clock.settle();
    seen.length = 0;
    const result = await client.patch(roles, base.metadata, { type: 'merge', body: { status: { x: 1 } } });
    informer.wrote(base, result);
    await clock.settle();
    expect(seen).toEqual(['changed ns/a']);
  });
});

test('a handler that throws does not stop the others', async () => {
  const { clock, client, stop, seen, lines, informer, start } = informed({ refused: 'ns/bad' });
  start();
  await informer.whenSynced(stop.signal);
  await clock.settle();
  client.put(roles, make('bad'));
  client.put(roles, make('good'));
  await clock.settle();
  expect(seen).toEqual(['new ns/good']);
  expect(lines.filter((line) => line.level === 'error')).toHaveLength(1);
});

test('waiting for the sync ends with the signal', async () => {
  const { client, informer, start } = informed();
  client.fault = () => new Promise(() => {});
  start();
  const gaveUp = new AbortController();
  const waiting = informer.whenSynced(gaveUp.signal);
  gaveUp.abort(new Error('gave up'));
  await expect(waiting).rejects.toThrow('gave up');
});
