// The connection to Teleport breaks, freezes or is refused; and, where the server can be told to (the embedded
// one), every verb of three kinds fails in each way. Afterwards the object is Ready, and its deletion goes through.
import { Code } from '@connectrpc/connect';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kindOf, openScene, type Scene, unique } from '../e2e/scene.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import type { RunningEmbeddedTeleport } from '../env/teleport-embedded.js';
import { startTeleportWire, type TeleportWire } from '../env/teleport-wire.js';

type Server = RunningEmbeddedTeleport['server'];

const samples = [
  { kind: 'TeleportUser', spec: { roles: ['access'] }, update: { roles: ['editor'] } },
  {
    kind: 'TeleportRoleV7',
    spec: { allow: { logins: ['one'] } },
    update: { allow: { logins: ['two'] } },
  },
  {
    kind: 'TeleportProvisionToken',
    spec: { join_method: 'token', roles: ['Node'] },
    update: { roles: ['App'] },
  },
];

/** How a call goes wrong, and how often it is made at least until it has gone right. */
interface Way {
  readonly name: string;
  readonly calls: number;
  readonly make: (faults: Server['faults'], method: string) => void;
}

const message = 'made to fail by a test';
const ways: readonly Way[] = [
  {
    name: 'is UNAVAILABLE twice',
    calls: 3,
    make: (faults, method) => faults.fail(Code.Unavailable, message, { method, times: 2 }),
  },
  {
    name: 'is UNKNOWN twice',
    calls: 3,
    make: (faults, method) => faults.fail(Code.Unknown, message, { method, times: 2 }),
  },
  {
    name: 'loses a race twice',
    calls: 3,
    make: (faults, method) => faults.fail(Code.FailedPrecondition, message, { method, times: 2 }),
  },
  {
    name: 'loses its connection twice',
    calls: 3,
    make: (faults, method) => faults.drop({ method, times: 2 }),
  },
  { name: 'loses its reply', calls: 1, make: (faults, method) => faults.loseReply({ method, times: 1 }) },
  { name: 'takes 3 s', calls: 1, make: (faults, method) => faults.delay(3_000, { method, times: 1 }) },
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
      server()?.faults.clear();
    });
    afterAll(async () => {
      await operator?.stop();
      await wire?.stop();
      await scene?.close();
    });
    const server = (): Server | undefined =>
      scene.teleport.kind === 'embedded' ? (scene.teleport as RunningEmbeddedTeleport).server : undefined;
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

    it.for(ways)(
      'each call that $name is made again, until all is well',
      { timeout: 240_000 },
      async ({ calls, make }, { skip }) => {
        const told = server();
        if (!told) return skip('a real server can not be told to fail');
        /** Lets that verb of every kind fail, acts on an object of every kind, and sees that it did fail. */
        const step = async (
          verb: 'get' | 'create' | 'update' | 'delete',
          act: (sample: (typeof samples)[number], name: string) => Promise<void>,
        ): Promise<void> => {
          const methods = samples.map(({ kind }) => kindOf(kind).calls[verb].method.name);
          told.faults.clear();
          told.calls.clear();
          for (const method of methods) make(told.faults, method);
          await Promise.all(samples.map((sample, at) => act(sample, names[at] ?? '')));
          for (const method of methods) {
            const seen = { method, calls: told.calls.of(method).length };
            expect(seen.calls >= calls ? [] : seen).toEqual([]);
          }
        };
        const names = samples.map(() => unique('rpc'));
        await step('create', async ({ kind, spec }, name) => {
          await scene.create(kind, name, spec);
          await scene.untilReady(kind, name, 60_000);
        });
        await step('update', async ({ kind, update }, name) => {
          await scene.patch(kind, name, { spec: update });
          await scene.untilReady(kind, name, 60_000);
        });
        await step('get', async ({ kind, spec }, name) => {
          await scene.patch(kind, name, { spec });
          await scene.untilReady(kind, name, 60_000);
        });
        await step('delete', ({ kind }, name) => deleted(kind, name));
      },
    );
  });
});
