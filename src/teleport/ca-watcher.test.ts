// The watcher against scripted streams, in virtual time.
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../core/log.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { Operation } from '../gen/teleport/client/event_pb.js';
import { watchAuthorities } from './ca-watcher.js';
import type { TeleportClient } from './client.js';

const oldCa = '-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n';
const newCa = '-----BEGIN CERTIFICATE-----\nQg==\n-----END CERTIFICATE-----\n';

const init = { Type: Operation.INIT, Resource: { case: undefined } };
const put = (Type: string, Phase: string, ClusterName = 'c') => ({
  Type: Operation.PUT,
  Resource: { case: 'CertAuthority', value: { Spec: { Type, ClusterName, Rotation: { Phase } } } },
});

function scene(options: { cas?: string; streams: unknown[][] }) {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const phases: string[] = [];
  let opened = 0;
  const client = {
    unary: () => Promise.resolve({ TLSCA: Buffer.from(options.cas ?? oldCa) }),
    serverStream: async function* (_method: unknown, _request: unknown, call: { signal: AbortSignal }) {
      const events = options.streams[opened++];
      if (events === undefined) {
        await new Promise((_resolve, reject) => {
          call.signal.addEventListener('abort', () => reject(call.signal.reason));
        });
      }
      yield* events ?? [];
      if (options.streams.length === opened) {
        await new Promise((_resolve, reject) => {
          call.signal.addEventListener('abort', () => reject(call.signal.reason));
        });
      }
    },
  } as unknown as TeleportClient;
  const done = watchAuthorities({
    client,
    clock,
    log: silentLogger,
    ready: () => Promise.resolve(),
    clusterName: () => 'c',
    trusted: () => [oldCa],
    onChange: ({ phase }) => phases.push(phase),
    signal: stop.signal,
    random: () => 0.5,
  });
  return {
    clock,
    phases,
    opened: () => opened,
    stop: async () => {
      stop.abort(new Error('stop'));
      await done;
    },
  };
}

describe('watchAuthorities', () => {
  it('tells once of the events of one phase', async () => {
    const { clock, phases, stop } = scene({
      streams: [[init, put('host', 'update_clients'), put('user', 'update_clients')]],
    });
    await clock.advance(10_000);
    expect(phases).toEqual(['update_clients']);
    await stop();
  });

  it('does not care for other clusters and authorities', async () => {
    const { clock, phases, stop } = scene({
      streams: [[init, put('host', 'standby', 'leaf'), put('openssh', 'standby'), put('host', '')]],
    });
    await clock.advance(10_000);
    expect(phases).toEqual([]);
    await stop();
  });

  it('compares trust when a stream begins, for what was missed before', async () => {
    const { clock, phases, stop } = scene({ cas: oldCa + newCa, streams: [[init]] });
    await clock.advance(10_000);
    expect(phases).toEqual(['missed']);
    await stop();
  });

  it('opens the stream again when it ends', async () => {
    const { clock, opened, stop } = scene({ streams: [[init], [init], [init]] });
    await clock.advance(60_000);
    expect(opened()).toBe(3);
    await stop();
  });
});
