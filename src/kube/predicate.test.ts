import { expect, test } from 'vitest';
import type { KubeObject } from './object.js';
import { isWorthAPass } from './predicate.js';

const object: KubeObject = {
  apiVersion: 'resources.teleport.dev/v1',
  kind: 'TeleportRoleV7',
  metadata: {
    name: 'a',
    namespace: 'ns',
    uid: 'u',
    generation: 1,
    resourceVersion: '5',
    finalizers: ['f'],
    labels: { l: '1' },
    annotations: { x: '1' },
  },
};
const changed = (metadata: Partial<KubeObject['metadata']>, rest: Partial<KubeObject> = {}): KubeObject => ({
  ...object,
  ...rest,
  metadata: { ...object.metadata, resourceVersion: '6', ...metadata },
});

test.each([
  ['generation', { generation: 2 }],
  ['deletion stamp', { deletionTimestamp: 'now' }],
  ['finalizers', { finalizers: [] }],
  ['labels', { labels: { l: '2' } }],
  ['annotations', { annotations: {} }],
  ['uid', { uid: 'other' }],
])('a change of %s is worth a pass', (_, metadata) => {
  expect(isWorthAPass({ old: object, new: changed(metadata) })).toBe(true);
});

test('a status write is not', () => {
  expect(isWorthAPass({ old: object, new: changed({}, { status: { conditions: [] } }) })).toBe(false);
});

test('absent and empty lists and maps are the same', () => {
  const { finalizers: _f, labels: _l, annotations: _a, ...bare } = object.metadata;
  const old = { ...object, metadata: bare };
  const empty = { ...object, metadata: { ...bare, finalizers: [], labels: {}, annotations: {} } };
  expect(isWorthAPass({ old, new: empty })).toBe(false);
});

test('new and gone objects are', () => {
  expect(isWorthAPass({ new: object })).toBe(true);
  expect(isWorthAPass({ old: object })).toBe(true);
});

test('our own finalizer added is our own write; taken away, or beside another change, it is not', () => {
  const without = object;
  const withOurs = changed({ finalizers: ['f', 'ours'] });
  expect(isWorthAPass({ old: without, new: withOurs }, 'ours')).toBe(false);
  expect(isWorthAPass({ old: without, new: withOurs })).toBe(true);
  expect(isWorthAPass({ old: withOurs, new: without }, 'ours')).toBe(true);
  expect(isWorthAPass({ old: without, new: changed({ finalizers: ['ours'] }) }, 'ours')).toBe(true);
  expect(isWorthAPass({ old: without, new: changed({ finalizers: ['f', 'g', 'ours'] }) }, 'ours')).toBe(true);
  expect(
    isWorthAPass({ old: without, new: changed({ finalizers: ['f', 'ours'], generation: 2 }) }, 'ours'),
  ).toBe(true);
});
