import { expect, test } from 'vitest';
import { MemoryClient } from '../../test/builders/memory-kube-client.js';
import { type Logger, silentLogger } from '../core/log.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { KubeError } from './errors.js';
import { EventRecorder } from './events.js';
import type { KubeObject } from './object.js';

const events = { group: '', version: 'v1', plural: 'events' };
const object: KubeObject = {
  apiVersion: 'resources.teleport.dev/v1',
  kind: 'TeleportRoleV7',
  metadata: { name: 'a', namespace: 'ns', uid: 'u', resourceVersion: '7' },
};
const synced = { type: 'Normal', reason: 'Synced', message: 'written' } as const;

function setUp(log: Logger = silentLogger) {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const client = new MemoryClient();
  const recorder = new EventRecorder({
    client,
    clock,
    log,
    component: 'teleport-operator',
    instance: 'pod-1',
  });
  const written = async (): Promise<KubeObject[]> => (await client.list(events, { namespace: 'ns' })).items;
  return { clock, client, recorder, written };
}

test('an Event names object, source and text, so that kubectl describe finds it', async () => {
  const { clock, recorder, written } = setUp();
  recorder.record(object, synced);
  await clock.settle();
  const [event] = await written();
  expect(event).toMatchObject({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace: 'ns', name: expect.stringMatching(/^a\.[0-9a-f]{16}$/) },
    involvedObject: {
      apiVersion: 'resources.teleport.dev/v1',
      kind: 'TeleportRoleV7',
      name: 'a',
      namespace: 'ns',
      uid: 'u',
      resourceVersion: '7',
    },
    ...synced,
    source: { component: 'teleport-operator', host: 'pod-1' },
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:00:00Z',
    count: 1,
    reportingComponent: 'teleport-operator',
    reportingInstance: 'pod-1',
  });
});

test('the same text is sent once in ten minutes, another one at once', async () => {
  const { clock, recorder, written } = setUp();
  recorder.record(object, synced);
  recorder.record(object, synced);
  recorder.record(object, { ...synced, message: 'again' });
  recorder.record({ ...object, metadata: { ...object.metadata, uid: 'u2' } }, synced);
  await clock.settle();
  expect(await written()).toHaveLength(3);
  await clock.advance(9 * 60_000);
  recorder.record(object, synced);
  await clock.settle();
  expect(await written()).toHaveLength(3);
  await clock.advance(60_000);
  recorder.record(object, synced);
  await clock.settle();
  expect(await written()).toHaveLength(4);
});

test('one object can send 25 at once and then one a minute', async () => {
  const { clock, recorder, written } = setUp();
  let n = 0;
  const flood = async (): Promise<number> => {
    for (let one = 0; one < 100; one++) recorder.record(object, { ...synced, message: `m${n++}` });
    await clock.settle();
    return (await written()).length;
  };
  expect(await flood()).toBe(25);
  await clock.advance(3 * 60_000);
  expect(await flood()).toBe(28);
});

test('a server that is away is tried three times, in the background', async () => {
  const { clock, client, recorder, written } = setUp();
  client.fault = () => {
    throw new KubeError('Unavailable', 'away');
  };
  recorder.record(object, synced);
  await clock.advance(1_500);
  client.fault = undefined;
  await clock.advance(10_000);
  expect(await written()).toHaveLength(1);
  client.fault = () => {
    throw new KubeError('Unavailable', 'away');
  };
  recorder.record(object, { ...synced, message: 'lost' });
  await clock.advance(60_000);
  expect(recorder.dropped).toBe(1);
  expect(clock.pending).toBe(0);
});

test('without the right to write Events one line is logged', async () => {
  const lines: string[] = [];
  const { clock, client, recorder } = setUp({ ...silentLogger, warn: (message) => void lines.push(message) });
  client.fault = () => {
    throw new KubeError('Forbidden', 'no');
  };
  for (let n = 0; n < 5; n++) recorder.record(object, { ...synced, message: `m${n}` });
  await clock.settle();
  expect(lines).toHaveLength(1);
  expect(recorder.dropped).toBe(5);
});

test('stopping sends what waits, but not for ever', async () => {
  const first = setUp();
  first.recorder.record(object, synced);
  await first.recorder.stop(1_000);
  expect(await first.written()).toHaveLength(1);
  expect(first.clock.pending).toBe(0);

  const second = setUp();
  second.client.fault = () => new Promise(() => {});
  second.recorder.record(object, synced);
  const stopping = second.recorder.stop(1_000);
  await second.clock.advance(1_000);
  await stopping;
  second.recorder.record(object, { ...synced, message: 'late' });
  expect(second.client.calls).toEqual(['create events']);
  expect(second.clock.pending).toBe(0);
});

test('the queue is bounded', async () => {
  const { clock, client, recorder } = setUp();
  client.fault = () => new Promise(() => {});
  for (let n = 0; n < 1_200; n++) {
    await clock.advance(1_000);
    recorder.record({ ...object, metadata: { ...object.metadata, uid: `u${n}` } }, synced);
  }
  expect(recorder.dropped).toBeGreaterThan(190);
  await recorder.stop(0);
});

const failed = { type: 'Warning', reason: 'NotOwned', message: 'why' } as const;
const numbered = (n: number): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, name: `o${n}`, uid: `u${n}` },
});

test('a warning that there was no room for is sent when there is, as it last was, unless it holds no longer', async () => {
  const { clock, recorder, written } = setUp();
  const about = async (n: number) =>
    (await written())
      .filter(({ metadata }) => metadata.name.startsWith(`o${n}.`))
      .map((event) => 'message' in event && event.message);
  for (let n = 0; n < 150; n++) recorder.record(numbered(n), failed);
  await clock.settle();
  expect(await written()).toHaveLength(100);
  recorder.withdraw(numbered(120));
  recorder.record(numbered(121), { ...synced, message: 'mended' });
  recorder.record(numbered(122), { ...failed, message: 'another' });
  await clock.advance(4_000);
  expect((await written()).length).toBeLessThan(125);
  await clock.advance(30_000);
  expect(await about(119)).toEqual(['why']);
  expect(await about(120)).toEqual([]);
  expect(await about(121)).toEqual(['mended']);
  expect(await about(122)).toEqual(['another']);
  expect(await about(149)).toEqual(['why']);
  expect(await written()).toHaveLength(149);
  expect(clock.pending).toBe(0);
});

test('what was kept back is forgotten when another leads, and is bounded', async () => {
  const { clock, recorder, written } = setUp();
  for (let n = 0; n < 150; n++) recorder.record(numbered(n), failed);
  await clock.settle();
  recorder.withdrawAll();
  await clock.advance(60_000);
  expect(await written()).toHaveLength(100);
  expect(clock.pending).toBe(0);
  const many = setUp();
  for (let n = 0; n < 6_000; n++) many.recorder.record(numbered(n), failed);
  expect(many.recorder.dropped).toBeGreaterThan(800);
  await many.recorder.stop(0);
  expect(many.clock.pending).toBe(0);
});
