// How one of several leads and lets another: the lease taken, renewed, waited for and given back, in virtual time over a Kubernetes
// in memory. How leadership is lost otherwise is in leader-loss.test.ts.
import { describe, expect, test } from 'vitest';
import { at, election } from '../../test/builders/election.js';
import { PromMetrics } from '../core/metrics-prom.js';
import { KubeError } from './errors.js';
import { LeaderElector } from './leader.js';
import { leases } from './lease.js';

test('creates the lease, leads, renews with two requests in five seconds, and gives it back', async () => {
  const { clock, client, lines, join, spec } = election();
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
  const { clock, join, spec } = election();
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

test('says of itself in the lease what it is to say, beside what others say there, and again where that was removed', async () => {
  const { clock, client, join, spec } = election();
  const said = () => client.read(leases, at)?.metadata.annotations;
  client.put(leases, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { ...at, annotations: { theirs: 'x', ours: 'of before' } },
  });
  const one = join('host_1', { annotations: () => ({ ours: 'a,b' }) });
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

test('says in the lease what follows from what stood there, and takes away what is to go', async () => {
  const { clock, client, join } = election();
  const said = () => client.read(leases, at)?.metadata.annotations;
  client.put(leases, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { ...at, annotations: { theirs: 'x', ours: 'a', goes: 'y' } },
  });
  const one = join('host_1', {
    annotations: (before) => ({ ours: 'b', goes: undefined, was: before?.metadata.annotations?.['ours'] }),
  });
  await clock.settle();
  expect(said()).toEqual({ theirs: 'x', ours: 'b', was: 'a' });
  expect(one.elector.lease?.metadata.annotations).toEqual(said());
});

test('says once of a holder that will not let go what to do about it, and of any other that it leads', async () => {
  const { clock, lines, join } = election();
  join('kept_1');
  await clock.settle();
  lines.length = 0;
  join('host_2', { remark: (holder) => (holder === 'kept_1' ? 'free it by hand' : undefined) });
  join('host_3', { remark: () => undefined });
  await clock.advance(10_000);
  expect(lines.filter((line) => !line.startsWith('attempting'))).toEqual([
    'free it by hand',
    'another process leads',
  ]);
});

test('a forbidden lease is told of once and tried on', async () => {
  const { clock, client, lines, join } = election();
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

describe('stopping', () => {
  test('the lease is renewed while the work drains, and given back after it', async () => {
    const { clock, join, spec } = election();
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
    const { clock, join, spec } = election();
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
    const { clock, join, spec } = election();
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
  const { clock, client, spec, recorder } = election();
  const elector = new LeaderElector({ client, clock, log: recorder(), namespace: 'ns', identity: 'host_1' });
  const run = elector.run({
    signal: new AbortController().signal,
    lead: () => Promise.reject(new Error('broken')),
  });
  await expect(run).rejects.toThrow('broken');
  expect(spec().holderIdentity).toBe('');
});
