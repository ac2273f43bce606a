// Whose objects a release lets go of, over a Kubernetes in memory: from the Lease, from -namespaces, and where it refuses.
import { describe, expect, it } from 'vitest';
import { MemoryClient } from '../../test/builders/memory-kube-client.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { KubeError } from '../kube/errors.js';
import { leases, microTime } from '../kube/lease.js';
import { leaseFormerNamespaces, leaseNamespaces } from '../reconcile/names.js';
import { releaseIdentity } from './release-lease.js';
import { releaseScope } from './release-scope.js';

interface LeaseOptions {
  readonly works?: string;
  readonly former?: string;
  readonly holder?: string;
  readonly age?: number;
}

/** Of most releases. */
const plain = { former: { namespaces: [], except: [] }, leavesLease: false, remarks: [] };

function world() {
  const clock = new VirtualClock();
  const kube = new MemoryClient();
  const lease = (at: string, { works, former, holder = '', age = 0 }: LeaseOptions = {}) => {
    const [namespace = '', name = ''] = at.split('/');
    kube.put(leases, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name,
        namespace,
        annotations: {
          ...(works && { [leaseNamespaces]: works }),
          ...(former && { [leaseFormerNamespaces]: former }),
        },
      },
      spec: { holderIdentity: holder, leaseDurationSeconds: 15, renewTime: microTime(clock.now() - age) },
    });
  };
  const scope = (...asked: string[]) =>
    releaseScope({ kube, clock, namespace: 'ns', leaseName: 'lease', asked }, new AbortController().signal);
  return { kube, lease, scope };
}

describe('the namespaces of a release', () => {
  it.each([
    ['all', 'all'],
    ['ns', ['ns']],
    ['a,b', ['a', 'b']],
  ])('are those that the Lease names: %s', async (works, namespaces) => {
    const { lease, scope } = world();
    lease('ns/lease', { works });
    expect(await scope()).toEqual({ ...plain, namespaces });
  });

  it('are that of a Lease which names none, which is told', async () => {
    const { lease, scope } = world();
    lease('ns/lease');
    const { namespaces, remarks } = await scope();
    expect(namespaces).toEqual(['ns']);
    expect(remarks.join()).toContain('if it was started with -namespaces, give release the same');
  });

  it('are those asked for, and it is told what is left out of those that the Lease names', async () => {
    const { lease, scope } = world();
    lease('ns/lease', { works: 'a,b' });
    expect(await scope('a', 'b', 'c')).toEqual({ ...plain, namespaces: ['a', 'b', 'c'] });
    const { namespaces, remarks } = await scope('a');
    expect(namespaces).toEqual(['a']);
    expect(remarks.join()).toContain('in namespace b as well');
    lease('ns/lease', { works: 'all' });
    expect((await scope('a')).remarks.join()).toContain('To release them too: -namespaces=all');
  });

  it('are nobody’s guess where there is no Lease: it refuses, and names the flags to compare', async () => {
    const { scope, kube } = world();
    await expect(scope()).rejects.toThrow(
      /no Lease ns\/lease, .*-namespace and -leader-election-id.*-namespaces=ns/,
    );
    expect(await scope('a')).toEqual({ ...plain, namespaces: ['a'] });
    // Without the right to look at it, a namespace counts as one that stays.
    kube.fault = ({ resource }) => {
      if (resource.plural === 'namespaces') throw new KubeError('Forbidden', 'no', { status: 403 });
    };
    await expect(scope()).rejects.toThrow('there is no Lease');
  });

  it('are the operator’s own where that is being deleted, and its Lease went first', async () => {
    const { scope, kube } = world();
    kube.put(
      { group: '', version: 'v1', plural: 'namespaces' },
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'ns', deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['kubernetes'] },
      },
    );
    const { namespaces, remarks } = await scope();
    expect(namespaces).toEqual(['ns']);
    expect(remarks.join()).toContain('if it was started with -namespaces');
  });
});

