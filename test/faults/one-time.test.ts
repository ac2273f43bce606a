// One-time tokens: made once and no more, though the operator is killed at any of its steps and though the token is used
// the moment it can be.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { Operation } from '../../src/gen/teleport/client/event_pb.js';
import { openScene, redirected, type Scene, unique } from '../e2e/scene.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import { type KubeWire, objectWrites, startKubeWire } from '../env/kube-wire.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import { writeStatus } from './steps.js';

const kind = 'TeleportProvisionToken';

describe.each(pairs({ staleMs: 500 }))('a one-time token, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('with the operator killed', () => {
    let scene: Scene;
    let wire: KubeWire;
    let operator: RunningOperator;
    let runs = 0;
    const watching = new AbortController();
    /** Tokens of method `token`, each time that one was written; and those that are to be used at once. */
    const made: string[] = [];
    const usedAtOnce = new Set<string>();
    beforeAll(async () => {
      scene = await openScene(await start());
      wire = await startKubeWire(scene.kube);
      void watch();
    }, 90_000);
    afterEach(async () => {
      wire.rule = () => undefined;
      await operator?.kill();
    });
    afterAll(async () => {
      watching.abort();
      await wire?.stop();
      await scene?.close();
    });

    /** Uses tokens as a bot does that joins with them; what Auth then does is delete them. */
    const watch = async (): Promise<void> => {
      const { admin } = scene.teleport;
      const request = { Kinds: [{ Kind: 'token' }] };
      try {
        for await (const event of admin.serverStream(AuthService.method.watchEvents, request, {
          signal: watching.signal,
        })) {
          const { case: what, value } = event.Resource;
          if (event.Type !== Operation.PUT || what !== 'ProvisionToken') continue;
          if (value.Spec?.JoinMethod !== 'token') continue;
          const name = value.Metadata?.Name ?? '';
          made.push(name);
          if (usedAtOnce.has(name)) await admin.unary(AuthService.method.deleteToken, { Name: name });
        }
      } catch {
        // the test is over
      }
    };
    const run = async (): Promise<void> => {
      const options = await scene.operator();
      operator = await startOperator({
        ...options,
        kubeconfigPath: redirected(options.kubeconfigPath, wire),
        // a Lease of its own: waiting for the dead one's to run out is leader.test.ts's matter
        flags: [`-leader-election-id=once-${++runs}`],
      });
      await operator.untilReady();
    };
    const died = async (): Promise<void> => {
      expect(await operator.process.exited).toBe(137);
      wire.rule = () => undefined;
    };
    const settled = async (name: string, reason: string): Promise<void> => {
      await scene.until(kind, name, { type: 'Ready', status: 'True', reason }, 30_000);
    };
    /** How often the token was written for good; Teleport tells of it a moment later, and of one too many as well. */
    const wasMade = async (name: string, times: number): Promise<void> => {
      const until = performance.now() + 1_500;
      await eventually(() => performance.now() > until);
      expect(made.filter((each) => each === name)).toHaveLength(times);
    };
    const spec = () => ({ join_method: 'token', roles: ['Bot'], bot_name: unique('bot') });

    const moments = [
      ['before', 'first', 1, false],
      ['after', 'first', 1, true],
      ['before', 'second', 2, false],
      ['after', 'second', 2, true],
    ] as const;

    describe.each([
      ['used at once', 'Consumed'],
      ['not used', 'Synced'],
    ])('%s', (_, reason) => {
      it.each(moments)(
        '%s its %s status is written: is made once',
        async (_when, _which, at, done) => {
          const name = unique('once');
          if (reason === 'Consumed') usedAtOnce.add(name);
          await run();
          let written = 0;
          wire.rule = (request) => {
            if (!operator.process.running || !writeStatus.is(request, name) || ++written < at)
              return undefined;
            operator.process.signal('SIGKILL');
            return done ? undefined : 'hang';
          };
          await scene.create(kind, name, spec());
          await died();
          await run();
          await settled(name, reason);
          await wasMade(name, 1);
          if (reason === 'Consumed') expect(await scene.stored(kind, name)).toBeUndefined();
          await scene.remove(kind, name);
          await scene.untilGone(kind, name, 30_000);
          await eventually(async () => expect(await scene.stored(kind, name)).toBeUndefined());
        },
        90_000,
      );
    });

    it('edited to another spec is made once more, though it is used at once and the status is not written', async () => {
      const name = unique('once');
      await run();
      await scene.create(kind, name, spec());
      await settled(name, 'Synced');
      usedAtOnce.add(name);
      let written = 0;
      wire.rule = (request) => {
        if (!operator.process.running || !writeStatus.is(request, name) || ++written < 2) return undefined;
        operator.process.signal('SIGKILL');
        return 'hang';
      };
      await scene.patch(kind, name, { spec: { bot_name: unique('bot') } });
      await died();
      await run();
      await settled(name, 'Consumed');
      await wasMade(name, 2);
    }, 90_000);

    it('costs one write more to Kubernetes than another', async () => {
      const name = unique('once');
      await run();
      wire.requests.length = 0;
      await scene.create(kind, name, spec());
      await settled(name, 'Synced');
      const writes = objectWrites(wire.requests).filter(
        ({ path }) => path.split('/').includes(name) || path.includes(`/${name}?`),
      );
      expect(writes).toHaveLength(3);
    }, 60_000);
  });
});
