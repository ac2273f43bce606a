// Changes made in Teleport behind the operator's back, while it runs: what is put right, how soon, what is told,
// and what is no drift.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import type { UserV2 } from '../../src/gen/teleport/types/user_pb.js';
import { UsersService } from '../../src/gen/teleport/users/v1/users_service_pb.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import type { RealTeleport } from '../env/teleport-real.js';
import { annotate, editRole, eventsOf, logins, loginsOf, untilEvent } from './acts.js';
import { atWork } from './at-work.js';
import { conditionOf, type Scene, unique } from './scene.js';

describe.each(pairs())('drift, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('of a resource', () => {
    let scene: Scene;
    let operator: RunningOperator;
    atWork(start, (...opened) => {
      [scene, operator] = opened;
    });

    const ready = async (name: string, spec: object, metadata: object = {}): Promise<void> => {
      await scene.create('TeleportRoleV7', name, spec, metadata);
      await scene.untilReady('TeleportRoleV7', name);
      await eventually(async () => expect(await scene.stored('TeleportRoleV7', name)).toBeDefined());
    };
    /** Within five seconds of a change: what the issue asks for. */
    const soon = <T>(attempt: () => Promise<T>) => eventually(attempt, { timeoutMs: 5_000 });
    const revisionOf = async (kind: string, name: string) =>
      (await scene.stored(kind, name))?.Metadata.Revision;

    it('a changed field is put right within 5 s, and an Event names it', async () => {
      const name = unique('drift');
      await ready(name, logins('one'));
      await editRole(scene, name, (role) => {
        role.Spec!.Allow!.Logins = ['root'];
      });
      const { message, type } = await soon(() => untilEvent(scene, name, 'DriftCorrected'));
      expect(type).toBe('Normal');
      expect(message).toContain('allow.logins');
      await soon(async () => expect(await loginsOf(scene, name)).toEqual(['one']));
    });

    it('a grant that was slipped into a field the object does not state is taken back', async () => {
      const name = unique('grant');
      await ready(name, logins('one'));
      await editRole(scene, name, (role) => {
        role.Spec!.Allow!.DatabaseNames = ['payroll'];
      });
      const { message } = await soon(() => untilEvent(scene, name, 'DriftCorrected'));
      expect(message).toContain('db_names');
      await soon(async () => {
        const role = await scene.teleport.admin.unary(AuthService.method.getRole, { Name: name });
        expect(role.Spec?.Allow?.DatabaseNames).toEqual([]);
        expect(role.Spec?.Allow?.Logins).toEqual(['one']);
      });
    });

    it('a deleted resource is made again', async () => {
      const name = unique('deleted');
      await ready(name, logins('one'));
      await scene.teleport.admin.unary(AuthService.method.deleteRole, { Name: name });
      await soon(() => untilEvent(scene, name, 'DriftCorrected'));
      await soon(async () => expect(await loginsOf(scene, name)).toEqual(['one']));
    });

    it('made with tctl is put right and a resource that tctl deleted is made again', async ({ skip }) => {
      const { tctl } = scene.teleport as Partial<RealTeleport>;
      if (!tctl) return skip('the embedded Teleport has no tctl');
      const name = unique('tctl');
      await ready(name, logins('one'));
      const [role] = JSON.parse(await tctl('get', `role/${name}`, '--format=json')) as [
        { spec: { allow: { logins: string[]; kubernetes_groups?: string[] } } },
      ];
      role.spec.allow.logins = ['root'];
      role.spec.allow.kubernetes_groups = ['system:masters'];
      const folder = mkdtempSync(join(tmpdir(), 'drift-'));
      writeFileSync(join(folder, 'role.json'), JSON.stringify(role));
      await tctl('create', '-f', join(folder, 'role.json'));
      rmSync(folder, { recursive: true });
      const { message } = await soon(() => untilEvent(scene, name, 'DriftCorrected'));
      expect(message).toContain('allow.logins');
      expect(message).toContain('allow.kubernetes_groups');
      await soon(async () => expect(await loginsOf(scene, name)).toEqual(['one']));
      await tctl('rm', `role/${name}`);
      await soon(async () => {
        const applied = (await scene.find('TeleportRoleV7', name))?.status?.['applied'];
        const { revision } = applied as { revision: string };
        expect((await scene.stored('TeleportRoleV7', name))?.Metadata.Revision).toBe(revision);
        expect((await eventsOf(scene, name)).map(({ message: text }) => text).join()).toContain(
          'the whole resource',
        );
      });
    }, 40_000);

    it('a label of ownership that was taken away is not fought for: the resource is somebody else’s now', async () => {
      const name = unique('label');
      await ready(name, logins('one'));
      await editRole(scene, name, (role) => {
        role.Metadata!.Labels = {};
        role.Spec!.Allow!.Logins = ['theirs'];
      });
      await scene.until('TeleportRoleV7', name, { type: 'Ready', status: 'False', reason: 'NotOwned' });
      expect(await loginsOf(scene, name)).toEqual(['theirs']);
    });

    it('is reported and left where the object says so, and put right when it says otherwise', async () => {
      const name = unique('report');
      await ready(name, logins('one'), annotate({ drift: 'report' }));
      await editRole(scene, name, (role) => {
        role.Spec!.Allow!.Logins = ['root'];
      });
      const { message } = await scene.until('TeleportRoleV7', name, {
        type: 'Ready',
        status: 'False',
        reason: 'Drifted',
      });
      expect(message).toContain('allow.logins');
      await untilEvent(scene, name, 'Drifted');
      expect(await loginsOf(scene, name)).toEqual(['root']);
      await scene.patch('TeleportRoleV7', name, { metadata: annotate({ drift: 'correct' }) });
      await scene.untilReady('TeleportRoleV7', name);
      await soon(async () => expect(await loginsOf(scene, name)).toEqual(['one']));
    });

    it('is left where the object says ignore; the status says so, and that it is over', async () => {
      const name = unique('ignore');
      await ready(name, logins('one'), annotate({ drift: 'ignore' }));
      const ignored = { type: 'Ready', status: 'True', reason: 'DriftIgnored' } as const;
      await editRole(scene, name, (role) => {
        role.Spec!.Allow!.Logins = ['root'];
      });
      expect((await scene.until('TeleportRoleV7', name, ignored, 5_000)).message).toContain('allow.logins');
      expect(await loginsOf(scene, name)).toEqual(['root']);
      await editRole(scene, name, (role) => {
        role.Spec!.Allow!.Logins = ['one'];
      });
      await scene.until('TeleportRoleV7', name, { type: 'Ready', status: 'True', reason: 'Synced' }, 5_000);
      expect((await eventsOf(scene, name)).map(({ reason }) => reason)).toEqual(['Created']);
    });

    it.each([
      ['ignore', 'Missing'],
      ['report', 'Drifted'],
    ] as const)('of a whole resource is not called ready under %s', async (drift, reason) => {
      const name = unique('missing');
      await ready(name, logins('one'), annotate({ drift }));
      await scene.teleport.admin.unary(AuthService.method.deleteRole, { Name: name });
      const missing = { type: 'Ready', status: 'False', reason } as const;
      const { message } = await scene.until('TeleportRoleV7', name, missing, 5_000);
      expect(message).toContain('deleted in Teleport');
      await untilEvent(scene, name, reason);
      await eventually(async () => expect(await loginsOf(scene, name)).toBeUndefined());
      await scene.patch('TeleportRoleV7', name, { metadata: annotate({ drift: 'correct' }) });
      await scene.untilReady('TeleportRoleV7', name);
      await soon(async () => expect(await loginsOf(scene, name)).toEqual(['one']));
      await scene.patch('TeleportRoleV7', name, { metadata: annotate({ drift }) });
      // deleted for good: nothing is left for the object to hold
      await scene.teleport.admin.unary(AuthService.method.deleteRole, { Name: name });
      await scene.until('TeleportRoleV7', name, missing, 5_000);
      await scene.remove('TeleportRoleV7', name);
      await scene.untilGone('TeleportRoleV7', name, 5_000);
    });

    it('that is reported, and put back by whoever made it, is over', async () => {
      const name = unique('back');
      await ready(name, logins('one'), annotate({ drift: 'report' }));
      for (const [now, status, reason] of [
        ['root', 'False', 'Drifted'],
        ['one', 'True', 'Synced'],
      ] as const) {
        await editRole(scene, name, (role) => {
          role.Spec!.Allow!.Logins = [now];
        });
        await scene.until('TeleportRoleV7', name, { type: 'Ready', status, reason }, 5_000);
      }
    });

    it('that comes back again and again is reported after two tries, and tried anew when asked', async () => {
      const name = unique('fight');
      await ready(name, logins('one'));
      const meddle = () =>
        editRole(scene, name, (role) => {
          role.Spec!.Allow!.Logins = ['root'];
        });
      // Reads lag behind writes, so that the operator's own count tells when a change has been answered.
      const corrections = async (): Promise<number> => {
        const metrics = await (await fetch(operator.metricsUrl)).text();
        return Number(
          /drift_total\{kind="TeleportRoleV7",action="corrected"\} (\d+)/.exec(metrics)?.[1] ?? 0,
        );
      };
      const before = await corrections();
      for (let round = 1; round <= 2; round++) {
        await meddle();
        await soon(async () => expect(await corrections()).toBe(before + round));
        await soon(async () => expect(await loginsOf(scene, name)).toEqual(['one']));
      }
      await meddle();
      const { message } = await scene.until('TeleportRoleV7', name, {
        type: 'Ready',
        status: 'False',
        reason: 'DriftUnresolvable',
      });
      expect(message).toContain('allow.logins');
      expect(await loginsOf(scene, name)).toEqual(['root']);
      expect(conditionOf(await scene.find('TeleportRoleV7', name), 'Stalled')?.status).toBe('True');
      await scene.patch('TeleportRoleV7', name, { metadata: annotate({ 'reconcile-at': 'now' }) });
      await scene.untilReady('TeleportRoleV7', name);
      await soon(async () => expect(await loginsOf(scene, name)).toEqual(['one']));
    }, 40_000);

    it('is not what Teleport itself writes: sign-ins, lockouts and locks', async () => {
      const [name, witness] = [unique('user'), unique('witness')];
      await scene.create('TeleportUser', name, { roles: ['access'] });
      await scene.untilReady('TeleportUser', name);
      const user = (await scene.stored('TeleportUser', name)) as unknown as UserV2;
      user.Spec!.Status = {
        ...user.Spec!.Status,
        IsLocked: true,
        RecoveryAttemptLockExpires: undefined,
      } as never;
      await scene.teleport.admin.unary(UsersService.method.upsertUser, { user });
      await scene.teleport.admin.unary(AuthService.method.upsertLock, {
        Kind: 'lock',
        Version: 'v2',
        Metadata: { Name: unique('lock'), Namespace: 'default' },
        Spec: { Target: { User: name }, Message: 'for a test' },
      });
      const after = await eventually(async () => {
        const revision = await revisionOf('TeleportUser', name);
        expect(revision).not.toBe(user.Metadata!.Revision);
        return revision;
      });
      // a change that is drift, made later and put right, shows that the earlier one was seen and left
      await ready(witness, logins('one'));
      await editRole(scene, witness, (role) => {
        role.Spec!.Allow!.Logins = ['root'];
      });
      await soon(async () => expect(await loginsOf(scene, witness)).toEqual(['one']));
      expect(await revisionOf('TeleportUser', name)).toBe(after);
      expect((await eventsOf(scene, name)).map(({ reason }) => reason)).toEqual(['Created']);
      expect(conditionOf(await scene.find('TeleportUser', name), 'Ready')?.status).toBe('True');
    });

    it('is put right after a restart where it happened while nobody looked', async () => {
      const name = unique('offline');
      await ready(name, logins('one'));
      expect(await operator.stop()).toBe(0);
      await editRole(scene, name, (role) => {
        role.Spec!.Allow!.Logins = ['root'];
      });
      operator = await startOperator(await scene.operator());
      await operator.untilReady();
      await eventually(async () => expect(await loginsOf(scene, name)).toEqual(['one']), {
        timeoutMs: 20_000,
      });
      await untilEvent(scene, name, 'DriftCorrected');
    }, 60_000);

    it('is counted by kind', async () => {
      const metrics = await (await fetch(operator.metricsUrl)).text();
      expect(metrics).toMatch(
        /teleport_operator_drift_total\{kind="TeleportRoleV7",action="corrected"\} [1-9]/,
      );
      expect(metrics).toMatch(/teleport_operator_objects\{kind="TeleportRoleV7",ready="True"\} [1-9]/);
      expect(metrics).toMatch(/teleport_operator_objects\{kind="TeleportRoleV7",ready="False"\} 1/);
      // and so is all the rest that docs/drift.md lists
      const role = 'teleportrolev7';
      for (const line of [
        /^teleport_operator_passes_total\{kind="TeleportRoleV7",outcome="[a-zA-Z]+"\} [1-9]/m,
        /^teleport_operator_teleport_call_duration_seconds_count\{.*method="GetRole",code="OK".*\} [1-9]/m,
        new RegExp(`^controller_runtime_reconcile_time_seconds_count\\{controller="${role}"\\} [1-9]`, 'm'),
        new RegExp(`^workqueue_depth\\{.*name="${role}".*\\} \\d`, 'm'),
        new RegExp(`^teleport_operator_workqueue_oldest_age_seconds\\{name="${role}"\\} \\d`, 'm'),
      ])
        expect(metrics).toMatch(line);
    });
  });
});