describe('namespaces that were the operator’s before', () => {
  it('are let go of as well, and where all were, those of now are meant to be left out', async () => {
    const { lease, scope } = world();
    lease('ns/lease', { works: 'a', former: 'b,c' });
    expect(await scope()).toEqual({
      ...plain,
      namespaces: ['a'],
      former: { namespaces: ['b', 'c'], except: [] },
    });
    lease('ns/lease', { works: 'a', former: 'all' });
    expect((await scope()).former).toEqual({ namespaces: 'all', except: [] });
  });

  it('are told of where they are left out by -namespaces', async () => {
    const { lease, scope } = world();
    lease('ns/lease', { works: 'a', former: 'b,c' });
    const { former, remarks } = await scope('a', 'c');
    expect(former.namespaces).toEqual([]);
    expect(remarks.join()).toMatch(/in namespace b as well.* -namespaces=a,b,c$/);
  });

  it('are let go of without the Lease, where none that are the operator’s now are asked for', async () => {
    const { lease, scope } = world();
    lease('ns/lease', { works: 'a,ns', former: 'b,c', holder: 'mine_1' });
    expect(await scope('b')).toEqual({ ...plain, namespaces: ['b'], leavesLease: true });
    expect(await scope('b', 'a')).toMatchObject({ leavesLease: false });
    // Teleport's own operator keeps what ours said, and works where it does.
    lease('ns/lease', { works: 'a', holder: 'go_1' });
    expect(await scope('ns')).toMatchObject({ leavesLease: false });
    lease('ns/lease', { holder: 'go_1' });
    expect(await scope('b')).toMatchObject({ leavesLease: false });
  });

  it('are left to the operator whose they are now', async () => {
    const { lease, scope } = world();
    lease('ns/lease', { works: 'a', former: 'b,c' });
    lease('b/lease', { works: 'b', holder: 'b_1' });
    expect((await scope()).former).toEqual({ namespaces: ['c'], except: [] });
    lease('ns/lease', { works: 'a', former: 'all' });
    expect((await scope()).former).toEqual({ namespaces: 'all', except: ['b'] });
  });
});

describe('a release beside another operator', () => {
  const refused = (at: string) =>
    `another operator (Lease ${at}, held by b_1) is at work in namespace b, and would put the finalizers back`;

  it.each([
    ['all', 'b/lease', 'b'],
    ['a,b', 'elsewhere/another', 'b,c'],
    ['b', 'elsewhere/lease', 'all'],
    // Teleport's own operator: its name, its own namespace
    ['b', 'b/431e83f4.teleport.dev', undefined],
  ])('refuses to let go in %s of what the one of %s has in %s', async (mine, at, works) => {
    const { lease, scope } = world();
    lease('ns/lease', { works: mine });
    lease(at, { holder: 'b_1', ...(works && { works }) });
    await expect(scope()).rejects.toThrow(refused(at));
    if (works !== 'all') expect(await scope('mine')).toMatchObject({ namespaces: ['mine'] });
  });

  it('goes on where that one is at work elsewhere, has ended, was released, or is no operator', async () => {
    const { lease, scope } = world();
    lease('ns/lease', { works: 'a,b', holder: 'mine_1' });
    lease('c/lease', { works: 'c', holder: 'b_1' });
    lease('b/ended', { works: 'b' });
    lease('b/killed', { works: 'b', holder: 'b_1', age: 120_000 });
    lease('b/released', { works: 'b', holder: releaseIdentity('x') });
    lease('b/of-a-controller', { holder: 'b_1' });
    expect(await scope()).toEqual({ ...plain, namespaces: ['a', 'b'] });
  });

  it('goes on where Leases may not be listed, as in the operator’s Pod', async () => {
    const { lease, scope, kube } = world();
    lease('ns/lease', { works: 'all' });
    lease('b/lease', { works: 'b', holder: 'b_1' });
    kube.fault = ({ verb }) => {
      if (verb === 'list') throw new KubeError('Forbidden', 'no', { status: 403 });
    };
    expect(await scope()).toMatchObject({ namespaces: 'all' });
  });
});
