// The whole operator on a real Kubernetes API and a real Teleport, while the cluster's authorities are rotated and while
// its bot is locked: objects keep changing, and every change arrives.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openScene, type Scene, unique } from '../e2e/scene.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import type { RealTeleport } from '../env/teleport-real.js';

const [, real] = pairs();

describe.skipIf(real?.skipped ?? true)('the operator, on real servers', () => {
  let scene: Scene;
  let operator: RunningOperator;
  let teleport: RealTeleport;

  beforeAll(async () => {
    if (!real) throw new Error('no real servers');
    scene = await openScene(await real.start());
    teleport = scene.teleport as RealTeleport;
    operator = await startOperator({ ...(await scene.operator()), flags: ['-sync-period=1h'] });
    await operator.untilReady();
  }, 120_000);
  afterAll(async () => {
    await operator?.stop();
    await scene?.close();
  });

  it.each(['host', 'user'])(
    'goes on through a rotation of the %s authority',
    async (type) => {
      const name = unique('rotating');
      await scene.create('TeleportRoleV7', name, { allow: { logins: ['start'] } });
      await scene.untilReady('TeleportRoleV7', name);
      let changes = 0;
      const change = async (): Promise<void> => {
        const login = `login-${++changes}`;
        await scene.patch('TeleportRoleV7', name, { spec: { allow: { logins: [login] } } });
        await scene.untilReady('TeleportRoleV7', name, 20_000);
      };
      const before = operator.logs().length;
      for (const phase of ['init', 'update_clients', 'update_servers', 'standby']) {
        await teleport.tctl('auth', 'rotate', '--manual', `--type=${type}`, `--phase=${phase}`);
        const end = performance.now() + 5_000;
        while (performance.now() < end) await change();
      }
      const lines = operator.logs().slice(before);
      const refused = lines.filter(
        ({ level, message }) =>
          ['warn', 'error', 'WARN', 'ERROR'].includes(level) && !/Deprecat/.test(message),
      );
      process.stdout.write(`${type}: ${changes} changes of an object, ${refused.length} warnings\n`);
      expect(refused.map(({ message, ...fields }) => `${message} ${JSON.stringify(fields)}`)).toEqual([]);
      expect(lines.filter(({ message }) => message === 'identity renewed').length).toBeGreaterThanOrEqual(3);
      expect((await operator.probe('/readyz')).status).toBe(200);
    },
    120_000,
  );

  it('says that its bot is locked, does not crash, and catches up when the lock is lifted', async () => {
    const name = unique('locked');
    const bot = operator.logs().find(({ message }) => message === 'joined')?.['bot'];
    const out = await teleport.tctl('lock', `--user=bot-${String(bot)}`, '--message=a test');
    const id = /[\da-f]{8}-[\da-f-]{27}/.exec(out)?.[0] ?? '';
    await scene.create('TeleportRoleV7', name, { allow: { logins: ['one'] } });
    await eventually(
      async () => {
        const { status, text } = await operator.probe('/readyz');
        expect(status).toBe(503);
        expect(text).toMatch(/lock/);
      },
      { timeoutMs: 30_000, intervalMs: 300 },
    );
    expect(operator.process.running).toBe(true);
    await teleport.tctl('rm', `lock/${id}`);
    await scene.untilReady('TeleportRoleV7', name, 90_000);
    await eventually(async () => expect((await operator.probe('/readyz')).status).toBe(200), {
      timeoutMs: 60_000,
      intervalMs: 300,
    });
  }, 200_000);
});
