// The operator is killed at each step, before the step is done or just after; the next one finishes the work.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { annotate, editRole, logins, loginsOf, makeRole } from '../e2e/acts.js';
import { openScene, redirected, type Scene, unique } from '../e2e/scene.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import { type KubeWire, startKubeWire } from '../env/kube-wire.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import { addFinalizer, removeFinalizer, type Step, writeStatus } from './steps.js';

const role = { allow: { logins: ['one'] } };

describe.each(pairs())('a crash, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('of the operator', () => {
    let scene: Scene;
    let wire: KubeWire;
    let operator: RunningOperator;
    let runs = 0;
    beforeAll(async () => {
      scene = await openScene(await start());
      wire = await startKubeWire(scene.kube);
    }, 90_000);
    afterEach(async () => {
      wire.rule = () => undefined;
      await operator?.kill();
    });
    afterAll(async () => {
      await wire?.stop();
      await scene?.close();
    });

    const run = async (): Promise<void> => {
      const options = await scene.operator();
      operator = await startOperator({
        ...options,
        kubeconfigPath: redirected(options.kubeconfigPath, wire),
        // a Lease of its own: waiting for the dead one's to run out is leader.test.ts's matter
        flags: [`-leader-election-id=crash-${++runs}`],
      });
      await operator.untilReady();
    };
    /** Kills the operator when it gets to that step; the step is done or not. */
    const killAt = (step: Step, name: string, done: boolean) => {
      wire.rule = (request) => {
        if (!operator.process.running || !step.is(request, name)) return undefined;
        operator.process.signal('SIGKILL');
        return done ? undefined : 'hang';
      };
    };
    const died = async (): Promise<void> => {
      expect(await operator.process.exited).toBe(137);
      wire.rule = () => undefined;
    };
    const deleted = async (name: string): Promise<void> => {
      await scene.untilGone('TeleportRoleV7', name, 30_000);
      await eventually(async () => expect(await scene.stored('TeleportRoleV7', name)).toBeUndefined());
    };

    const moments = [
      ['before', false],
      ['after', true],
    ] as const;

    describe.each([addFinalizer, writeStatus])('$name', (step) => {
      it.each(moments)(
        '%s it is done',
        async (_, done) => {
          const name = unique('crash');
          await run();
          killAt(step, name, done);
          await scene.create('TeleportRoleV7', name, role);
          await died();
          await run();
          await scene.untilReady('TeleportRoleV7', name, 30_000);
          expect(await scene.stored('TeleportRoleV7', name)).toBeDefined();
          await scene.remove('TeleportRoleV7', name);
          await deleted(name);
        },
        90_000,
      );
    });

    it.each(moments)(
      `an update, ${writeStatus.name}: %s it is done`,
      async (_, done) => {
        const name = unique('crash');
        await run();
        await scene.create('TeleportRoleV7', name, role);
        await scene.untilReady('TeleportRoleV7', name, 30_000);
        killAt(writeStatus, name, done);
        await scene.patch('TeleportRoleV7', name, { spec: logins('two') });
        await died();
        await run();
        await scene.until('TeleportRoleV7', name, { type: 'Ready', status: 'True' }, 30_000);
        await eventually(async () => expect(await loginsOf(scene, name)).toEqual(['two']));
        await scene.remove('TeleportRoleV7', name);
        await deleted(name);
      },
      90_000,
    );

    it.each(moments)(
      `a correction of drift, ${writeStatus.name}: %s it is done`,
      async (_, done) => {
        const name = unique('crash');
        await run();
        await scene.create('TeleportRoleV7', name, role);
        await scene.untilReady('TeleportRoleV7', name, 30_000);
        killAt(writeStatus, name, done);
        await eventually(async () => expect(await loginsOf(scene, name)).toEqual(['one']));
        await editRole(scene, name, (stored) => {
          stored.Spec!.Allow!.Logins = ['root'];
        });
        await died();
        await run();
        await scene.untilReady('TeleportRoleV7', name, 30_000);
        await eventually(async () => expect(await loginsOf(scene, name)).toEqual(['one']));
        await scene.remove('TeleportRoleV7', name);
        await deleted(name);
      },
      90_000,
    );

    describe.each([addFinalizer, writeStatus])('an adoption, $name', (step) => {
      it.each(moments)(
        '%s it is done',
        async (_, done) => {
          const name = unique('crash');
          await makeRole(scene, name, ['theirs']);
          await eventually(async () => expect(await loginsOf(scene, name)).toEqual(['theirs']));
          await run();
          killAt(step, name, done);
          await scene.create('TeleportRoleV7', name, role, annotate({ adopt: 'true' }));
          await died();
          await run();
          await scene.untilReady('TeleportRoleV7', name, 30_000);
          await eventually(async () => expect(await loginsOf(scene, name)).toEqual(['one']));
          await scene.remove('TeleportRoleV7', name);
          await deleted(name);
        },
        90_000,
      );
    });

    it.each(moments)(
      `the recording of a name: %s it is done`,
      async (_, done) => {
        const name = unique('crash');
        const resource = `${name}@example.com`;
        await run();
        killAt(writeStatus, name, done);
        await scene.create('TeleportRoleV7', name, role, annotate({ 'resource-name': resource }));
        await died();
        await run();
        await scene.untilReady('TeleportRoleV7', name, 30_000);
        expect((await scene.find('TeleportRoleV7', name))?.status?.['resourceName']).toBe(resource);
        await eventually(async () => expect(await loginsOf(scene, resource)).toEqual(['one']));
        await scene.remove('TeleportRoleV7', name);
        await scene.untilGone('TeleportRoleV7', name, 30_000);
        await eventually(async () => expect(await loginsOf(scene, resource)).toBeUndefined());
      },
      90_000,
    );

    it.each(moments)(
      `a write that is answered with nothing, ${writeStatus.name}: %s it is done`,
      async (_, done) => {
        const name = unique('crash');
        const at = (port: number) => ({ uri: `http://127.0.0.1:${port}` });
        const uri = async () =>
          ((await scene.stored('TeleportAppV3', name))?.Spec as { URI?: string } | undefined)?.URI;
        await run();
        killAt(writeStatus, name, done);
        await scene.create('TeleportAppV3', name, at(8001));
        await died();
        const made = await eventually(async () => {
          const stored = await scene.stored('TeleportAppV3', name);
          expect(stored).toBeDefined();
          return stored?.Metadata.Revision;
        });
        await run();
        await scene.untilReady('TeleportAppV3', name, 30_000);
        // what the dead one wrote is known again
        expect((await scene.stored('TeleportAppV3', name))?.Metadata.Revision).toBe(made);
        killAt(writeStatus, name, done);
        await scene.patch('TeleportAppV3', name, { spec: at(8002) });
        await died();
        await run();
        await scene.untilReady('TeleportAppV3', name, 30_000);
        await eventually(async () => expect(await uri()).toBe(at(8002).uri));
        await scene.remove('TeleportAppV3', name);
        await scene.untilGone('TeleportAppV3', name, 30_000);
        await eventually(async () => expect(await uri()).toBeUndefined());
      },
      90_000,
    );

    it.each(moments)(
      `${removeFinalizer.name}: %s it is done`,
      async (_, done) => {
        const name = unique('crash');
        await run();
        await scene.create('TeleportRoleV7', name, role);
        await scene.untilReady('TeleportRoleV7', name, 30_000);
        killAt(removeFinalizer, name, done);
        await scene.remove('TeleportRoleV7', name);
        await died();
        await run();
        await deleted(name);
      },
      90_000,
    );
  });
});
