import { strictEqual } from 'node:assert';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryClient } from '../../test/builders/memory-kube-client.js';
import { aborted } from '../core/abort.js';
import type { Logger } from '../core/log.js';
import { PromMetrics } from '../core/metrics-prom.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { KubeError } from './errors.js';
import { LeaderElector } from './leader.js';
import { type LeaseSpec, leases } from './lease.js';

const at = { namespace: 'ns', name: '431e83f4.teleport.dev' };

let clock: VirtualClock;
let client: MemoryClient;
let lines: string[];
let candidates: Candidate[];

interface Candidate {
  elector: LeaderElector;
  stop: AbortController;
  running: Promise<void>;
  terms: AbortSignal[];
  /** Ends the work of the present term. */
  finish: () => void;
}

function recorder(): Logger {
  const say = (message: string): void => void lines.push(message);
  return { debug: () => {}, info: say, warn: say, error: say, with: recorder };
}

function join(
  identity: string,
  options: {
    own?: MemoryClient;
    drain?: boolean;
    metrics?: PromMetrics;
    remark?: (holder: string) => string | undefined;
    annotations?: Record<string, string>;
  } = {},
): Candidate {
  const stop = new AbortController();
  const terms: AbortSignal[] = [];
  const elector = new LeaderElector({
    client: options.own ?? client,
    clock,
    log: recorder(),
    namespace: 'ns',
    identity,
    random: () => 0.99,
    ...(options.metrics && { metrics: options.metrics }),
    ...(options.remark && { remark: options.remark }),
    ...(options.annotations && { annotations: options.annotations }),
  });
  const candidate: Candidate = { elector, stop, terms, finish: () => {}, running: Promise.resolve() };
  candidate.running = elector.run({
    signal: stop.signal,
    lead: async (signal) => {
      terms.push(signal);
      const finished = new Promise<void>((resolve) => {
        candidate.finish = resolve;
      });
      const stopped = options.drain ? [] : [aborted(stop.signal)];
      await Promise.race([aborted(signal), finished, ...stopped]);
    },
  });
  candidates.push(candidate);
  return candidate;
}

const spec = (): LeaseSpec => client.read(leases, at)?.spec ?? {};

/** A second way to the same server, which can be cut. */
function cuttable(): MemoryClient & { cut: boolean } {
  const own = {
    cut: false,
    get: (...args: Parameters<MemoryClient['get']>) => guard(() => client.get(...args), args[2]?.signal),
    create: (...args: Parameters<MemoryClient['create']>) =>
      guard(() => client.create(...args), args[2]?.signal),
    replace: (...args: Parameters<MemoryClient['replace']>) =>
      guard(() => client.replace(...args), args[2]?.signal),
  };
  const guard = <T>(run: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> =>
    own.cut
      ? new Promise((_, reject) =>
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true }),
        )
      : run();
  return own as unknown as MemoryClient & { cut: boolean };
}

beforeEach(() => {
  clock = new VirtualClock();
  client = new MemoryClient();
  lines = [];
  candidates = [];
});

afterEach(async () => {
  for (const candidate of candidates) {
    candidate.stop.abort();
    candidate.finish();
  }
  await clock.advance(60_000);
  await Promise.all(candidates.map((candidate) => candidate.running.catch(() => {})));
  strictEqual(clock.pending, 0);
});

test('says of itself in the lease what it is to say, beside what others say there, and again where that was removed', async () => {
  const said = () => client.read(leases, at)?.metadata.annotations;
  client.put(leases, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { ...at, annotations: { theirs: 'x', ours: 'of before' } },
  });
  const one = join('host_1', { annotations: { ours: 'a,b' } });
  await clock.settle();
  expect(said()).toEqual({ theirs: 'x', ours: 'a,b' });
  const lease = client.read(leases, at)!;
  client.put(leases, { ...lease, metadata: { ...lease.metadata, annotations: { theirs: 'x' } } });
  await clock.advance(5_000);
  expect(said()).toEqual({ theirs: 'x', ours: 'a,b' });
  one.stop.abort();
  await clock.settle();
  expect(spec().holderIdentity).toBe('');
  expect(said()).toEqual({ theirs: 'x', ours: 'a,b' });
});

