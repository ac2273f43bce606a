import { strictEqual } from 'node:assert';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryClient } from '../../test/builders/memory-kube-client.js';
import type { LogFields, Logger } from '../core/log.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { KubeError } from './errors.js';
import { Informer, type InformerState } from './informer.js';
import type { KubeObject } from './object.js';

const roles = { group: 'resources.teleport.dev', version: 'v1', plural: 'teleportrolesv7' };
const make = (name: string, spec: Record<string, unknown> = {}, namespace = 'ns'): KubeObject => ({
  apiVersion: 'resources.teleport.dev/v1',
  kind: 'TeleportRoleV7',
  metadata: { name, namespace },
  spec,
});

let clock: VirtualClock;
let client: MemoryClient;
let stop: AbortController;
let running: Promise<void>;
let informer: Informer;
let seen: string[];
/** A key that the handler throws for. */
let refused: string;
let states: InformerState[];
let lines: { level: string; message: string; fields: LogFields }[];

function recorder(): Logger {
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}): void =>
      void lines.push({ level, message, fields });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), with: recorder };
}

function start(): void {
  informer = new Informer({
    client,
    resource: roles,
    namespace: 'ns',
    clock,
    log: recorder(),
    random: () => 0.5,
    onChange: (key, change) => {
      if (key === refused) throw new Error('handler');
      const what = change.old ? (change.new ? 'changed' : 'gone') : 'new';
      seen.push(`${what} ${key}`);
    },
    onState: (state) => states.push(state),
  });
  running = informer.run(stop.signal);
}

beforeEach(() => {
  clock = new VirtualClock();
  client = new MemoryClient();
  stop = new AbortController();
  seen = [];
  refused = '';
  states = [];
  lines = [];
});

afterEach(async () => {
  stop.abort();
  await running;
  strictEqual(clock.pending, 0);
  strictEqual(client.openWatches, 0);
});

