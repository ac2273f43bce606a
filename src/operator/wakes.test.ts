// What wakes an object, kind of news by kind of news, in virtual time. An object whose pass runs is the matter of
// kind-controller.test.ts, which changes are news to an object that of shift-news.test.ts.
import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { anObject, type ObjectWith } from '../../test/builders/object.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { UserV2Schema } from '../gen/teleport/types/user_pb.js';
import type { AnyKind } from '../kinds/kind.js';
import { oidcConnector } from '../kinds/oidc-connector.js';
import { roleV7 } from '../kinds/role.js';
import { user } from '../kinds/user.js';
import { type KubeObject, keyOf } from '../kube/object.js';
import { WorkQueue } from '../kube/workqueue.js';
import { Claims, claimOf } from '../reconcile/claims.js';
import { Door } from '../reconcile/door.js';
import { Mirror } from '../reconcile/mirror.js';
import type { NamespacedSecretListener } from './secrets-by-namespace.js';
import { Wakes } from './wakes.js';

const minute = 60_000;
const hour = 60 * minute;

function world(kind: AnyKind = roleV7, given: readonly KubeObject[] = [], syncPeriodMs = 10 * hour) {
  const clock = new VirtualClock();
  const objects = new Map(given.map((object) => [keyOf(object), object]));
  const policy = { baseMs: 1_000, factor: 2, maxMs: hour, jitter: 0 };
  const queue = new WorkQueue({ name: 'q', clock, policy });
  const door = new Door();
  const claims = new Claims();
  const mirror = new Mirror([kind, user]);
  const claimsTold: string[] = [];
  let tellSecret: NamespacedSecretListener = () => {};
  const wakes = new Wakes({
    kind,
    objects: {
      get: (key) => objects.get(key),
      keys: () => objects.keys(),
      items: () => objects.values(),
    },
    queue,
    door,
    claims,
    onClaims: (resource) => claimsTold.push(resource),
    secrets: { subscribe: (listener) => void (tellSecret = listener) },
    mirror,
    clock,
    syncPeriodMs,
  });
  for (const [key, object] of objects) wakes.claim(key, object);
  claimsTold.length = 0;
  const { signal } = new AbortController();
  /** Keys that are queued now; takes them out. Each goes through the door, though its object is as it was. */
  const woken = async (): Promise<string[]> => {
    const found: string[] = [];
    while (queue.length > 0) {
      const key = (await queue.take(signal)) ?? '';
      queue.done(key);
      const object = objects.get(key);
      if (object) expect(door.admits(key, object)).toBe(true);
      found.push(key);
    }
    return found.sort();
  };
  for (const [key, object] of objects) door.settle(key, object);
  return {
    clock,
    queue,
    claims,
    claimsTold,
    mirror,
    wakes,
    woken,
    tellSecret: (...of: Told) => tellSecret(...of),
  };
}

type Told = Parameters<NamespacedSecretListener>;

const named = (name: string, more: ObjectWith = {}): KubeObject => anObject({ ...more, name });
const holding = (name: string, roles: string[]) =>
  create(UserV2Schema, { Kind: 'user', Version: 'v2', Metadata: { Name: name }, Spec: { Roles: roles } });

describe('a resource in Teleport', () => {
  it('that comes or goes wakes those that wait for it; one that changes does not', async () => {
    const { wakes, mirror, woken } = world(roleV7, [named('a'), named('b')]);
    wakes.waitsFor('teleport/a', new Set(['user/alice']));
    mirror.put('user', holding('alice', ['one']));
    expect(await woken()).toEqual(['teleport/a']);
    mirror.put('user', holding('alice', ['two']));
    expect(await woken()).toEqual([]);
    mirror.delete('user', 'alice');
    expect(await woken()).toEqual(['teleport/a']);
    wakes.waitsFor('teleport/a', new Set());
    mirror.put('user', holding('alice', ['one']));
    expect(await woken()).toEqual([]);
  });

  it('that lets go of another wakes the deletion which it held up, and no other object', async () => {
    const { wakes, mirror, woken } = world(roleV7, [named('a'), named('b')]);
    mirror.put('user', holding('alice', ['a', 'b']));
    wakes.isBlocked('teleport/a', true);
    mirror.put('user', holding('alice', ['b']));
    expect(await woken()).toEqual(['teleport/a']);
    mirror.put('user', holding('alice', ['a']));
    expect(await woken()).toEqual([]);
    wakes.isBlocked('teleport/a', false);
    mirror.delete('user', 'alice');
    expect(await woken()).toEqual([]);
  });
});

it('a Secret wakes those in its namespace that use it, and all of them where it is not known which', async () => {
  const other = named('c', { metadata: { namespace: 'other' } });
  const { wakes, woken, tellSecret } = world(roleV7, [named('a'), named('b'), other]);
  for (const key of ['teleport/a', 'other/c']) wakes.usesSecrets(key, new Set(['s']));
  wakes.usesSecrets('teleport/b', new Set(['t']));
  tellSecret('teleport', 's');
  expect(await woken()).toEqual(['teleport/a']);
  tellSecret('teleport', undefined);
  expect(await woken()).toEqual(['teleport/a', 'teleport/b']);
  wakes.usesSecrets('teleport/a', new Set());
  tellSecret('teleport', 's');
  expect(await woken()).toEqual([]);
});

