// How leadership ends without being given back: a leader that crashed, is cut off, robbed, slow or asleep, and what is no loss. In
// virtual time over a Kubernetes in memory.
import { expect, test } from 'vitest';
import { at, election } from '../../test/builders/election.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { KubeError } from './errors.js';
import { leases } from './lease.js';

test.each([31_000, 36_000, 41_000, 46_000, 51_000, 56_000])(
  "a crashed leader's lease is taken 15 to 17.5 seconds after its last renewal (crash at %d ms)",
  async (crash) => {
    const { clock, join, spec, cuttable } = election();
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
  const { clock, join, cuttable } = election();
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
  const { clock, client, join, spec } = election();
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
  const { clock, client, join } = election();
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
  const { clock, client, join } = election();
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
  const { clock, client, join, spec } = election();
  const one = join('host_1');
  await clock.advance(5_000);
  client.remove(leases, at);
  await clock.advance(30_000);
  expect(spec().holderIdentity).toBe('host_1');
  expect(one.terms.map(({ aborted: ended }) => ended)).toEqual([false]);
});

test('a lease that somebody put a label on is still ours', async () => {
  const { clock, client, join } = election();
  const one = join('host_1');
  await clock.settle();
  const lease = client.read(leases, at)!;
  client.put(leases, { ...lease, metadata: { ...lease.metadata, labels: { a: 'b' } } });
  await clock.advance(20_000);
  expect(one.elector.leading).toBe(true);
  expect(one.terms).toHaveLength(1);
  expect(client.read(leases, at)?.metadata.labels).toEqual({ a: 'b' });
});

test('short failures of the API server do not cost the leadership', async () => {
  const { clock, client, join } = election();
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
  const { clock, join } = election();
  const one = join('host_1');
  await clock.settle();
  expect(one.elector.leading).toBe(true);
  const wake = clock.monotonic() + 11_000;
  clock.monotonic = () => wake;
  expect(one.elector.leading).toBe(false);
  clock.monotonic = VirtualClock.prototype.monotonic.bind(clock);
});
