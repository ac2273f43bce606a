// An upgrade of Teleport under a running operator: objects that the old server refused, stored as something else or had no RPC for
// are looked at again, though nobody touches them. On embedded servers alone, which can be of another version. That the version is
// asked for each half minute is server-watch.test.ts's matter, and which objects are woken wakes.test.ts's.
import { Code } from '@connectrpc/connect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedKube } from '../env/kube-embedded.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import { stopAll } from '../env/stop-all.js';
import {
  type RunningEmbeddedTeleport,
  startCheckedTeleport,
  startEmbeddedTeleport,
} from '../env/teleport-embedded.js';
import { logins } from './acts.js';
import { openScene, type Scene } from './scene.js';

describe('an upgrade of Teleport', () => {
  let scene: Scene;
  let operator: RunningOperator;
  let upgraded: { close(): Promise<void> } | undefined;
  beforeAll(async () => {
    const teleport = await startEmbeddedTeleport({ serverVersion: '16.5.0' });
    scene = await openScene({ kube: await startEmbeddedKube(), teleport });
    operator = await startOperator(await scene.operator());
    await operator.untilReady();
  }, 90_000);
  afterAll(() =>
    stopAll(
      async () => void (await operator?.stop()),
      async () => upgraded?.close(),
      async () => scene?.close(),
    ),
  );

  const off = (reason: string) => ({ type: 'Ready', status: 'False', reason }) as const;
  /** What the old server does with each, and why. */
  const waiting = [
    ['TeleportRoleV8', logins('one'), 'VersionMismatch'],
    ['TeleportRoleV7', logins('one'), 'Rejected'],
    [
      'TeleportWorkloadIdentityV1',
      {
        spiffe: { id: '/a' },
        rules: { allow: [{ conditions: [{ attribute: 'user.name', eq: { value: 'x' } }] }] },
      },
      'KindDisabled',
    ],
  ] as const;
  const nameOf = (kind: string): string => kind.toLowerCase();

  it('wakes what the old one refused, stored as another version, and did not have', async () => {
    const { server } = scene.teleport as RunningEmbeddedTeleport;
    for (const [kind, spec, reason] of waiting) {
      // Whatever it is that the new one takes.
      if (reason === 'Rejected')
        server.faults.fail(Code.InvalidArgument, 'not in this version', { method: 'CreateRole' });
      await scene.create(kind, nameOf(kind), spec);
      await scene.until(kind, nameOf(kind), off(reason));
    }
    await server.close();
    upgraded = await startCheckedTeleport({
      clusterName: server.clusterName,
      dataFrom: server.state,
      authPort: Number(server.authAddress.split(':')[1]),
      proxyPort: Number(server.proxyAddress.split(':')[1]),
      serverVersion: '18.0.0',
    });
    for (const [kind] of waiting) await scene.untilReady(kind, nameOf(kind), 60_000);
    expect((await scene.stored('TeleportRoleV8', nameOf('TeleportRoleV8')))?.Version).toBe('v8');
    // It was by the version: nothing else had told of it.
    const told = operator.logs().find(({ message }) => message === 'Teleport is of another version now');
    expect(told).toMatchObject({ before: '16.5.0', now: '18.0.0' });
  }, 120_000);
});