it('a licence wakes the objects of kinds that need one', async () => {
  for (const [kind, expected] of [
    [oidcConnector, ['teleport/a']],
    [roleV7, []],
  ] as const) {
    const { wakes, woken } = world(kind, [named('a')]);
    wakes.licenceChanged();
    expect(await woken()).toEqual(expected);
  }
});

it('rivals that came in sight wake those that lost their resource', async () => {
  const status = { conditions: [{ type: 'Ready', status: 'False', reason: 'NameConflict' }] };
  const { wakes, woken } = world(roleV7, [named('a', { status }), named('b')]);
  wakes.rivalsInSight('user');
  expect(await woken()).toEqual([]);
  wakes.rivalsInSight('role');
  expect(await woken()).toEqual(['teleport/a']);
});

/** The status of an object that is not ready. */
const not = (reason: string) => ({ conditions: [{ type: 'Ready', status: 'False', reason }] });

it('Teleport, when it answers again, wakes those that it did not answer or let nothing do, whatever their delays', async () => {
  const { wakes, queue, woken } = world(roleV7, [
    named('a', { status: not('TeleportUnavailable') }),
    named('b', { status: not('Rejected') }),
    named('c'),
    named('d', { status: not('AccessDenied') }),
  ]);
  for (const key of ['teleport/a', 'teleport/b']) for (let i = 0; i < 12; i++) queue.retry(key);
  expect(await woken()).toEqual([]);
  wakes.teleportBack();
  expect(await woken()).toEqual(['teleport/a', 'teleport/d']);
  expect(queue.failures('teleport/a')).toBe(0);
});

it.each<[string, (wakes: Wakes) => void, string[]]>([
  [
    'Teleport of another version wakes those that this one refused, or stored as something else',
    (wakes) => wakes.serverChanged(),
    ['KindDisabled', 'Rejected', 'VersionMismatch'],
  ],
  [
    'other rights wake those that lacked one, or were kept from seeing their resource',
    (wakes) => wakes.rightsChanged(),
    ['AccessDenied', 'KindDisabled', 'NotReadable'],
  ],
])('%s', async (_, happens, expected) => {
  const reasons = [
    'AccessDenied',
    'FailedToDecode',
    'KindDisabled',
    'NotReadable',
    'Rejected',
    'VersionMismatch',
  ];
  const { wakes, queue, woken } = world(roleV7, [
    ...reasons.map((reason) => named(reason, { status: not(reason) })),
    named('new'),
  ]);
  for (const reason of reasons) for (let i = 0; i < 12; i++) queue.retry(`teleport/${reason}`);
  happens(wakes);
  expect(await woken()).toEqual(expected.map((reason) => `teleport/${reason}`));
  for (const reason of expected) expect(queue.failures(`teleport/${reason}`)).toBe(0);
});

it('a claim is told of where another object has one to the same resource, and wakes both', async () => {
  const { wakes, claims, claimsTold, woken } = world(roleV7, [named('a')]);
  wakes.claim('teleport/b', named('b'));
  expect(claimsTold).toEqual([]);
  claims.set('role/c', claimOf(named('c', { kind: 'TeleportRoleV6' })));
  wakes.claim('teleport/c', named('c'));
  expect(claimsTold).toEqual(['role/c']);
  wakes.claim('teleport/c', undefined);
  expect(claimsTold).toEqual(['role/c', 'role/c']);
  wakes.claimsChanged('role/a');
  expect(await woken()).toEqual(['teleport/a']);
});

it('what woke an object ends the delays of its failures', async () => {
  const { wakes, queue, mirror, woken } = world(roleV7, [named('a')]);
  for (let failed = 0; failed < 5; failed++) queue.retry('teleport/a');
  wakes.waitsFor('teleport/a', new Set(['user/alice']));
  mirror.put('user', holding('alice', []));
  expect(await woken()).toEqual(['teleport/a']);
  expect(queue.failures('teleport/a')).toBe(0);
});

describe('time', () => {
  it('wakes every object once a period, spread over a tenth of it', async () => {
    const all = Array.from({ length: 20 }, (_, at) => named(`n${at}`));
    const { wakes, clock, woken } = world(roleV7, all);
    const end = wakes.run(new AbortController().signal);
    await clock.advance(10 * hour);
    expect((await woken()).length).toBeLessThan(all.length);
    await clock.advance(hour);
    await woken();
    await clock.advance(8 * hour);
    expect(await woken()).toEqual([]);
    await clock.advance(2 * hour);
    expect(await woken()).toHaveLength(all.length);
    end();
  });

  it('wakes nothing where the period is none', async () => {
    const { wakes, clock, woken } = world(roleV7, [named('a')], 0);
    const stop = new AbortController();
    wakes.run(stop.signal);
    let timers = 0;
    const { after } = clock;
    clock.after = (...given) => {
      if (++timers > 100) throw new Error('a circle');
      return after.apply(clock, given);
    };
    await clock.advance(minute);
    expect(await woken()).toEqual([]);
    stop.abort();
  });

  it('wakes the objects of a kind that Teleport does not list within three minutes, and of no other', async () => {
    for (const off of [true, false]) {
      const { wakes, clock, mirror, woken } = world(roleV7, [named('a')]);
      if (off) mirror.off('role');
      const stop = new AbortController();
      const end = wakes.run(stop.signal);
      await clock.advance(3 * minute);
      expect(await woken()).toEqual(off ? ['teleport/a'] : []);
      end();
      stop.abort();
      expect(clock.pending).toBe(0);
    }
  });
});