test('lists in pages, then follows changes', async () => {
  client.pageSize = 2;
  for (const name of ['a', 'b', 'c', 'd', 'e']) client.put(roles, make(name));
  client.put(roles, make('x', {}, 'other'));
  start();
  expect(informer.state).toBe('starting');
  await informer.whenSynced(stop.signal);
  expect(client.calls.filter((call) => call.startsWith('list'))).toHaveLength(3);
  expect([...informer.keys()]).toEqual(['ns/a', 'ns/b', 'ns/c', 'ns/d', 'ns/e']);
  seen = [];
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
  for (const name of ['a', 'b', 'c']) client.put(roles, make(name));
  start();
  await informer.whenSynced(stop.signal);
  await clock.settle();
  seen = [];
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

describe('unavailable', () => {
  const missing = new KubeError('NotFound', 'no such resource', { status: 404 });
  const forbidden = new KubeError('Forbidden', 'not allowed', { status: 403 });

  test.each([
    ['missing', missing],
    ['forbidden', forbidden],
  ] as const)('%s: told once, tried every 30 s, picked up when it appears', async (why, error) => {
    client.put(roles, make('a'));
    client.fault = () => {
      throw error;
    };
    start();
    await informer.whenSynced(stop.signal);
    expect(informer.state).toEqual({ unavailable: why, message: error.message });
    await clock.advance(10 * 60_000);
    expect(client.calls.length).toBeGreaterThan(15);
    expect(client.calls.length).toBeLessThan(25);
    expect(lines.filter((line) => line.level === 'warn')).toHaveLength(1);
    client.fault = undefined;
    await clock.advance(35_000);
    expect(informer.state).toBe('synced');
    expect(seen).toEqual(['new ns/a']);
    expect(states.map((state) => (typeof state === 'string' ? state : state.unavailable))).toEqual([
      why,
      'synced',
    ]);
    expect(lines.filter((line) => line.level === 'info')).toHaveLength(1);
  });

  test('a CRD that goes away later leaves the last objects, until it is missing for good', async () => {
    client.put(roles, make('a'));
    start();
    await informer.whenSynced(stop.signal);
    await clock.settle();
    client.fault = () => {
      throw missing;
    };
    client.dropWatches();
    await clock.advance(5_000);
    expect(informer.state).toMatchObject({ unavailable: 'missing' });
    expect(informer.size).toBe(1);
    await clock.advance(35_000);
    expect(informer.size).toBe(0);
    expect(seen).toEqual(['new ns/a', 'gone ns/a']);
    client.fault = undefined;
    await clock.advance(35_000);
    expect(seen).toEqual(['new ns/a', 'gone ns/a', 'new ns/a']);
  });

  test('objects that may not be watched any more stay', async () => {
    client.put(roles, make('a'));
    start();
    await informer.whenSynced(stop.signal);
    await clock.settle();
    client.fault = () => {
      throw forbidden;
    };
    client.dropWatches();
    await clock.advance(120_000);
    expect(informer.size).toBe(1);
  });
});

test('an API server that is away is tried with growing pauses and told of once', async () => {
  client.fault = () => {
    throw new KubeError('Unavailable', 'connect ECONNREFUSED');
  };
  start();
  await clock.advance(10 * 60_000);
  expect(client.calls.length).toBeLessThan(70);
  expect(client.calls.length).toBeGreaterThan(20);
  expect(lines.filter((line) => line.level === 'warn')).toHaveLength(1);
  expect(informer.trouble).toContain('ECONNREFUSED');
  client.fault = undefined;
  await clock.advance(30_000);
  expect(informer.state).toBe('synced');
  // The watch holds, and need not end for that to be known.
  expect(informer.trouble).toBeUndefined();
  client.put(roles, make('a'));
  await clock.settle();
  expect(lines.at(-1)).toMatchObject({ level: 'info', message: 'listing and watching works again' });
  expect(seen).toEqual(['new ns/a']);
});

test('a server that ends every watch at once, or forgets every list, is not asked in a circle', async () => {
  start();
  await informer.whenSynced(stop.signal);
  client.fault = ({ verb }) => {
    if (verb === 'watch') throw new KubeError('Gone', 'too old', { status: 410 });
  };
  client.dropWatches();
  client.calls.length = 0;
  await clock.advance(5 * 60_000);
  expect(client.calls.length).toBeLessThan(60);
});

test('Retry-After is kept to', async () => {
  client.fault = () => {
    throw new KubeError('TooManyRequests', 'slow down', { status: 429, retryAfterMs: 60_000 });
  };
  start();
  await clock.advance(59_000);
  expect(client.calls).toHaveLength(1);
  await clock.advance(2_000);
  expect(client.calls).toHaveLength(2);
});

test('a handler that throws does not stop the others', async () => {
  start();
  await informer.whenSynced(stop.signal);
  await clock.settle();
  refused = 'ns/bad';
  client.put(roles, make('bad'));
  client.put(roles, make('good'));
  await clock.settle();
  expect(seen).toEqual(['new ns/good']);
  expect(lines.filter((line) => line.level === 'error')).toHaveLength(1);
});

describe('own writes', () => {
  test('are seen at once and their echo is not announced', async () => {
    const object = client.put(roles, make('a'));
    start();
    await informer.whenSynced(stop.signal);
    seen = [];
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
    client.put(roles, make('a'));
    start();
    await informer.whenSynced(stop.signal);
    await clock.settle();
    const base = informer.get('ns/a')!;
    client.put(roles, make('a', { theirs: 1 }));
    await clock.settle();
    seen = [];
    const result = await client.patch(roles, base.metadata, { type: 'merge', body: { status: { x: 1 } } });
    informer.wrote(base, result);
    await clock.settle();
    expect(seen).toEqual(['changed ns/a']);
  });
});

test('waiting for the sync ends with the signal', async () => {
  client.fault = () => new Promise(() => {});
  start();
  const gaveUp = new AbortController();
  const waiting = informer.whenSynced(gaveUp.signal);
  gaveUp.abort(new Error('gave up'));
  await expect(waiting).rejects.toThrow('gave up');
});
