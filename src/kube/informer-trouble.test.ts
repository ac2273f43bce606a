// What an informer does where the server does not give it what it wants: kinds that are missing or forbidden, a server that is away,
// forgets, ends every watch or asks for calm.
import { describe, expect, test } from 'vitest';
import { informed, make, roles } from '../../test/builders/informed.js';
import { KubeError } from './errors.js';

describe('unavailable', () => {
  const missing = new KubeError('NotFound', 'no such resource', { status: 404 });
  const forbidden = new KubeError('Forbidden', 'not allowed', { status: 403 });

  test.each([
    ['missing', missing],
    ['forbidden', forbidden],
  ] as const)('%s: told once, tried every 30 s, picked up when it appears', async (why, error) => {
    const { clock, client, stop, seen, states, lines, informer, start } = informed();
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
    const { clock, client, stop, seen, informer, start } = informed();
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
    const { clock, client, stop, informer, start } = informed();
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
  const { clock, client, seen, lines, informer, start } = informed();
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
  const { clock, client, stop, informer, start } = informed();
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
  const { clock, client, start } = informed();
  client.fault = () => {
    throw new KubeError('TooManyRequests', 'slow down', { status: 429, retryAfterMs: 60_000 });
  };
  start();
  await clock.advance(59_000);
  expect(client.calls).toHaveLength(1);
  await clock.advance(2_000);
  expect(client.calls).toHaveLength(2);
});
