// What single kinds do differently, declared by each and known to nothing else: keys and dates that stay, names that
// are Teleport's, siblings that share names, resources that the bot is not shown.
import { create } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import type { AccessList } from '../../src/gen/teleport/accesslist/v1/accesslist_pb.js';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import type { LockV2 } from '../../src/gen/teleport/types/lock_pb.js';
import type { SAMLConnectorV2 } from '../../src/gen/teleport/types/saml_connector_pb.js';
import type { SAMLIdPServiceProviderV1 } from '../../src/gen/teleport/types/saml_idp_service_provider_pb.js';
import { LoginStatusSchema } from '../../src/gen/teleport/types/user_pb.js';
import { UsersService } from '../../src/gen/teleport/users/v1/users_service_pb.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import type { RunningOperator } from '../env/operator.js';
import { operatorRole } from '../env/teleport-bot.js';
import type { RunningEmbeddedTeleport } from '../env/teleport-embedded.js';
import { atWork } from './at-work.js';
import { type Scene, unique } from './scene.js';

const notReady = (reason: string) => ({ type: 'Ready', status: 'False', reason }) as const;

describe.each(pairs({ enterprise: true }))('special kinds, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('with the operator running', () => {
    let scene: Scene;
    let operator: RunningOperator;
    atWork(start, (...opened) => {
      [scene, operator] = opened;
    });
    const isReal = () => scene.teleport.kind === 'teleport';
    const embedded = () => (scene.teleport as RunningEmbeddedTeleport).server;

    it('a SAML connector keeps the key pair that Teleport made', async ({ skip }) => {
      if (isReal()) return skip('needs Teleport Enterprise');
      const kind = 'TeleportSAMLConnector';
      const name = unique('saml');
      const spec = {
        acs: `https://t/acs/${name}`,
        issuer: 'i',
        sso: 'https://idp/sso',
        attributes_to_roles: [{ name: 'g', value: 'v', roles: ['access'] }],
      };
      const pair = () => (embedded().resources.get('saml', name) as SAMLConnectorV2).Spec?.SigningKeyPair;
      await scene.create(kind, name, spec);
      await scene.untilReady(kind, name, 45_000);
      const made = pair();
      expect(made?.PrivateKey).toMatch(/PRIVATE KEY/);
      await scene.patch(kind, name, { spec: { display: 'Other' } });
      await scene.untilReady(kind, name);
      expect((embedded().resources.get('saml', name) as SAMLConnectorV2).Spec?.Display).toBe('Other');
      expect(pair()).toEqual(made);
      expect(operator.output()).not.toContain(made?.PrivateKey.split('\n')[1]);
    }, 60_000);

    it('a SAML connector waits for a role that it names', async ({ skip }) => {
      if (isReal()) return skip('needs Teleport Enterprise');
      const kind = 'TeleportSAMLConnector';
      const [name, role] = [unique('saml'), unique('role')];
      await scene.create(kind, name, {
        acs: `https://t/acs/${name}`,
        issuer: 'i',
        sso: 'https://idp/sso',
        attributes_to_roles: [{ name: 'g', value: 'v', roles: [role] }],
      });
      await scene.until(kind, name, notReady('DependencyNotReady'));
      await scene.create('TeleportRoleV7', role, { allow: { logins: ['one'] } });
      await scene.untilReady(kind, name);
    }, 60_000);

    it('an access list keeps the day of its next review', async ({ skip }) => {
      if (isReal()) return skip('needs Teleport Enterprise');
      const kind = 'TeleportAccessList';
      const name = unique('list');
      await scene.create(kind, name, {
        title: 'one',
        owners: [{ name: 'alice' }],
        audit: { recurrence: { frequency: '6months' }, next_audit_date: '2030-01-01T00:00:00Z' },
        grants: { roles: ['access'] },
      });
      await scene.untilReady(kind, name, 45_000);
      const list = () => embedded().resources.get('access_list', name) as AccessList;
      expect(list().spec?.audit?.nextAuditDate?.seconds).toBe(1_893_456_000n);
      await scene.patch(kind, name, {
        spec: { title: 'two', audit: { next_audit_date: '2020-01-01T00:00:00Z' } },
      });
      await expect.poll(() => list().spec?.title, { timeout: 10_000 }).toBe('two');
      expect(list().spec?.audit?.nextAuditDate?.seconds).toBe(1_893_456_000n);
    }, 60_000);

    it('a lock keeps when and by whom it was made', async () => {
      const name = unique('lock');
      await scene.create('TeleportLockV2', name, { target: { user: 'mallory' }, message: 'one' });
      await scene.untilReady('TeleportLockV2', name, 45_000);
      const lock = async () => (await scene.stored('TeleportLockV2', name)) as unknown as LockV2 | undefined;
      const { CreatedAt, CreatedBy } = (await lock())?.Spec ?? {};
      expect(CreatedBy).toMatch(/^bot-operator/);
      await scene.patch('TeleportLockV2', name, { spec: { message: 'two' } });
      await expect.poll(async () => (await lock())?.Spec?.Message, { timeout: 10_000 }).toBe('two');
      expect((await lock())?.Spec).toMatchObject({ CreatedAt, CreatedBy });
    }, 60_000);

    it('a user stays locked, and keeps devices, whatever the object changes', async () => {
      const name = unique('user');
      await scene.create('TeleportUser', name, { roles: ['access'] });
      await scene.untilReady('TeleportUser', name, 45_000);
      const { admin } = scene.teleport;
      await eventually(async () => {
        // Reads of a real Teleport are behind; an update needs the latest revision.
        const { user } = await admin.unary(UsersService.method.getUser, { name });
        if (!user?.Spec) throw new Error(`there is no user ${name}`);
        user.Spec.Status = create(LoginStatusSchema, { IsLocked: true, LockedMessage: 'stolen laptop' });
        user.Spec.TrustedDeviceIDs = ['device'];
        await admin.unary(UsersService.method.updateUser, { user });
      });
      await scene.patch('TeleportUser', name, { spec: { roles: ['editor'] } });
      const spec = async () => (await scene.stored('TeleportUser', name))?.Spec;
      await expect.poll(async () => (await spec())?.['Roles'], { timeout: 20_000 }).toEqual(['editor']);
      expect(await spec()).toMatchObject({
        Status: { IsLocked: true, LockedMessage: 'stolen laptop' },
        TrustedDeviceIDs: ['device'],
      });
    }, 60_000);

    it('roles are written with the RPCs that the server has', async ({ skip }) => {
      if (isReal()) return skip('a real one has them all');
      const name = unique('role');
      const { faults, calls } = embedded();
      const unknown = 'unknown method for service proto.AuthService';
      faults.fail(Code.Unimplemented, unknown, {
        method: /\/(Create|Update)Role$|UpsertRoleV2/,
        times: Infinity,
      });
      calls.clear();
      await scene.create('TeleportRoleV7', name, { allow: { logins: ['one'] } });
      await scene.untilReady('TeleportRoleV7', name, 45_000);
      await scene.patch('TeleportRoleV7', name, { spec: { allow: { logins: ['two'] } } });
      await scene.untilReady('TeleportRoleV7', name);
      const role = (await scene.stored('TeleportRoleV7', name)) as
        | { Spec: { Allow?: { Logins: string[] } } }
        | undefined;
      expect(role?.Spec.Allow?.Logins).toEqual(['two']);
      expect(calls.of('UpsertRole').map(({ code }) => code)).toEqual([0, 0]);
      faults.clear();
    }, 60_000);

    it('a service that the server lacks is a reason, and one that comes is used', async ({ skip }) => {
      if (isReal()) return skip('a real one can not be told to lack it');
      const kind = 'TeleportWorkloadIdentityV1';
      const name = unique('identity');
      const { faults } = embedded();
      faults.fail(Code.Unimplemented, 'unknown service', {
        method: /WorkloadIdentityResourceService/,
        times: Infinity,
      });
      await scene.create(kind, name, {
        spiffe: { id: '/a' },
        rules: { allow: [{ conditions: [{ attribute: 'user.name', eq: { value: 'x' } }] }] },
      });
      const { message } = await scene.until(kind, name, notReady('KindDisabled'), 30_000);
      expect(message).toContain('another version or edition of Teleport');
      faults.clear();
      await scene.untilReady(kind, name, 60_000);
    }, 100_000);

    it('a service provider keeps its descriptor, and its addresses for good', async () => {
      const kind = 'TeleportSAMLIdPServiceProviderV1';
      const name = unique('sp');
      const id = `https://127.0.0.1:1/${name}`;
      const stored = async () =>
        ((await scene.stored(kind, name)) as unknown as SAMLIdPServiceProviderV1 | undefined)?.Spec;
      await scene.create(kind, name, { entity_id: id, acs_url: 'https://sp.example.com/acs' });
      await scene.untilReady(kind, name, 45_000);
      const { EntityDescriptor } = (await stored()) ?? {};
      expect(EntityDescriptor).toContain(id);
      await scene.patch(kind, name, { spec: { relay_state: 'there' } });
      await scene.untilReady(kind, name);
      await expect.poll(async () => (await stored())?.RelayState, { timeout: 10_000 }).toBe('there');
      await scene.patch(kind, name, { spec: { acs_url: 'https://sp.example.com/other' } });
      const { message } = await scene.until(kind, name, notReady('FieldImmutable'));
      expect(message).toMatch(/ACSURL|acs_url/);
      await scene.patch(kind, name, { spec: { acs_url: 'https://sp.example.com/acs' } });
      await scene.untilReady(kind, name);
    }, 60_000);

    it('managed updates take no other name, and an object of another name deletes nothing', async () => {
      const kind = 'TeleportAutoupdateVersionV1';
      const spec = { tools: { target_version: '18.0.0' } };
      await scene.create(kind, 'autoupdate-version', spec);
      await scene.untilReady(kind, 'autoupdate-version', 45_000);
      await scene.create(kind, 'another', spec);
      const { message } = await scene.until(kind, 'another', notReady('NameNotAllowed'));
      expect(message).toContain('autoupdate-version');
      await scene.remove(kind, 'another');
      await scene.untilGone(kind, 'another');
      await expect.poll(() => scene.stored(kind, 'autoupdate-version'), { timeout: 10_000 }).toBeDefined();
      await scene.remove(kind, 'autoupdate-version');
      await scene.untilGone(kind, 'autoupdate-version');
      await expect.poll(() => scene.stored(kind, 'autoupdate-version'), { timeout: 10_000 }).toBeUndefined();
    }, 60_000);

    it('nodes of two kinds share their names, and none takes the other', async () => {
      const name = unique('node');
      const spec = { addr: '192.0.2.1:22', hostname: 'host' };
      await scene.create('TeleportOpenSSHServerV2', name, spec);
      await scene.untilReady('TeleportOpenSSHServerV2', name, 45_000);
      await scene.create('TeleportOpenSSHEICEServerV2', name, {
        ...spec,
        cloud_metadata: {
          aws: {
            account_id: '123456789012',
            instance_id: 'i-1',
            region: 'us-east-1',
            vpc_id: 'vpc-1',
            subnet_id: 'subnet-1',
            integration: 'aws',
          },
        },
      });
      const condition = await scene.until('TeleportOpenSSHEICEServerV2', name, {
        type: 'Ready',
        status: 'False',
      });
      expect(condition.reason).toMatch(/NotOwned|Conflict/);
      await scene.remove('TeleportOpenSSHEICEServerV2', name);
      await scene.untilGone('TeleportOpenSSHEICEServerV2', name);
      const left = await scene.stored('TeleportOpenSSHServerV2', name);
      expect((left as unknown as { SubKind: string }).SubKind).toBe('openssh');
    }, 60_000);

    it('names that Kubernetes can not hold stand in an annotation, and are not changed later', async () => {
      const name = unique('alice');
      const real = `${name}@example.com`;
      const annotations = { 'teleport.dev/resource-name': real };
      await scene.create('TeleportUser', name, { roles: ['access'] }, { annotations });
      await scene.untilReady('TeleportUser', name, 45_000);
      expect((await scene.find('TeleportUser', name))?.status?.['resourceName']).toBe(real);
      expect(await scene.stored('TeleportUser', real)).toBeDefined();
      await scene.patch('TeleportUser', name, {
        metadata: { annotations: { 'teleport.dev/resource-name': 'other' } },
      });
      await scene.until('TeleportUser', name, notReady('NameImmutable'));
      expect(await scene.stored('TeleportUser', 'other')).toBeUndefined();
      await scene.remove('TeleportUser', name);
      await scene.untilGone('TeleportUser', name);
      await expect.poll(() => scene.stored('TeleportUser', real), { timeout: 10_000 }).toBeUndefined();
    }, 60_000);

    it('nodes that the bot is not shown are written once, and say what is needed', async () => {
      const { admin } = scene.teleport;
      const role = await admin.unary(AuthService.method.getRole, { Name: operatorRole });
      const labels = role.Spec?.Allow?.NodeLabels;
      if (role.Spec?.Allow) delete role.Spec.Allow.NodeLabels;
      await admin.unary(AuthService.method.upsertRoleV2, { Role: role });
      // Auth takes a moment to know it.
      await new Promise((resolve) => setTimeout(resolve, isReal() ? 1_500 : 0));
      const kind = 'TeleportOpenSSHServerV2';
      const name = unique('hidden');
      await scene.create(kind, name, { addr: '192.0.2.1:22', hostname: 'host' });
      const { message } = await scene.until(kind, name, notReady('NotReadable'), 30_000);
      expect(message).toContain('node_labels');
      const { Metadata } = (await scene.stored(kind, name)) ?? {};
      // Several tries later it is still the one that was written first.
      await expect
        .poll(() => operator.logs().filter(({ message: line }) => line === 'Still not reconciled').length, {
          timeout: 20_000,
        })
        .toBeGreaterThan(1);
      expect((await scene.stored(kind, name))?.Metadata.Revision).toBe(Metadata?.Revision);
      if (role.Spec?.Allow && labels) role.Spec.Allow.NodeLabels = labels;
      await admin.unary(AuthService.method.upsertRoleV2, { Role: role });
      await scene.untilReady(kind, name, 60_000);
      expect((await scene.stored(kind, name))?.Metadata.Revision).toBe(Metadata?.Revision);
      await scene.remove(kind, name);
      await scene.untilGone(kind, name);
    }, 120_000);
  });
});
