// The judge itself: it says nothing where all is well, and something of each way in which it may not be.
import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { type RoleV6, RoleV6Schema } from '../../src/gen/teleport/types/role_pb.js';
import type { KubeObject, ObjectMeta } from '../../src/kube/object.js';
import { anObject } from '../builders/object.js';
import { judge } from './judge.js';
import { Ledger } from './ledger.js';
import { type Subject, subjects } from './subjects.js';
import { viewOf } from './views.js';
import type { World } from './world.js';

const role = subjects.find(({ id }) => id === 'a role') as Subject;
const annotated = (name: string, value: string) => ({ annotations: { [`teleport.dev/${name}`]: value } });

/** A role as the operator makes it. */
function stored(
  logins: string[],
  labels: Record<string, string> = { 'teleport.dev/origin': 'kubernetes' },
): RoleV6 {
  return create(RoleV6Schema, {
    Kind: 'role',
    Version: 'v7',
    Metadata: { Name: 'two', Labels: labels },
    Spec: { Allow: { Logins: logins } },
  });
}

function object(ready: string, metadata: Partial<ObjectMeta> = {}, observedGeneration = 1): KubeObject {
  const [status, reason] = ready.split(' ');
  return anObject({
    name: 'two',
    spec: { allow: { logins: ['one'] } },
    metadata: {
      creationTimestamp: '2026-01-01T00:00:00Z',
      finalizers: ['resources.teleport.dev/deletion'],
      ...metadata,
    },
    status: {
      observedGeneration,
      conditions: [
        { type: 'Ready', status, reason, message: 'words', observedGeneration },
        ...(status === 'False' ? [{ type: 'Stalled', status: 'True' }] : []),
        ...(status === 'True' ? [{ type: 'SuccessfullyReconciled', status: 'True' }] : []),
      ],
    },
  });
}

function world(objects: KubeObject[], resource?: RoleV6, inUse: string[] = []): World {
  return {
    subjects: [
      { subject: role, resource, claimants: objects.map((each) => ({ object: each, secret: undefined })) },
    ],
    roles: new Set(['access']),
    rolesInUse: new Set(inUse),
  };
}

const going = { deletionTimestamp: '2026-01-01T00:01:00Z' };
const younger = { uid: 'z', namespace: 'other' };

describe('a world in which all is well', () => {
  it.each<[string, World]>([
    ['nothing', world([])],
    ['an object and its resource', world([object('True Synced')], stored(['one']))],
    ['another’s', world([object('False NotOwned')], stored(['two'], {}))],
    [
      'an heir that waits',
      world([object('True Synced'), object('False NameConflict', younger)], stored(['one'])),
    ],
    ['one ignored', world([object('Unknown Ignored', { ...annotated('ignore', 'true'), finalizers: [] })])],
    ['a deletion that waits', world([object('False InUse', going)], stored(['one']), ['two'])],
    ['one through, kept by others', world([object('True Synced', { ...going, finalizers: ['other'] })])],
  ])('%s', (_, each) => {
    expect(judge(each, new Ledger())).toEqual([]);
  });
});

describe('a world in which something is wrong', () => {
  it.each<[string, World, RegExp]>([
    ['no resource', world([object('True Synced')]), /with its resource as it says.*Teleport has nothing/],
    ['other content', world([object('True Synced')], stored(['mallory'])), /with its resource as it says/],
    ['an old status', world([object('True Synced', {}, 0)], stored(['one'])), /not told for its generation/],
    ['a status that lies', world([object('False TeleportError')], stored(['one'])), /to be True Synced/],
    ['others’ called ours', world([object('True Synced')], stored(['one'], {})), /to be False NotOwned/],
    ['no finalizer', world([object('True Synced', { finalizers: [] })], stored(['one'])), /has no finalizer/],
    [
      'a claim to what an older one has',
      world([object('True Synced'), object('True Synced', younger)], stored(['one'])),
      /to be False NameConflict/,
    ],
    ['a conflict with nobody', world([object('False NameConflict')]), /with its resource as it says/],
    [
      'an object that does not go',
      world([object('True Synced', going)], stored(['one'])),
      /deleted and to be gone/,
    ],
    ['a resource that nobody names', world([], stored(['one'])), /no object names it any more/],
  ])('%s', (_, each, words) => {
    expect(judge(each, new Ledger()).join('\n')).toMatch(words);
  });

  it('a resource of others that is gone, changed or taken', () => {
    const ledger = new Ledger();
    ledger.of(role).othersHave(viewOf('role', stored(['two'], {})), false);
    expect(judge(world([], stored(['two'], {})), ledger)).toEqual([]);
    for (const now of [undefined, stored(['three'], {}), stored(['two'])])
      expect(judge(world([], now), ledger).join()).toMatch(/others made .* nobody asked to take it over/);
  });

  it('one that was to be kept', () => {
    const ledger = new Ledger();
    ledger.of(role).end = 'stays';
    expect(judge(world([]), ledger).join()).toMatch(/to be kept, and is gone/);
    expect(judge(world([], stored(['one'])), ledger)).toEqual([]);
  });

  it('drift that is left though nobody changed anything', () => {
    const ledger = new Ledger();
    const drifted = world([object('False Drifted', annotated('drift', 'report'))], stored(['mallory']));
    expect(judge(drifted, ledger).join()).toMatch(/with its resource as it says/);
    ledger.of(role).touched();
    expect(judge(drifted, ledger)).toEqual([]);
  });
});
