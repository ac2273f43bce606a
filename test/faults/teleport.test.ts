// The connection to Teleport breaks, freezes or is refused; and, where the server can be told to (the embedded
// one), every RPC of the kinds fails in each way. Afterwards the object is Ready, and its deletion goes through.
import { Code } from '@connectrpc/connect';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openScene, type Scene, unique } from '../e2e/scene.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import type { RunningEmbeddedTeleport } from '../env/teleport-embedded.js';
import { startTeleportWire, type TeleportWire } from '../env/teleport-wire.js';

type Faults = RunningEmbeddedTeleport['server']['faults'];

const samples = [
  { kind: 'TeleportUser', spec: { roles: ['access'] }, update: { roles: ['editor'] } },
  { kind: 'TeleportRoleV7', spec: { allow: { logins: ['one'] } }, update: { allow: { logins: ['two'] } } },
  {
    kind: 'TeleportProvisionToken',
    spec: { join_method: 'token', roles: ['Node'] },
    update: { roles: ['App'] },
  },
];
const methods: Record<string, { read: string; create: string; update: string; delete: string }> = {
  TeleportUser: { read: 'GetUser', create: 'CreateUser', update: 'UpdateUser', delete: 'DeleteUser' },
  TeleportRoleV7: { read: 'GetRole', create: 'UpsertRoleV2', update: 'UpsertRoleV2', delete: 'DeleteRole' },
  TeleportProvisionToken: {
    read: 'GetToken',
    create: 'UpsertTokenV2',
    update: 'UpsertTokenV2',
    delete: 'DeleteToken',
  },
};
const ways: readonly (readonly [string, (faults: Faults, method: string) => void])[] = [
  [
    'is UNAVAILABLE',
    (faults, method) => faults.fail(Code.Unavailable, 'made to fail by a test', { method, times: 2 }),
  ],
  [
    'is UNKNOWN',
    (faults, method) => faults.fail(Code.Unknown, 'made to fail by a test', { method, times: 2 }),
  ],
  [
    'is a lost race',
    (faults, method) => faults.fail(Code.FailedPrecondition, 'revision does not match', { method, times: 2 }),
  ],
  ['loses its connection', (faults, method) => faults.drop({ method, times: 2 })],
  ['loses its reply', (faults, method) => faults.loseReply({ method, times: 2 })],
  ['is slow', (faults, method) => faults.delay(3_000, { method, times: 1 })],
];

describe.each(pairs())('faults towards Teleport, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('with the operator running', () => {
    let scene: Scene;
    let wire: TeleportWire;
    let operator: RunningOperator;
    beforeAll(async () => {
      scene = await openScene(await start());
      wire = await startTeleportWire(scene.teleport.authAddress);
      operator = await startOperator({ ...(await scene.operator()), address: wire.address });
      await operator.untilReady();
    }, 90_000);
    afterEach(() => {
      wire.state = 'open';
      faults()?.clear();
    });
    afterAll(async () => {
      await operator?.stop();
      await wire?.stop();
      await scene?.close();
    });
    const faults = (): Faults | undefined =>
      scene.teleport.kind === 'embedded'
        ? (scene.teleport as RunningEmbeddedTeleport).server.faults
        : undefined;
    const waited = async (ms: number): Promise<void> => {
      const until = performance.now() + ms;
      await eventually(() => performance.now() > until, { timeoutMs: ms + 1_000 });
    };
    const deleted = async (kind: string, name: string): Promise<void> => {
      await scene.remove(kind, name);
      await scene.untilGone(kind, name, 60_000);
      await eventually(async () => expect(await scene.stored(kind, name)).toBeUndefined());
    };

    it('a connection that breaks again and again costs nothing but time', async () => {
      const names = Array.from({ length: 10 }, () => unique('broken'));
      for (const name of names) {
        await scene.create('TeleportRoleV7', name, { allow: { logins: ['one'] } });
        wire.cut();
      }
      for (const name of names) await scene.untilReady('TeleportRoleV7', name, 60_000);
      for (const name of names) await deleted('TeleportRoleV7', name);
    }, 120_000);

    it.each(['frozen', 'refused'] as const)(
      'a connection that is %s for 6 s is waited for',
      async (state) => {
        const name = unique(state);
        wire.state = state;
        if (state === 'refused') wire.cut();
        await scene.create('TeleportRoleV7', name, { allow: { logins: ['one'] } });
        await waited(6_000);
        wire.state = 'open';
        wire.cut();
        await scene.untilReady('TeleportRoleV7', name, 60_000);
        await operator.untilReady();
        await deleted('TeleportRoleV7', name);
      },
      120_000,
    );

    describe.each(samples)('$kind', ({ kind, spec, update }) => {
      describe.each(['read', 'create', 'update', 'delete'] as const)('%s', (verb) => {
        it.each(ways)(
          '%s',
          async (_, make) => {
            const can = faults();
            if (!can) return; // a real server can't be told to fail
            const name = unique('rpc');
            const method = methods[kind]?.[verb] ?? '';
            if (verb === 'read' || verb === 'create') make(can, method);
            await scene.create(kind, name, spec);
            await scene.untilReady(kind, name, 45_000);
            can.clear();
            if (verb === 'update') make(can, method);
            await scene.patch(kind, name, { spec: update });
            await scene.untilReady(kind, name, 45_000);
            can.clear();
            if (verb === 'delete') make(can, method);
            await deleted(kind, name);
          },
          120_000,
        );
      });
    });
  });
});
