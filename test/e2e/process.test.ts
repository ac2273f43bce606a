// The operator as a process: exit codes, probes, metrics, log lines, draining.
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { operatorProgram } from '../env/build.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import type { RunningOperator } from '../env/operator.js';
import { atWork } from './at-work.js';
import { type Scene, unique } from './scene.js';

const run = (...args: string[]) =>
  spawnSync(process.execPath, [operatorProgram(), ...args], {
    encoding: 'utf8',
    timeout: 20_000,
    env: { HOME: '/nowhere' },
  });

describe('the command', () => {
  it('prints its version and its flags', () => {
    const version = run('version');
    expect(version).toMatchObject({ status: 0 });
    expect(version.stdout).toMatch(/\d+\.\d+\.\d+/);
    for (const other of ['--version', '-version']) expect(run(other).stdout).toBe(version.stdout);
    const help = run('-h');
    expect(help).toMatchObject({ status: 0 });
    expect(help.stdout).toContain('-auth-server');
  });

  it('lists every mistake in its settings and ends with 2', () => {
    const { status, stdout, stderr } = run(
      '-sync-period=soon',
      '-log-level=loud',
      '-no-such-flag=1',
      '-join-method=carrier-pigeon',
    );
    expect(status).toBe(2);
    for (const word of ['sync-period', 'soon', 'log-level', 'loud', 'no-such-flag'])
      expect(stdout + stderr).toContain(word);
  });

  it('refuses -insecure together with a pin', () => {
    const { status, stdout, stderr } = run('-insecure', `-ca-pin=sha256:${'0'.repeat(64)}`, '-namespace=x');
    expect(status).toBe(2);
    expect(stdout + stderr).toMatch(/insecure.*ca-pin|ca-pin.*insecure/s);
  });
});

describe.each(pairs())('the process, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('running', () => {
    let scene: Scene;
    let operator: RunningOperator;
    atWork(start, (...opened) => {
      [scene, operator] = opened;
    });

    it('answers probes and shows metrics', async () => {
      expect((await operator.probe('/healthz')).status).toBe(200);
      expect((await operator.probe('/readyz')).status).toBe(200);
      const metrics = await (await fetch(operator.metricsUrl)).text();
      expect(metrics).toMatch(/^# TYPE /m);
      expect(metrics).toContain('teleport_operator_');
    });

    it('logs JSON lines only, each with level, component and timestamp', async () => {
      const name = unique('role');
      await scene.create('TeleportRoleV7', name, { allow: { logins: ['one'] } });
      await scene.untilReady('TeleportRoleV7', name);
      const lines = operator.output().trimEnd().split('\n');
      expect(lines).toHaveLength(operator.logs().length);
      for (const line of operator.logs()) {
        expect(line).toMatchObject({
          level: expect.stringMatching(/^(DEBUG|INFO|WARN|ERROR)$/),
          component: expect.any(String),
        });
        expect(Date.parse(String(line['timestamp']))).not.toBeNaN();
      }
    });

    it('gives every line of a pass the same id', async () => {
      const name = unique('role');
      await scene.create('TeleportRoleV7', name, { allow: { logins: ['one'] } });
      await scene.untilReady('TeleportRoleV7', name);
      const line = await eventually(() => {
        const found = operator
          .logs()
          .find((entry) => entry.message === 'Reconciled' && JSON.stringify(entry).includes(name));
        return found ?? false;
      });
      expect(Object.keys(line)).toEqual(expect.arrayContaining([expect.stringMatching(/pass/i)]));
    });

    it('finishes its work at SIGTERM, within 10 s, and ends with 0', async () => {
      const names = Array.from({ length: 30 }, () => unique('many'));
      await Promise.all(
        names.map((name) => scene.create('TeleportRoleV7', name, { allow: { logins: ['one'] } })),
      );
      const asked = performance.now();
      expect(await operator.stop()).toBe(0);
      expect(performance.now() - asked).toBeLessThan(10_000);
      // every object is either untouched, or as Teleport has it: no half of a pass is left
      const torn: string[] = [];
      for (const name of names) {
        const object = await scene.find('TeleportRoleV7', name);
        const made = (await scene.stored('TeleportRoleV7', name)) !== undefined;
        const conditions = (object?.status?.['conditions'] ?? []) as { type: string; status: string }[];
        const ready = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
        if (made !== ready) torn.push(name);
      }
      expect(torn).toEqual([]);
    }, 60_000);
  });
});
