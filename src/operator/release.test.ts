// The release over a Kubernetes in memory, in virtual time: Lease first, then finalizers, and what is told.
import { describe, expect, it } from 'vitest';
import { MemoryClient } from '../../test/builders/memory-kube-client.js';
import { anObject } from '../../test/builders/object.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { apiResource } from '../kinds/kind.js';
import { roleV7 } from '../kinds/role.js';
import { user } from '../kinds/user.js';
import { KubeError } from '../kube/errors.js';
import { type Lease, leases } from '../kube/lease.js';
import type { KubeObject } from '../kube/object.js';
import { finalizer, leaseFormerNamespaces, leaseNamespaces } from '../reconcile/names.js';
import { type Former, release, summary } from './release.js';
import { releaseIdentity } from './release-lease.js';

const held = (name: string, namespace = 'ns', more: string[] = []): KubeObject =>
  anObject({ metadata: { name, namespace, finalizers: [...more, finalizer] } });

function world(holder?: string) {
  const clock = new VirtualClock();
  const kube = new MemoryClient();
  if (holder !== undefined) {
    kube.put(leases, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'lease', namespace: 'ns' },
      spec: { holderIdentity: holder, leaseDurationSeconds: 15 },
    });
  }
  const told: string[] = [];
  const run = (
    namespaces: readonly string[] | 'all' = ['ns'],
    {
      signal = new AbortController().signal,
      suffix = 'test',
      dryRun = false,
      ...more
    }: {
      signal?: AbortSignal;
      suffix?: string;
      dryRun?: boolean;
      former?: Former;
      leavesLease?: boolean;
    } = {},
  ) =>
    release(
      {
        kube,
        clock,
        kinds: [user, roleV7],
        namespace: 'ns',
        leaseName: 'lease',
        namespaces,
        identity: releaseIdentity(suffix),
        dryRun,
        ...more,
        tell: (line) => told.push(line),
      },
      signal,
    );
  const lease = () => kube.get<Lease>(leases, { namespace: 'ns', name: 'lease' });
  const finalizers = async (name: string, namespace = 'ns') =>
    (await kube.get(apiResource(roleV7), { namespace, name })).metadata.finalizers ?? [];
  return { clock, kube, told, run, lease, finalizers };
}

