// How the operator ends where its work fails, or is stopped before it has begun: whatever it started is closed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnyKind } from '../../src/kinds/kind.js';
import { roleV7 } from '../../src/kinds/role.js';
import type { RunningOperator } from '../../src/operator.js';
import { eventually } from '../env/eventually.js';
import { ensure, openKube } from '../env/kube-admin.js';
import { type RunningEmbeddedKube, startEmbeddedKube } from '../env/kube-embedded.js';
import { stopAll } from '../env/stop-all.js';
import { type RunningEmbeddedTeleport, startEmbeddedTeleport } from '../env/teleport-embedded.js';
import { operatorOn } from './operator-on.js';

describe('an operator', () => {
  let kube: RunningEmbeddedKube;
  let teleport: RunningEmbeddedTeleport;
  beforeAll(async () => {
    [kube, teleport] = [await startEmbeddedKube(), await startEmbeddedTeleport()];
    const admin = openKube(kube.kubeconfigPath);
    await ensure(admin, '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'ends' },
    });
    admin.close();
  }, 60_000);
  afterAll(() => stopAll(teleport.stop, kube.stop));

  const start = (name: string, kinds: readonly AnyKind[], ...flags: string[]): Promise<RunningOperator> =>
    operatorOn({
      kube,
      teleport,
      name,
      namespace: 'ends',
      kinds,
      flags: [
        `-leader-election-id=${name}`,
        '-health-probe-bind-address=127.0.0.1:0',
        '-metrics-bind-address=127.0.0.1:0',
        ...flags,
      ],
    });
  const answers = async (port: number | undefined): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/healthz`).then(
      () => true,
      () => false,
    );
  const holder = async (name: string): Promise<unknown> => {
    const lease = kube.server.store.get('leases.coordination.k8s.io', 'ends', name);
    return (lease?.['spec'] as { holderIdentity?: string } | undefined)?.holderIdentity;
  };

  it('whose work fails closes what it opened, lets the Lease go, and says why', async () => {
    const broken = new Proxy(roleV7, {
      get: (target, key, receiver): unknown => {
        if (key === 'calls') throw new Error('made to fail');
        return Reflect.get(target, key, receiver);
      },
    });
    const operator = await start('fails', [broken]);
    expect(await answers(operator.ports.health)).toBe(true);
    await expect(operator.done).rejects.toThrow('made to fail');
    expect([await answers(operator.ports.health), await answers(operator.ports.metrics)]).toEqual([
      false,
      false,
    ]);
    expect(operator.bot.state().phase).toBe('stopped');
    expect(await holder('fails')).toBe('');
    await operator.stop();
  }, 30_000);

  it('that is stopped while it writes CRDs ends as asked', async () => {
    const release = kube.server.faults.hang({ resource: 'customresourcedefinitions' });
    const operator = await start('stopped', [roleV7], '-install-crds');
    await eventually(async () => expect(await holder('stopped')).not.toBe(undefined));
    await operator.stop();
    expect(await operator.done).toBe('stopped');
    expect(await answers(operator.ports.health)).toBe(false);
    release();
  }, 30_000);
});
