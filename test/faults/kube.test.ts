// Every step towards Kubernetes fails or gets lost, some times in a row: afterwards the object is Ready, its
// resource is in Teleport, and its deletion takes both away.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openScene, redirected, type Scene, unique } from '../e2e/scene.js';
import { eventually } from '../env/eventually.js';
import { type Pair, pairs } from '../env/index.js';
import { type Fault, type KubeWire, startKubeWire, type TappedRequest } from '../env/kube-wire.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import { addFinalizer, removeFinalizer, writeStatus } from './steps.js';

const faults: readonly (readonly [string, Fault])[] = [
  ['is answered 500', { status: 500 }],
  ['is answered 429', { status: 429 }],
  ['loses its connection', 'reset'],
  ['loses its answer', 'lost'],
];
const role = { allow: { logins: ['one'] } };

interface Wired {
  readonly scene: Scene;
  readonly wire: KubeWire;
  readonly operator: RunningOperator;
}

/**
 * Starts an operator that reaches the API server through a wire, for all tests of a block.
 * @param rule the wire's from the operator's start on
 */
function atWorkBehindWire(
  start: () => Promise<Pair>,
  ready: (parts: Wired) => void,
  rule?: KubeWire['rule'],
): void {
  let scene: Scene | undefined;
  let wire: KubeWire | undefined;
  let operator: RunningOperator | undefined;
  beforeAll(async () => {
    scene = await openScene(await start());
    wire = await startKubeWire(scene.kube);
    if (rule) wire.rule = rule;
    const options = await scene.operator();
    operator = await startOperator({
      ...options,
      kubeconfigPath: redirected(options.kubeconfigPath, wire),
    });
    await operator.untilReady();
    ready({ scene, wire, operator });
  }, 90_000);
  afterAll(async () => {
    await operator?.stop();
    await wire?.stop();
    await scene?.close();
  });
}

describe.each(pairs())('faults towards Kubernetes, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('with the operator running', () => {
    let scene: Scene;
    let wire: KubeWire;
    let operator: RunningOperator;
    atWorkBehindWire(start, (parts) => {
      ({ scene, wire, operator } = parts);
    });
    afterEach(() => {
      wire.rule = () => undefined;
    });

    /** Fails the first `times` requests that match, and counts them. */
    const fail = (fault: Fault, times: number, matches: (request: TappedRequest) => boolean) => {
      const count = { hit: 0 };
      wire.rule = (request) => {
        if (!matches(request) || count.hit >= times) return undefined;
        count.hit++;
        return fault;
      };
      return count;
    };
    const deleted = async (name: string): Promise<void> => {
      await scene.remove('TeleportRoleV7', name);
      await scene.untilGone('TeleportRoleV7', name, 30_000);
      await eventually(async () => expect(await scene.stored('TeleportRoleV7', name)).toBeUndefined());
    };

    describe.each([addFinalizer, writeStatus])('$name', (step) => {
      it.each(faults)(
        '%s twice',
        async (_, fault) => {
          const name = unique('fault');
          const count = fail(fault, 2, (request) => step.is(request, name));
          await scene.create('TeleportRoleV7', name, role);
          await scene.untilReady('TeleportRoleV7', name, 30_000);
          expect(count.hit).toBeGreaterThan(0);
          await deleted(name);
        },
        60_000,
      );
    });

    it.each(faults)(
      `${removeFinalizer.name} %s twice`,
      async (_, fault) => {
        const name = unique('fault');
        await scene.create('TeleportRoleV7', name, role);
        await scene.untilReady('TeleportRoleV7', name, 30_000);
        const count = fail(fault, 2, (request) => removeFinalizer.is(request, name));
        await deleted(name);
        expect(count.hit).toBeGreaterThan(0);
      },
      60_000,
    );

    it.each(faults)(
      'a watch %s, and so does the list after it',
      async (_, fault) => {
        const name = unique('fault');
        const count = fail(
          fault,
          4,
          ({ method, path }) => method === 'GET' && path.includes('/teleportrolesv7'),
        );
        wire.cut();
        await scene.create('TeleportRoleV7', name, role);
        await scene.untilReady('TeleportRoleV7', name, 45_000);
        expect(count.hit).toBeGreaterThan(0);
        await deleted(name);
      },
      90_000,
    );

    it('an Event that cannot be made harms nothing', async () => {
      const name = unique('fault');
      const count = fail(
        { status: 500 },
        5,
        ({ method, path }) => method === 'POST' && path.includes('/events'),
      );
      await scene.create('TeleportRoleV7', name, role);
      await scene.untilReady('TeleportRoleV7', name);
      await eventually(() => expect(count.hit).toBeGreaterThan(0));
      await deleted(name);
    });

    it('an API server that is silent for 5 s is waited for', async () => {
      const name = unique('fault');
      wire.rule = () => 'hang';
      wire.cut();
      await scene.create('TeleportRoleV7', name, role);
      const until = performance.now() + 5_000;
      await eventually(() => performance.now() > until);
      wire.rule = () => undefined;
      wire.cut();
      await scene.untilReady('TeleportRoleV7', name, 60_000);
      await deleted(name);
      expect(operator.process.running).toBe(true);
    }, 120_000);
  });
});

describe.each(pairs())('a kind that can not be listed, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('from the start', () => {
    let scene: Scene;
    let wire: KubeWire;
    let operator: RunningOperator;
    atWorkBehindWire(
      start,
      (parts) => {
        ({ scene, wire, operator } = parts);
      },
      ({ path }) => (path.includes('/teleportrolesv6') ? { status: 500 } : undefined),
    );

    it('does not keep the others from their work for long, and comes in when it can', async () => {
      const [other, own] = [unique('other'), unique('own')];
      await scene.create('TeleportRoleV7', other, role);
      await scene.create('TeleportRoleV6', own, role);
      await scene.untilReady('TeleportRoleV7', other, 45_000);
      const details = async () => (await fetch(`${operator.healthUrl}/readyz?verbose`)).text();
      const off = 'TeleportRoleV6 is off: its objects can not be listed';
      expect(await details()).toContain(off);
      wire.rule = () => undefined;
      await scene.untilReady('TeleportRoleV6', own, 30_000);
      await eventually(async () => expect(await details()).not.toContain(off), { timeoutMs: 30_000 });
      for (const [kind, name] of [
        ['TeleportRoleV7', other],
        ['TeleportRoleV6', own],
      ] as const) {
        await scene.remove(kind, name);
        await scene.untilGone(kind, name);
      }
    }, 100_000);
  });
});
