// Which changes in Teleport wake the object that speaks for the resource.
import { describe, expect, it } from 'vitest';
import { anObject } from '../../test/builders/object.js';
import type { KubeObject } from '../kube/object.js';
import type { Shadow } from './mirror.js';
import { isNewTo } from './shift-news.js';

const shadow = (hash: string): Shadow => ({ revision: `r-${hash}`, hash, ours: true, refersTo: [] });
const foreign: Shadow = { revision: '', hash: '', ours: false, refersTo: [] };
const left = shadow('left');
const other = shadow('other');

const saying = (reason: string, resourceHash?: string): KubeObject =>
  anObject({
    status: {
      conditions: [{ type: 'Ready', reason }],
      ...(resourceHash && { applied: { hash: 'h', revision: '', resourceHash } }),
    },
  });

describe('a change in Teleport', () => {
  it.each<[string, KubeObject, Shadow | undefined, Shadow | undefined, boolean]>([
    ['away from what we left', saying('Synced', 'left'), left, other, true],
    ['that takes the resource away', saying('Synced', 'left'), left, undefined, true],
    ['that is the echo of our write', saying('Synced', 'left'), other, left, false],
    ['that is the echo of our first write', saying('Synced', 'left'), undefined, left, false],
    ['back to what we left, after reported drift', saying('Drifted', 'left'), other, left, true],
    ['back to what we left, after ignored drift', saying('DriftIgnored', 'left'), other, left, true],
    ['back to what we left, after a fight', saying('DriftUnresolvable', 'left'), other, left, true],
    ['that makes the resource again as we left it', saying('Missing', 'left'), undefined, left, true],
    ['that gives the resource back to us', saying('NotOwned', 'left'), foreign, left, true],
    ['of no more than the revision', saying('Drifted', 'left'), left, { ...left, revision: 'n' }, false],
    ['that is our write, stored as another version', saying('VersionMismatch', 'left'), other, left, false],
    ['of somebody else’s resource into ours', saying('NotOwned'), foreign, left, true],
    ['that takes somebody else’s resource away', saying('NotOwned'), foreign, undefined, true],
    ['that is the echo of a write not yet remembered', anObject(), undefined, left, false],
    ['of what is only observed', saying('Observed'), left, other, true],
    ['that makes what is only observed', saying('Observed'), undefined, foreign, true],
    ['that a list told before, of what we left', saying('Synced', 'left'), undefined, other, true],
    ['that a list told before, of an end', saying('Synced', 'left'), undefined, undefined, true],
    [
      'that a list told before, of the end of what is observed',
      saying('Observed'),
      undefined,
      undefined,
      true,
    ],
    [
      'that a list told before, of the end of somebody else’s',
      saying('NotOwned'),
      undefined,
      undefined,
      true,
    ],
    ['that a list told before, of what was given to us', saying('NotOwned'), undefined, left, true],
    ['of no more than the revision of what is observed', saying('Observed'), left, left, false],
  ])('%s', (_, object, before, after, news) => {
    expect(isNewTo(object, before, after)).toBe(news);
  });

  it('is no news to an object that goes', () => {
    const going = saying('Drifted', 'left');
    const object = { ...going, metadata: { ...going.metadata, deletionTimestamp: 'now' } };
    expect(isNewTo(object, left, other)).toBe(false);
    // but to one whose deletion is only observed: the plan hangs on it
    const waits = saying('Observed', 'left');
    const observed = { ...waits, metadata: { ...waits.metadata, deletionTimestamp: 'now' } };
    expect(isNewTo(observed, left, other)).toBe(true);
  });
});
