// What objects cost, counted on the wire to Kubernetes and in Teleport's own events: a new object two writes
// and one, an update one and one, a pass over something unchanged none, a restart none.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { Operation } from '../../src/gen/teleport/client/event_pb.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import { type KubeWire, objectWrites, startKubeWire } from '../env/kube-wire.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import { openScene, redirected, type Scene, unique } from './scene.js';

const samples: readonly (readonly [string, object, object])[] = [
  ['TeleportUser', { roles: ['access'] }, { roles: ['editor'] }],
  ['TeleportRole', { allow: { logins: ['one'] } }, { allow: { logins: ['two'] } }],
  ['TeleportRoleV6', { allow: { logins: ['one'] } }, { allow: { logins: ['two'] } }],
  ['TeleportRoleV7', { allow: { logins: ['one'] } }, { allow: { logins: ['two'] } }],
  ['TeleportRoleV8', { allow: { logins: ['one'] } }, { allow: { logins: ['two'] } }],
  ['TeleportProvisionToken', { join_method: 'token', roles: ['Node'] }, { roles: ['App'] }],
];

describe.each(pairs())('writes, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('counted', () => {
    let scene: Scene;
    let wire: KubeWire;
    let operator: RunningOperator;
    const watching = new AbortController();
    /** Names of resources that Teleport reported as written, in order. */
    const puts: string[] = [];
    const names = new Map(samples.map(([kind]) => [kind, unique(kind.toLowerCase())]));

    beforeAll(async () => {
      scene = await openScene(await start());
      wire = await startKubeWire(scene.kube);
      void watch();
      await run();
    }, 90_000);
    afterAll(async () => {
      watching.abort();
      await operator?.stop();
      await wire?.stop();
      await scene?.close();
    });

    const run = async (): Promise<void> => {
      const options = await scene.operator();
      operator = await startOperator({
        ...options,
        kubeconfigPath: redirected(options.kubeconfigPath, wire),
      });
      await operator.untilReady();
    };
    const watch = async (): Promise<void> => {
      const events = scene.teleport.admin.serverStream(
        AuthService.method.watchEvents,
        { Kinds: ['role', 'user', 'token'].map((Kind) => ({ Kind })) },
        { signal: watching.signal },
      );
      try {
        for await (const event of events) {
          const resource = event.Resource.value as { Metadata?: { Name: string } } | undefined;
          if (event.Type === Operation.PUT) puts.push(resource?.Metadata?.Name ?? '');
        }
      } catch {
        // the test is over
      }
    };
    /** Writes of each kind's object since the last `forget`: to Kubernetes in order, to Teleport counted. */
    const costs = (): Record<string, { kube: string[]; teleport: number }> =>
      Object.fromEntries(
        samples.map(([kind]) => {
          const name = names.get(kind) ?? '';
          const kube = objectWrites(wire.requests)
            .map(({ path }) => path.split('?')[0]?.split('/') ?? [])
            .filter((path) => path.includes(name))
            .map((path) => (path.at(-1) === 'status' ? 'status' : 'object'));
          return [kind, { kube, teleport: puts.filter((put) => put === name).length }];
        }),
      );
    const each = (cost: { kube: string[]; teleport: number }) =>
      Object.fromEntries(samples.map(([kind]) => [kind, cost]));
    const forget = () => {
      wire.requests.length = 0;
      puts.length = 0;
    };
    /** Waits until a second and a half have passed without a write to any object. */
    const quiet = async (): Promise<void> => {
      let before = -1;
      await eventually(
        () => {
          const now = objectWrites(wire.requests).length + puts.length;
          const same = now === before;
          before = now;
          return same;
        },
        { intervalMs: 1_500, timeoutMs: 15_000 },
      );
    };
    const all = (act: (kind: string, name: string, spec: object, update: object) => Promise<unknown>) =>
      Promise.all(samples.map(([kind, spec, update]) => act(kind, names.get(kind) ?? '', spec, update)));

    it('of a new object are two to Kubernetes and one to Teleport', async () => {
      await all((kind, name, spec) => scene.create(kind, name, spec));
      await all((kind, name) => scene.untilReady(kind, name));
      await quiet();
      expect(costs()).toEqual(each({ kube: ['object', 'status'], teleport: 1 }));
    });

    it('of an update are one and one', async () => {
      forget();
      await all((kind, name, _, spec) => scene.patch(kind, name, { spec }));
      await all((kind, name) => scene.untilReady(kind, name));
      await quiet();
      expect(costs()).toEqual(each({ kube: ['status'], teleport: 1 }));
    });

    it('of a pass over something unchanged are none', async () => {
      forget();
      const before = passes(operator);
      await all((kind, name) => scene.patch(kind, name, { metadata: { annotations: { look: 'again' } } }));
      await eventually(() => passes(operator) >= before + samples.length);
      await quiet();
      expect(costs()).toEqual(each({ kube: [], teleport: 0 }));
    });

    it('of a restart over unchanged objects are none', async () => {
      expect(await operator.stop()).toBe(0);
      forget();
      await run();
      await eventually(() => passes(operator) >= samples.length);
      await quiet();
      expect(costs()).toEqual(each({ kube: [], teleport: 0 }));
      expect(operator.logs().filter(({ level }) => level === 'ERROR')).toEqual([]);
    }, 60_000);

    it('of a resync are none', async () => {
      expect(await operator.stop()).toBe(0);
      const options = await scene.operator();
      operator = await startOperator({
        ...options,
        kubeconfigPath: redirected(options.kubeconfigPath, wire),
        flags: ['-sync-period=2s'],
      });
      forget();
      await eventually(() => passes(operator) >= 3 * samples.length, { timeoutMs: 30_000 });
      expect(costs()).toEqual(each({ kube: [], teleport: 0 }));
    }, 60_000);
  });
});

/** Passes so far that found nothing to do. */
function passes(operator: RunningOperator): number {
  return operator.logs().filter(({ message }) => message === 'Nothing to do').length;
}
