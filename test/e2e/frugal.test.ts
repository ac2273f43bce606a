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
    const kubeWrites = (name: string) =>
      objectWrites(wire.requests)
        .filter(({ path }) => path.split('?')[0]?.split('/').includes(name))
        .map(({ method, path }) => `${method} ${path.includes('/status') ? 'status' : 'object'}`);
    const teleportWrites = (name: string) => puts.filter((put) => put === name).length;
    const forget = () => {
      wire.requests.length = 0;
      puts.length = 0;
    };
    /** Passes that the operator has finished, whatever they came to. */
    const settled = async (): Promise<void> => {
      let before = -1;
      await eventually(
        () => {
          const now = wire.requests.length + operator.logs().length;
          const same = now === before;
          before = now;
          return same;
        },
        { intervalMs: 1_500, timeoutMs: 15_000 },
      );
    };

    it.each(samples)('a new %s costs two and one', async (kind, spec) => {
      const name = names.get(kind) ?? '';
      await scene.create(kind, name, spec);
      await scene.untilReady(kind, name);
      await settled();
      expect(kubeWrites(name)).toEqual(
        ['PATCH object', 'PATCH status'].map((write) =>
          expect.stringMatching(new RegExp(`(PATCH|PUT) ${write.split(' ')[1]}`)),
        ),
      );
      expect(teleportWrites(name)).toBe(1);
    });

    it.each(samples)('an update of a %s costs one and one', async (kind, _, spec) => {
      const name = names.get(kind) ?? '';
      forget();
      await scene.patch(kind, name, { spec });
      await scene.untilReady(kind, name);
      await settled();
      expect(kubeWrites(name)).toHaveLength(1);
      expect(teleportWrites(name)).toBe(1);
    });

    it.each(samples)('a pass over an unchanged %s costs nothing', async (kind) => {
      const name = names.get(kind) ?? '';
      forget();
      await scene.patch(kind, name, { metadata: { annotations: { look: 'again' } } });
      await settled();
      expect(kubeWrites(name)).toEqual([]);
      expect(teleportWrites(name)).toBe(0);
    });

    it('a restart over unchanged objects costs nothing', async () => {
      expect(await operator.stop()).toBe(0);
      forget();
      await run();
      await settled();
      expect(objectWrites(wire.requests).map(({ method, path }) => `${method} ${path}`)).toEqual([]);
      expect(puts.filter((name) => [...names.values()].includes(name))).toEqual([]);
      expect(operator.logs().filter(({ level }) => level === 'ERROR')).toEqual([]);
    }, 60_000);

    it('a resync of unchanged objects costs nothing', async () => {
      expect(await operator.stop()).toBe(0);
      const options = await scene.operator();
      operator = await startOperator({
        ...options,
        kubeconfigPath: redirected(options.kubeconfigPath, wire),
        flags: ['-sync-period=2s'],
      });
      await operator.untilReady();
      await settledPasses(operator, 18);
      expect(objectWrites(wire.requests)).toEqual([]);
      expect(puts.filter((name) => [...names.values()].includes(name))).toEqual([]);
    }, 60_000);
  });
});

/** Waits until so many passes have found nothing to do. */
async function settledPasses(operator: RunningOperator, count: number): Promise<void> {
  await eventually(
    () => operator.logs().filter(({ message }) => message === 'Nothing to do').length >= count,
    { timeoutMs: 30_000, intervalMs: 200 },
  );
}
