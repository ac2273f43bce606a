// Contract: roles, as stored, refused, versioned and deleted.

import type { MessageInitShape } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { fillAlways } from '../../../sandbox/teleport/state/always.js';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { type RoleV6, RoleV6Schema } from '../../../src/gen/teleport/types/role_pb.js';
import { UsersService } from '../../../src/gen/teleport/users/v1/users_service_pb.js';
import { roleDefaults } from '../../../src/kinds/role-defaults.js';
import { eventually } from '../../env/eventually.js';
import type { RunningTeleport } from '../../env/types.js';
import { expectRefusal, unique } from './expectations.js';

const rpc = AuthService.method;
type RoleInit = Exclude<MessageInitShape<typeof RoleV6Schema>, RoleV6>;

export function rolesContract(teleport: () => RunningTeleport): void {
  const role = (name: string, init: RoleInit = {}): RoleV6 =>
    create(RoleV6Schema, { Version: 'v7', Metadata: { Name: name }, Spec: {}, ...init });
  const upsert = (given: RoleV6) => teleport().admin.unary(rpc.upsertRoleV2, { Role: given });
  const get = (name: string) => teleport().admin.unary(rpc.getRole, { Name: name });

  it('stores a role with its defaults and answers it with a revision', async () => {
    const name = unique('role');
    for (const version of ['v5', 'v6', 'v7', 'v8']) {
      const given = role(name, { Version: version, Spec: { Allow: { Logins: ['root'] } } });
      const stored = await upsert(given);
      expect(stored.Metadata?.Revision).toMatch(/^[0-9a-f-]{36}$/);
      expect(stored.Kind).toBe('role');
      expect(stored.Version).toBe(version);
      expect(stored.Metadata?.Namespace).toBe('default');
      const wanted = role(name, { Version: version, Spec: { Allow: { Logins: ['root'] } } });
      roleDefaults(wanted);
      fillAlways(RoleV6Schema, wanted);
      expect(stored.Spec).toEqual(wanted.Spec);
    }
  });

  it('gives every write a new revision, and UpsertRoleV2 ignores a stale one', async () => {
    const name = unique('role');
    const first = await upsert(role(name));
    const second = await upsert(role(name));
    expect(second.Metadata?.Revision).not.toBe(first.Metadata?.Revision);
    await upsert(role(name, { Metadata: { Name: name, Revision: first.Metadata?.Revision ?? '' } }));
  });

  it('stores an unknown version as v8', async () => {
    for (const version of ['v99', 'v9', '']) {
      expect((await upsert(role(unique('role'), { Version: version }))).Version).toBe('v8');
    }
  });

  it('creates once and updates only what has the stored revision', async () => {
    const name = unique('role');
    const created = await teleport().admin.unary(rpc.createRole, { Role: role(name) });
    await expectRefusal(
      teleport().admin.unary(rpc.createRole, { Role: role(name) }),
      'AlreadyExists',
      /UNIQUE/,
    );
    const updated = await teleport().admin.unary(rpc.updateRole, { Role: created });
    expect(updated.Metadata?.Revision).not.toBe(created.Metadata?.Revision);
    const stale = teleport().admin.unary(rpc.updateRole, { Role: created });
    await expectRefusal(
      stale,
      'CompareFailed',
      /^resource revision does not match, it may have been concurrently/,
    );
    const empty = teleport().admin.unary(rpc.updateRole, { Role: role(name) });
    await expectRefusal(empty, 'CompareFailed', /^resource revision does not match/);
  });

  it('does not update what is not there', async () => {
    const Metadata = { Name: unique('role'), Revision: '00000000-0000-4000-8000-000000000000' };
    const missing = teleport().admin.unary(rpc.updateRole, { Role: role('', { Metadata }) });
    await expectRefusal(missing, 'CompareFailed', /^resource revision does not match/);
  });

  it('refuses a role that was made smaller for an older client', async () => {
    const Metadata = { Name: unique('role'), Labels: { 'teleport.internal/downgraded': 'why' } };
    await expectRefusal(
      upsert(role('', { Metadata })),
      'BadParameter',
      'refusing to upsert role because teleport.internal/downgraded label is set with reason "why"',
    );
  });

  it('has the old upsert, which answers nothing', async () => {
    const name = unique('role');
    await teleport().admin.unary(rpc.upsertRole, role(name));
    await eventually(async () => (await get(name)).Metadata?.Name === name);
  });

  it('finds a role after it was written, and lists it', async () => {
    const name = unique('role');
    await upsert(role(name, { Metadata: { Name: name, Labels: { team: 'a' }, Description: 'about' } }));
    const found = await get(name);
    expect(found.Metadata?.Labels).toEqual({ team: 'a' });
    expect(found.Metadata?.Description).toBe('about');
    await eventually(async () => {
      const seen: string[] = [];
      let start = '';
      do {
        const reply = await teleport().admin.unary(rpc.listRoles, { Limit: 2, StartKey: start });
        seen.push(...reply.Roles.map((one) => one.Metadata?.Name ?? ''));
        start = reply.NextKey;
      } while (start !== '');
      expect(seen).toContain(name);
      expect(new Set(seen).size).toBe(seen.length);
    });
  });

  it('tells apart a missing role on reading and deleting', async () => {
    await expectRefusal(get('nothing'), 'NotFound', 'role nothing is not found');
    await expectRefusal(get(''), 'NotFound', 'role  is not found');
    const remove = (Name: string) => teleport().admin.unary(rpc.deleteRole, { Name });
    await expectRefusal(remove('nothing'), 'NotFound', 'role "nothing" is not found');
    await expectRefusal(remove(''), 'BadParameter', 'missing role name');
  });

  it('does not delete a role that a user has', async () => {
    const name = unique('role');
    const user = unique('user');
    await upsert(role(name));
    await teleport().admin.unary(UsersService.method.createUser, {
      user: { Metadata: { Name: user }, Spec: { Roles: [name] } },
    });
    await expectRefusal(
      teleport().admin.unary(rpc.deleteRole, { Name: name }),
      'Unknown',
      /still in use by a user/,
    );
    await teleport().admin.unary(UsersService.method.deleteUser, { name: user });
    await eventually(() => teleport().admin.unary(rpc.deleteRole, { Name: name }));
    await eventually(() => expectRefusal(get(name), 'NotFound', `role ${name} is not found`));
  });

  it.each<[string, RoleInit, RegExp]>([
    [
      'two port forwarding options',
      { Spec: { Options: { PortForwarding: { Value: true }, SSHPortForwarding: {} } } },
      /port_forwarding/,
    ],
    [
      'options.idp in v8',
      { Version: 'v8', Spec: { Options: { IDP: { SAML: { Enabled: { Value: true } } } } } },
      /^idp option is only supported in role version 7 and below$/,
    ],
    [
      'a wildcard login',
      { Spec: { Allow: { Logins: ['*'] } } },
      /^wildcard matcher is not allowed in logins$/,
    ],
    [
      'an unknown recording',
      { Spec: { Options: { BPF: ['all'] } } },
      /^invalid value for role option enhanced_recording: all$/,
    ],
    [
      'an unknown locking mode',
      { Spec: { Options: { Lock: 'maybe' } } },
      /^invalid value for role option lock: maybe$/,
    ],
    [
      'a half wildcard selector',
      { Spec: { Allow: { NodeLabels: { Values: { '*': { Values: ['x'] } } } } } },
      /^selector \*:<val> is not supported$/,
    ],
    [
      'a rule without resources',
      { Spec: { Allow: { Rules: [{ Verbs: ['read'] }] } } },
      /^failed to process 'allow' rule 0: missing resources to match$/,
    ],
    [
      'a rule without verbs',
      { Spec: { Allow: { Rules: [{ Resources: ['role'] }] } } },
      /^failed to process 'allow' rule 0: missing verbs$/,
    ],
    [
      'deployments in v6',
      {
        Version: 'v6',
        Spec: { Allow: { KubernetesResources: [{ Kind: 'deployment', Name: '*', Namespace: '*' }] } },
      },
      /^KubernetesResource kind "deployment" is not supported in role version "v6"\. Upgrade the role version to "v8"$/,
    ],
    [
      'api_group in v7',
      {
        Spec: {
          Allow: { KubernetesResources: [{ Kind: 'pod', Name: '*', Namespace: '*', APIGroup: 'apps' }] },
        },
      },
      /^API Group "apps" is not supported in role version "v7"/,
    ],
    [
      'singular kinds in v8',
      {
        Version: 'v8',
        Spec: { Allow: { KubernetesResources: [{ Kind: 'pod', Name: '*', Namespace: '*' }] } },
      },
      /Please use plural name for role version "v8"/,
    ],
  ])('refuses %s', async (_what, init, text) => {
    await expectRefusal(upsert(role(unique('role'), init)), 'BadParameter', text);
  });

  it('refuses a role without a name, a foreign origin, a reserved name', async () => {
    await expectRefusal(upsert(role('')), 'BadParameter', 'missing parameter Name');
    const name = unique('role');
    const origin = role(name, { Metadata: { Name: name, Labels: { 'teleport.dev/origin': 'me' } } });
    await expectRefusal(upsert(origin), 'BadParameter', /^invalid origin value "me", must be one of \[/);
    await upsert(role(name, { Metadata: { Name: name, Labels: { 'teleport.dev/origin': 'kubernetes' } } }));
    await expectRefusal(upsert(role('Bot')), 'BadParameter', 'reserved role: Bot');
  });
}