describe('release', () => {
  it('takes the Lease, keeps it, removes our finalizer alone and tells what stays', async () => {
    const { kube, run, lease, finalizers, told } = world();
    kube.put(apiResource(roleV7), held('engineer', 'ns', ['others/finalizer']));
    kube.put(apiResource(roleV7), anObject({ metadata: { name: 'free', namespace: 'ns' } }));
    expect(await run()).toEqual({ objects: 1, problems: [], leaseKept: true });
    expect(await finalizers('engineer')).toEqual(['others/finalizer']);
    expect((await lease()).spec).toMatchObject({
      holderIdentity: releaseIdentity('test'),
      leaseDurationSeconds: 315_360_000,
    });
    expect(told.join('\n')).toContain('TeleportRoleV7 ns/engineer: the role "engineer" stays in Teleport');
    expect(told.join('\n')).not.toContain('free');
  });

  it('in a dry run tells what would stay, and writes nothing: neither the Lease nor an object', async () => {
    const { kube, run, lease, finalizers, told } = world('operator-0_x');
    kube.put(apiResource(roleV7), held('engineer'));
    const before = await lease();
    expect(await run(['ns'], { dryRun: true })).toEqual({ objects: 1, problems: [], leaseKept: false });
    expect(await finalizers('engineer')).toEqual([finalizer]);
    expect(await lease()).toEqual(before);
    expect(told).toEqual(['TeleportRoleV7 ns/engineer: the role "engineer" would stay in Teleport']);
    expect(summary(1, ['ns'], true)).toBe(
      '1 object would be released in namespace ns; nothing was changed (-dry-run).',
    );
  });

  it('touches no object before the one that led has had its time to end', async () => {
    const { clock, kube, run, finalizers } = world('operator-0_x');
    kube.put(apiResource(roleV7), held('engineer'));
    const running = run();
    await clock.advance(14_000);
    expect(await finalizers('engineer')).toEqual([finalizer]);
    await clock.advance(1_500);
    await running;
    expect(await finalizers('engineer')).toEqual([]);
  });

  it('waits as well where another release, given up meanwhile, has just taken the Lease', async () => {
    const { clock, kube, run, finalizers, told } = world('operator-0_x');
    kube.put(apiResource(roleV7), held('engineer'));
    const stop = new AbortController();
    const first = run(['ns'], { signal: stop.signal, suffix: 'first' });
    await clock.advance(2_000);
    stop.abort();
    await expect(first).rejects.toThrow('abort');
    const second = run();
    await clock.advance(12_500);
    expect(await finalizers('engineer')).toEqual([finalizer]);
    await clock.advance(1_000);
    await second;
    expect(await finalizers('engineer')).toEqual([]);
    told.length = 0;
    // Long after the last one there is nobody to wait for.
    await clock.advance(20_000);
    await run(['ns'], { suffix: 'third' });
    expect(told.join()).not.toContain('Waiting');
  });

  it('changes nothing where the Lease can not be taken', async () => {
    const { kube, run, finalizers } = world();
    kube.put(apiResource(roleV7), held('engineer'));
    kube.fault = ({ verb }) => {
      if (verb === 'create') throw new KubeError('Forbidden', 'no leases for you', { status: 403 });
    };
    await expect(run()).rejects.toThrow('no leases for you');
    expect(await finalizers('engineer')).toEqual([finalizer]);
  });

  it('goes on without the Lease where the namespace is being deleted, in which nobody can make one', async () => {
    const { clock, kube, run, finalizers, told } = world();
    kube.put(apiResource(roleV7), held('engineer'));
    kube.fault = ({ verb }) => {
      const details = { status: 403, causes: ['NamespaceTerminating'] };
      if (verb === 'create') throw new KubeError('Forbidden', 'it is being terminated', details);
    };
    const running = run();
    await clock.advance(14_000);
    expect(await finalizers('engineer'), 'the Pod of the one that led may still be ending').toEqual([
      finalizer,
    ]);
    await clock.advance(1_500);
    expect(await running).toEqual({ objects: 1, problems: [], leaseKept: false });
    expect(await finalizers('engineer')).toEqual([]);
    expect(told[0]).toContain('ns is being deleted');
  });

  it('goes through all namespaces where asked to', async () => {
    const { kube, run, finalizers } = world();
    kube.put(apiResource(roleV7), held('a', 'one'));
    kube.put(apiResource(roleV7), held('b', 'two'));
    expect(await run('all')).toMatchObject({ objects: 2 });
    expect([await finalizers('a', 'one'), await finalizers('b', 'two')]).toEqual([[], []]);
  });

  it('goes on with the other kinds where one fails', async () => {
    const { kube, run, finalizers } = world();
    kube.put(apiResource(roleV7), held('engineer'));
    kube.fault = ({ verb, resource }) => {
      if (verb === 'list' && resource.plural === 'teleportusers')
        throw new KubeError('Forbidden', 'no users for you', { status: 403 });
    };
    const { objects, problems } = await run();
    expect({ objects, problems }).toEqual({ objects: 1, problems: ['TeleportUser: no users for you'] });
    expect(await finalizers('engineer')).toEqual([]);
  });

  describe('of what was the operator’s before', () => {
    const before = (former: string) => {
      const all = world('');
      all.kube.put(leases, {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: {
          name: 'lease',
          namespace: 'ns',
          annotations: { [leaseNamespaces]: 'ns', [leaseFormerNamespaces]: former },
        },
        spec: { holderIdentity: '' },
      });
      for (const namespace of ['ns', 'b', 'c']) all.kube.put(apiResource(roleV7), held('role', namespace));
      const says = async () => (await all.lease()).metadata.annotations?.[leaseFormerNamespaces];
      return { ...all, says };
    };

    it('goes there as well, once over each object, and the Lease forgets it', async () => {
      const { run, told, says, finalizers } = before('b,c');
      const former = { namespaces: ['b', 'c'], except: [] };
      expect(await run(['ns'], { former, dryRun: true })).toMatchObject({ objects: 3 });
      expect(await says()).toBe('b,c');
      expect(await run(['ns'], { former })).toMatchObject({ objects: 3, problems: [] });
      expect(await finalizers('role', 'c')).toEqual([]);
      expect(await says()).toBeUndefined();
      expect(told.filter((line) => line.startsWith('TeleportRoleV7 b/'))).toHaveLength(2);
    });

    it('goes through all namespaces but those of other operators', async () => {
      const { run, says, finalizers } = before('all');
      const former = { namespaces: 'all', except: ['b'] } as const;
      expect(await run(['ns'], { former, dryRun: true })).toMatchObject({ objects: 2 });
      expect(await run(['ns'], { former })).toMatchObject({ objects: 2, problems: [] });
      expect([await finalizers('role', 'b'), await finalizers('role', 'c')]).toEqual([[finalizer], []]);
      expect(await says()).toBeUndefined();
    });

    it('says once of each namespace that may not be looked into, does the rest, and the Lease remembers', async () => {
      const { kube, run, says, finalizers } = before('b,c');
      kube.fault = ({ verb, namespace }) => {
        if (verb === 'list' && namespace === 'b') throw new KubeError('Forbidden', 'no', { status: 403 });
      };
      const { objects, problems } = await run(['ns'], { former: { namespaces: ['b', 'c'], except: [] } });
      expect([objects, problems.length]).toEqual([2, 1]);
      expect(problems[0]).toMatch(/^Namespace b: the operator worked there before, .*as an administrator/);
      expect(await finalizers('role', 'c')).toEqual([]);
      expect(await says()).toBe('b,c');
    });

    it('leaves the Lease to its holder where asked for nothing of that one’s, and forgets what was let go of', async () => {
      const { kube, run, lease, says, finalizers } = before('b,c');
      const holding = await lease();
      await kube.replace(leases, { ...holding, spec: { holderIdentity: 'operator-0_x' } });
      let beaten = 0;
      kube.fault = ({ verb, resource }) => {
        if (verb !== 'update' || resource.plural !== 'leases' || beaten++ > 0) return;
        throw new KubeError('Conflict', 'renewed meanwhile', { status: 409 });
      };
      expect(await run(['b'], { leavesLease: true })).toEqual({ objects: 1, problems: [], leaseKept: false });
      expect([await finalizers('role', 'b'), await finalizers('role', 'ns')]).toEqual([[], [finalizer]]);
      expect([await says(), (await lease()).spec?.holderIdentity]).toEqual(['c', 'operator-0_x']);
    });
  });

  it.each([
    [1, ['ns'], '1 object released in namespace ns; nothing was changed in Teleport.'],
    [0, ['one', 'two'], '0 objects released in namespaces one, two; nothing was changed in Teleport.'],
    [2, 'all', '2 objects released in all namespaces; nothing was changed in Teleport.'],
  ] as const)('sums up %s of %j with where it looked', (objects, namespaces, text) => {
    expect(summary(objects, namespaces)).toBe(text);
  });
});
