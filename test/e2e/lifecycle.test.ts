// The life of one object at a time, on a running operator: made, changed, refused, kept, ignored, blocked,
// released. Each test has names of its own; all share the servers and the operator.
import { describe, expect, it } from 'vitest';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { UsersService } from '../../src/gen/teleport/users/v1/users_service_pb.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import { logins } from './acts.js';
import { atWork } from './at-work.js';
import { conditionOf, finalizer, origin, type Scene, unique } from './scene.js';

describe.each(pairs())('an object, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('with the operator running', () => {
    let scene: Scene;
    atWork(start, (opened) => {
      scene = opened;
    });

    const allowedLogins = async (kind: string, name: string): Promise<string[] | undefined> => {
      const role = await scene.stored(kind, name);
      return role && (role.Spec['Allow'] as { Logins: string[] }).Logins;
    };

    it('is made, changed and deleted in Teleport', async () => {
      const name = unique('role');
      await scene.create('TeleportRoleV7', name, logins('one'), {
        labels: { team: 'platform' },
        annotations: { description: 'what it is for' },
      });
      await scene.untilReady('TeleportRoleV7', name);
      const made = await scene.stored('TeleportRoleV7', name);
      expect(made?.Version).toBe('v7');
      expect(made?.Metadata.Labels).toMatchObject({ team: 'platform', [origin]: 'kubernetes' });
      expect(made?.Metadata.Description).toBe('what it is for');
      expect((await scene.find('TeleportRoleV7', name))?.metadata.finalizers).toEqual([finalizer]);

      await scene.patch('TeleportRoleV7', name, { spec: logins('one', 'two') });
      await scene.untilReady('TeleportRoleV7', name);
      await eventually(async () =>
        expect(await allowedLogins('TeleportRoleV7', name)).toEqual(['one', 'two']),
      );

      await scene.remove('TeleportRoleV7', name);
      await scene.untilGone('TeleportRoleV7', name);
      await eventually(async () => expect(await scene.stored('TeleportRoleV7', name)).toBeUndefined());
    });

    it('has truthful conditions with the generation they are about', async () => {
      const name = unique('role');
      await scene.create('TeleportRoleV8', name, logins('one'));
      await scene.untilReady('TeleportRoleV8', name);
      await scene.patch('TeleportRoleV8', name, { spec: logins('two') });
      await scene.until('TeleportRoleV8', name, {
        type: 'SuccessfullyReconciled',
        status: 'True',
        reason: 'NoError',
      });
      const object = await scene.find('TeleportRoleV8', name);
      expect(object?.metadata.generation).toBe(2);
      expect(object?.status?.['observedGeneration']).toBe(2);
      expect(conditionOf(object, 'ValidStructure')).toMatchObject({ status: 'True', reason: 'NoError' });
      expect(conditionOf(object, 'TeleportResourceOwned')).toMatchObject({ status: 'True' });
    });

    it('waits for a role that does not exist yet, says which, and goes on when it comes', async () => {
      const [user, role] = [unique('user'), unique('late')];
      await scene.create('TeleportUser', user, { roles: [role] });
      const ready = await scene.until('TeleportUser', user, { type: 'Ready', status: 'False' });
      expect(ready.message).toContain(`role ${role}`);
      const reconciled = await scene.until('TeleportUser', user, {
        type: 'SuccessfullyReconciled',
        status: 'False',
        reason: 'TeleportError',
      });
      expect(reconciled.message).toContain(`role ${role}`);
      expect(await scene.stored('TeleportUser', user)).toBeUndefined();

      await scene.create('TeleportRoleV7', role, logins('one'));
      await scene.untilReady('TeleportUser', user, 30_000);
      expect((await scene.stored('TeleportUser', user))?.Spec['Roles']).toEqual([role]);
    });

    it('leaves alone what is not its own, and goes without it', async () => {
      const name = unique('theirs');
      await scene.teleport.admin.unary(AuthService.method.upsertRoleV2, {
        Role: {
          Kind: 'role',
          Version: 'v7',
          Metadata: { Name: name, Namespace: 'default', Labels: { made: 'by hand' } },
          Spec: { Allow: { Logins: ['theirs'] } },
        },
      });
      await scene.create('TeleportRoleV7', name, logins('ours'));
      await scene.until('TeleportRoleV7', name, {
        type: 'TeleportResourceOwned',
        status: 'False',
        reason: 'OriginLabelNotMatching',
      });
      await scene.until('TeleportRoleV7', name, { type: 'SuccessfullyReconciled', status: 'False' });
      const before = await scene.stored('TeleportRoleV7', name);

      await scene.remove('TeleportRoleV7', name);
      await scene.untilGone('TeleportRoleV7', name);
      const after = await scene.stored('TeleportRoleV7', name);
      expect(after?.Metadata.Revision).toBe(before?.Metadata.Revision);
      expect(await allowedLogins('TeleportRoleV7', name)).toEqual(['theirs']);
    });

    it('keeps its resource when asked to: a role moves from V6 to V7', async () => {
      const name = unique('moving');
      await scene.create('TeleportRoleV6', name, logins('one'), {
        annotations: { 'teleport.dev/keep': 'true' },
      });
      await scene.untilReady('TeleportRoleV6', name);
      await scene.remove('TeleportRoleV6', name);
      await scene.untilGone('TeleportRoleV6', name);
      expect((await scene.stored('TeleportRoleV6', name))?.Version).toBe('v6');

      await scene.create('TeleportRoleV7', name, logins('one'));
      await scene.untilReady('TeleportRoleV7', name);
      await eventually(async () => expect((await scene.stored('TeleportRoleV7', name))?.Version).toBe('v7'));
    });

    it('is ignored when asked to, at creation, change and deletion', async () => {
      const name = unique('ignored');
      const ignore = (value: string | null) => ({
        metadata: { annotations: { 'teleport.dev/ignore': value } },
      });
      await scene.create('TeleportRoleV7', name, logins('one'), {
        annotations: { 'teleport.dev/ignore': 'true' },
      });
      await scene.until('TeleportRoleV7', name, { type: 'Ready', status: 'Unknown', reason: 'Ignored' });
      expect(await scene.stored('TeleportRoleV7', name)).toBeUndefined();

      await scene.patch('TeleportRoleV7', name, ignore(null));
      await scene.untilReady('TeleportRoleV7', name);
      await scene.patch('TeleportRoleV7', name, { ...ignore('true'), spec: logins('two') });
      await scene.until('TeleportRoleV7', name, { type: 'Ready', status: 'Unknown', reason: 'Ignored' });
      expect(await allowedLogins('TeleportRoleV7', name)).toEqual(['one']);

      await scene.remove('TeleportRoleV7', name);
      const waiting = await eventually(async () => {
        const object = await scene.find('TeleportRoleV7', name);
        expect(object?.metadata.deletionTimestamp).toBeDefined();
        expect(conditionOf(object, 'Ready')?.message).toMatch(/deletion waits/i);
        return object;
      });
      expect(waiting?.metadata.finalizers).toEqual([finalizer]);
      expect(await allowedLogins('TeleportRoleV7', name)).toEqual(['one']);

      await scene.patch('TeleportRoleV7', name, ignore(null));
      await scene.untilGone('TeleportRoleV7', name);
      await eventually(async () => expect(await scene.stored('TeleportRoleV7', name)).toBeUndefined());
    });

    it('stays while its role is in use, says so, and goes when the user has gone', async () => {
      const [role, user] = [unique('held'), unique('holder')];
      await scene.create('TeleportRoleV7', role, logins('one'));
      await scene.untilReady('TeleportRoleV7', role);
      await scene.create('TeleportUser', user, { roles: [role] });
      await scene.untilReady('TeleportUser', user);

      await scene.remove('TeleportRoleV7', role);
      const ready = await scene.until('TeleportRoleV7', role, { type: 'Ready', status: 'False' });
      expect(ready.message).toMatch(/in use|used by/i);
      expect(await scene.stored('TeleportRoleV7', role)).toBeDefined();

      await scene.remove('TeleportUser', user);
      await scene.untilGone('TeleportUser', user);
      await scene.untilGone('TeleportRoleV7', role, 30_000);
      await eventually(async () => expect(await scene.stored('TeleportRoleV7', role)).toBeUndefined());
    });

    it('puts a finalizer back that somebody took away, and lets go when that is done on purpose', async () => {
      const [role, user] = [unique('held'), unique('holder')];
      await scene.create('TeleportRoleV7', role, logins('one'));
      await scene.untilReady('TeleportRoleV7', role);
      await scene.patch('TeleportRoleV7', role, { metadata: { finalizers: null } });
      await eventually(async () =>
        expect((await scene.find('TeleportRoleV7', role))?.metadata.finalizers).toEqual([finalizer]),
      );

      await scene.create('TeleportUser', user, { roles: [role] });
      await scene.untilReady('TeleportUser', user);
      await scene.remove('TeleportRoleV7', role);
      await scene.until('TeleportRoleV7', role, { type: 'Ready', status: 'False' });
      await scene.patch('TeleportRoleV7', role, { metadata: { finalizers: null } });
      await scene.untilGone('TeleportRoleV7', role);
      expect(await scene.stored('TeleportRoleV7', role)).toBeDefined();
      await scene.remove('TeleportUser', user);
      await scene.untilGone('TeleportUser', user);
    });

    it('that cannot be decoded says which field, changes nothing, and can be corrected or deleted', async () => {
      const name = unique('odd');
      await scene.create('TeleportRoleV7', name, { allow: { logins: ['one'], node_labels: { env: 5 } } });
      const valid = await scene.until('TeleportRoleV7', name, {
        type: 'ValidStructure',
        status: 'False',
        reason: 'FailedToDecode',
      });
      expect(valid.message).toContain('node_labels');
      await scene.until('TeleportRoleV7', name, { type: 'Ready', status: 'False', reason: 'FailedToDecode' });
      expect(await scene.stored('TeleportRoleV7', name)).toBeUndefined();

      await scene.patch('TeleportRoleV7', name, { spec: { allow: { node_labels: { env: 'prod' } } } });
      await scene.untilReady('TeleportRoleV7', name);
      await scene.patch('TeleportRoleV7', name, { spec: { allow: { node_labels: { env: 5 } } } });
      await scene.until('TeleportRoleV7', name, { type: 'ValidStructure', status: 'False' });
      await scene.remove('TeleportRoleV7', name);
      await scene.untilGone('TeleportRoleV7', name);
      await eventually(async () => expect(await scene.stored('TeleportRoleV7', name)).toBeUndefined());
    });

    it('whose one-time token was used is Consumed, and is made again only for another spec', async () => {
      const name = unique('once');
      const spec = { join_method: 'token', roles: ['Bot'], bot_name: unique('bot') };
      await scene.create('TeleportProvisionToken', name, spec);
      await scene.untilReady('TeleportProvisionToken', name);
      // what Auth does at the first join with it
      await scene.teleport.admin.unary(AuthService.method.deleteToken, { Name: name });
      await eventually(async () =>
        expect(await scene.stored('TeleportProvisionToken', name)).toBeUndefined(),
      );

      await scene.patch('TeleportProvisionToken', name, { metadata: { annotations: { look: 'again' } } });
      await scene.until('TeleportProvisionToken', name, {
        type: 'Ready',
        status: 'True',
        reason: 'Consumed',
      });
      expect(await scene.stored('TeleportProvisionToken', name)).toBeUndefined();

      await scene.patch('TeleportProvisionToken', name, { spec: { bot_name: unique('bot') } });
      await scene.until('TeleportProvisionToken', name, { type: 'Ready', status: 'True', reason: 'Synced' });
      expect(await scene.stored('TeleportProvisionToken', name)).toBeDefined();
    });

    it('keeps what Teleport itself writes into a user', async () => {
      const name = unique('user');
      await scene.create('TeleportUser', name, { roles: ['access'], traits: { logins: ['one'] } });
      await scene.untilReady('TeleportUser', name);
      const made = await scene.stored('TeleportUser', name);
      await scene.patch('TeleportUser', name, { spec: { traits: { logins: ['two'] } } });
      await scene.untilReady('TeleportUser', name);
      const changed = await eventually(async () => {
        const user = await scene.teleport.admin.unary(UsersService.method.getUser, { name });
        expect(user.user?.Spec?.Traits?.Values['logins']?.Values).toEqual(['two']);
        return user.user;
      });
      expect(changed?.Spec?.CreatedBy).toEqual(made?.Spec['CreatedBy']);
      expect(changed?.Spec?.CreatedBy?.User?.Name).toMatch(/^bot-/);
    });

    it('that was changed in Teleport is put right at its next pass', async () => {
      const name = unique('drift');
      await scene.create('TeleportRoleV7', name, logins('one'));
      await scene.untilReady('TeleportRoleV7', name);
      const role = (await scene.stored('TeleportRoleV7', name))!;
      (role.Spec['Allow'] as { Logins: string[] }).Logins = ['root'];
      await scene.teleport.admin.unary(AuthService.method.upsertRoleV2, { Role: role as never });
      await scene.patch('TeleportRoleV7', name, { metadata: { annotations: { look: 'again' } } });
      // Teleport's word of the change may have brought the correction before: the revision tells that there was one.
      await eventually(async () => {
        const now = await scene.stored('TeleportRoleV7', name);
        expect(now?.Metadata.Revision).not.toBe(role.Metadata.Revision);
        expect(await allowedLogins('TeleportRoleV7', name)).toEqual(['one']);
      });
    });

    it('that was deleted in Teleport while nobody looked goes without complaint', async () => {
      const name = unique('gone');
      // or it would be made again before anybody sees that it is gone
      const annotations = { 'teleport.dev/drift': 'ignore' };
      await scene.create('TeleportRoleV7', name, logins('one'), { annotations });
      await scene.untilReady('TeleportRoleV7', name);
      await scene.teleport.admin.unary(AuthService.method.deleteRole, { Name: name });
      await eventually(async () => expect(await scene.stored('TeleportRoleV7', name)).toBeUndefined());
      await scene.remove('TeleportRoleV7', name);
      await scene.untilGone('TeleportRoleV7', name);
    });

    it('has an Event for what happened to it', async () => {
      const name = unique('told');
      await scene.create('TeleportRoleV7', name, logins('one'));
      await scene.untilReady('TeleportRoleV7', name);
      const events = await eventually(async () => {
        const found = await scene.admin.list(`/api/v1/namespaces/${scene.namespace}/events`);
        const about = (
          found as unknown as { involvedObject: { name: string }; reason: string; type: string }[]
        ).filter(({ involvedObject }) => involvedObject.name === name);
        expect(about.length).toBeGreaterThan(0);
        return about;
      });
      expect(events).toMatchObject([{ type: 'Normal', reason: 'Created' }]);
    });
  });
});