test('creates the lease, leads, renews with two requests in five seconds, and gives it back', async () => {
  const metrics = new PromMetrics({ process: false });
  const one = join('host_1', { metrics });
  await clock.settle();
  expect(lines[0]).toBe('attempting to acquire leader lease ns/431e83f4.teleport.dev...');
  expect(one.elector.leading).toBe(true);
  expect(spec()).toMatchObject({ holderIdentity: 'host_1', leaseDurationSeconds: 15, leaseTransitions: 0 });
  expect(spec().renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  expect((await metrics.render()).body).toContain(
    'leader_election_master_status{name="431e83f4.teleport.dev"} 1',
  );
  const first = spec();
  client.calls.length = 0;
  await clock.advance(30_000);
  expect(spec().acquireTime).toBe(first.acquireTime);
  expect(Date.parse(spec().renewTime!)).toBeGreaterThan(Date.parse(first.renewTime!) + 25_000);
  expect(new Set(client.calls)).toEqual(new Set(['update leases']));
  expect(client.calls.length).toBeLessThanOrEqual(15);
  one.stop.abort();
  await one.running;
  expect(spec()).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
  expect((await metrics.render()).body).toContain(
    'leader_election_master_status{name="431e83f4.teleport.dev"} 0',
  );
});

test('two never lead at once; a released lease is taken within seconds', async () => {
  const one = join('host_1');
  await clock.settle();
  const two = join('host_2');
  await clock.advance(60_000);
  expect([one.elector.leading, two.elector.leading]).toEqual([true, false]);
  expect(two.elector.holder).toBe('host_1');
  one.stop.abort();
  await one.running;
  await clock.advance(3_000);
  expect(two.elector.leading).toBe(true);
  expect(spec().leaseTransitions).toBe(1);
});

test.each([31_000, 36_000, 41_000, 46_000, 51_000, 56_000])(
  "a crashed leader's lease is taken 15 to 17.5 seconds after its last renewal (crash at %d ms)",
  async (crash) => {
    const own = cuttable();
    join('host_1', { own });
    await clock.settle();
    const two = join('host_2');
    await clock.advance(crash);
    const lastRenewal = Date.parse(spec().renewTime!);
    own.cut = true;
    while (!two.elector.leading && clock.now() < lastRenewal + 60_000) await clock.advance(100);
    expect(clock.now() - lastRenewal).toBeGreaterThanOrEqual(15_000);
    expect(clock.now() - lastRenewal).toBeLessThanOrEqual(17_500);
  },
);

test('a leader that is cut off ends its term before another can take the lease', async () => {
  const own = cuttable();
  const one = join('host_1', { own });
  await clock.settle();
  const two = join('host_2');
  await clock.advance(31_000);
  own.cut = true;
  for (let tick = 0; tick < 300; tick++) {
    await clock.advance(100);
    expect(one.elector.leading && two.elector.leading).toBe(false);
    if (two.elector.leading) expect(one.terms[0]?.aborted).toBe(true);
  }
  expect(two.elector.leading).toBe(true);
  own.cut = false;
  await clock.advance(30_000);
  expect(one.elector.leading).toBe(false);
  expect(one.terms).toHaveLength(1);
});

test('a leader whose lease was taken ends its term at the next renewal and waits again', async () => {
  const one = join('host_1');
  await clock.settle();
  const lease = client.read(leases, at)!;
  client.put(leases, { ...lease, spec: { ...lease.spec, holderIdentity: 'thief' } });
  await clock.advance(2_500);
  expect(one.terms[0]?.aborted).toBe(true);
  expect(one.elector.leading).toBe(false);
  expect(spec().holderIdentity).toBe('thief');
  await clock.advance(30_000);
  expect(one.elector.leading).toBe(true);
  expect(one.terms).toHaveLength(2);
});

test('the term is counted from the start of a renewal, however long its answer took', async () => {
  let answers = (): void => {};
  const one = join('host_1');
  await clock.settle();
  client.fault = ({ verb }) =>
    verb === 'update'
      ? new Promise((resolve) => {
          answers = resolve;
        })
      : undefined;
  await clock.advance(2_500);
  const asked = clock.monotonic();
  await clock.advance(4_000);
  answers();
  await clock.settle();
  expect(one.elector.leading).toBe(true);
  await clock.advance(asked + 10_000 - clock.monotonic());
  expect(one.elector.leading).toBe(false);
  expect(one.terms[0]?.aborted).toBe(true);
});

test('a renewal that is answered after the term has ended does not bring it back', async () => {
  let answers = (): void => {};
  const one = join('host_1');
  await clock.settle();
  await clock.advance(2_500);
  let last = 0;
  client.fault = ({ verb }) => {
    if (verb !== 'update') return undefined;
    last++;
    return new Promise((resolve) => {
      answers = resolve;
    });
  };
  while (!one.terms[0]?.aborted) await clock.advance(100);
  expect(last).toBeGreaterThan(1);
  answers();
  await clock.settle();
  expect(one.elector.leading).toBe(false);
});

test('a lease that somebody deleted is made again, without an end of the term', async () => {
  const one = join('host_1');
  await clock.advance(5_000);
  client.remove(leases, at);
  await clock.advance(30_000);
  expect(spec().holderIdentity).toBe('host_1');
  expect(one.terms.map(({ aborted: ended }) => ended)).toEqual([false]);
});

test('a lease that somebody put a label on is still ours', async () => {
  const one = join('host_1');
  await clock.settle();
  const lease = client.read(leases, at)!;
  client.put(leases, { ...lease, metadata: { ...lease.metadata, labels: { a: 'b' } } });
  await clock.advance(20_000);
  expect(one.elector.leading).toBe(true);
  expect(one.terms).toHaveLength(1);
  expect(client.read(leases, at)?.metadata.labels).toEqual({ a: 'b' });
});

test('says once of a holder that will not let go what to do about it, and of any other that it leads', async () => {
  join('kept_1');
  await clock.settle();
  lines = [];
  join('host_2', { remark: (holder) => (holder === 'kept_1' ? 'free it by hand' : undefined) });
  join('host_3', { remark: () => undefined });
  await clock.advance(10_000);
  expect(lines.filter((line) => !line.startsWith('attempting'))).toEqual([
    'free it by hand',
    'another process leads',
  ]);
});

test('short failures of the API server do not cost the leadership', async () => {
  const one = join('host_1');
  await clock.settle();
  client.fault = () => {
    throw new KubeError('Unavailable', 'away');
  };
  await clock.advance(7_000);
  client.fault = undefined;
  await clock.advance(30_000);
  expect(one.terms).toHaveLength(1);
  expect(one.elector.leading).toBe(true);
});

test('leading is false by the clock alone when the process slept', async () => {
  const one = join('host_1');
  await clock.settle();
  expect(one.elector.leading).toBe(true);
  const wake = clock.monotonic() + 11_000;
  clock.monotonic = () => wake;
  expect(one.elector.leading).toBe(false);
  clock.monotonic = VirtualClock.prototype.monotonic.bind(clock);
});

describe('stopping', () => {
  test('the lease is renewed while the work drains, and given back after it', async () => {
    const one = join('host_1', { drain: true });
    await clock.settle();
    one.stop.abort();
    await clock.advance(8_000);
    expect(one.elector.leading).toBe(true);
    expect(clock.now() - Date.parse(spec().renewTime!)).toBeLessThan(3_000);
    one.finish();
    await one.running;
    expect(spec().holderIdentity).toBe('');
  });

  test('work that does not end is told to after 10 seconds', async () => {
    const one = join('host_1', { drain: true });
    await clock.settle();
    one.stop.abort();
    await clock.advance(9_900);
    expect(one.terms[0]?.aborted).toBe(false);
    await clock.advance(200);
    expect(one.terms[0]?.aborted).toBe(true);
    await one.running;
    expect(spec().holderIdentity).toBe('');
  });

  test('a waiting candidate stops at once and writes nothing', async () => {
    join('host_1');
    await clock.settle();
    const two = join('host_2');
    await clock.advance(5_000);
    two.stop.abort();
    await two.running;
    expect(spec().holderIdentity).toBe('host_1');
  });
});

test('what the work throws comes out of run, after the lease was given back', async () => {
  const elector = new LeaderElector({ client, clock, log: recorder(), namespace: 'ns', identity: 'host_1' });
  const run = elector.run({
    signal: new AbortController().signal,
    lead: () => Promise.reject(new Error('broken')),
  });
  await expect(run).rejects.toThrow('broken');
  expect(spec().holderIdentity).toBe('');
});

test('a forbidden lease is told of once and tried on', async () => {
  client.fault = () => {
    throw new KubeError('Forbidden', 'no');
  };
  const one = join('host_1');
  await clock.advance(60_000);
  expect(lines.filter((line) => line.includes('could not be read or written'))).toHaveLength(1);
  client.fault = undefined;
  await clock.advance(3_000);
  expect(one.elector.leading).toBe(true);
});
