// Secrets over a Kubernetes in memory, in virtual time: watched where that is allowed, else looked at each minute.
import { describe, expect, it } from 'vitest';
import { MemoryClient } from '../../test/builders/memory-kube-client.js';
import { silentLogger } from '../core/log.js';
import { noMetrics } from '../core/metrics.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { KubeError } from '../kube/errors.js';
import type { KubeObject } from '../kube/object.js';
import { Secrets } from './secrets.js';

const resource = { group: '', version: 'v1', plural: 'secrets' };
const secret = (value: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's', namespace: 'ns' },
  data: { key: Buffer.from(value).toString('base64') },
});

async function world(rights: 'all' | 'get' | 'none') {
  const clock = new VirtualClock();
  const client = new MemoryClient();
  client.fault = ({ verb }) => {
    if (rights === 'none' || (rights === 'get' && verb !== 'get'))
      throw new KubeError('Forbidden', `secrets is forbidden: cannot ${verb}`, { status: 403 });
  };
  client.put(resource, secret('one'));
  const secrets = new Secrets({
    kube: client,
    namespace: 'ns',
    clock,
    log: silentLogger,
    metrics: noMetrics,
  });
  const told: (string | undefined)[] = [];
  secrets.subscribe((name) => told.push(name));
  const stop = new AbortController();
  const running = secrets.run(stop.signal);
  const signal = stop.signal;
  const value = async () => {
    const found = await secrets.get('ns', 's', signal);
    return Buffer.from(found?.data?.['key'] ?? '', 'base64').toString();
  };
  return {
    clock,
    client,
    told,
    value,
    stop: async () => {
      stop.abort();
      await clock.advance(1);
      await running;
    },
  };
}

describe('Secrets', () => {
  it('are not touched while nobody asks', async () => {
    const { clock, client, told, stop } = await world('all');
    await clock.advance(300_000);
    expect({ calls: client.calls, told }).toEqual({ calls: [], told: [] });
    await stop();
  });

  it('tell of a change at once where they may be watched', async () => {
    const { clock, client, told, value, stop } = await world('all');
    expect(await value()).toBe('one');
    await clock.advance(1_000);
    told.length = 0;
    client.put(resource, secret('two'));
    await clock.advance(1_000);
    expect(told).toEqual(['s']);
    expect(await value()).toBe('two');
    await clock.advance(300_000);
    expect(told).toEqual(['s']);
    await stop();
  });

  it('are looked at each minute where only get is allowed', async () => {
    const { clock, client, told, value, stop } = await world('get');
    expect(await value()).toBe('one');
    client.put(resource, secret('two'));
    await clock.advance(59_000);
    expect(told).toEqual([]);
    expect(await value()).toBe('two');
    await clock.advance(1_500);
    expect(told).toEqual([undefined]);
    await clock.advance(60_000);
    expect(told).toEqual([undefined, undefined]);
    await stop();
  });

  it('say so where not even that is allowed', async () => {
    const { value, stop } = await world('none');
    await expect(value()).rejects.toThrow('cannot get');
    await stop();
  });
});
