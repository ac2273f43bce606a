// What a new cluster holds: the preset roles that examples refer to, and an administrator for tests.
import { create } from '@bufbuild/protobuf';
import { type RoleV6, RoleV6Schema } from '../../../src/gen/teleport/types/role_pb.js';
import { MFADeviceKind, PasswordState, UserV2Schema } from '../../../src/gen/teleport/types/user_pb.js';
import { prepareRole } from '../services/roles.js';
import type { ClusterState } from './cluster.js';
import { roles, users } from './kinds.js';

/** User and role that may do everything. */
export const administrator = 'sandbox-admin';

const any = { Values: { '*': { Values: ['*'] } } };

function preset(
  name: string,
  spec: { rules: [string, ...string[]][]; labels?: boolean; logins?: string[] },
): RoleV6 {
  const role = create(RoleV6Schema, {
    Kind: 'role',
    Version: 'v7',
    Metadata: { Name: name, Namespace: 'default', Labels: { 'teleport.internal/resource-type': 'preset' } },
    Spec: {
      Options: {},
      Deny: {},
      Allow: {
        Logins: spec.logins ?? [],
        Rules: spec.rules.map(([resource, ...verbs]) => ({ Resources: [resource], Verbs: verbs })),
        ...(spec.labels ? { NodeLabels: any, AppLabels: any, DatabaseLabels: any } : {}),
      },
    },
  });
  prepareRole(role);
  return role;
}

/** Fills an empty cluster. */
export function seed(state: ClusterState): void {
  const all: RoleV6[] = [
    preset('access', { rules: [['event', 'list', 'read']], labels: true, logins: ['{{internal.logins}}'] }),
    preset('editor', {
      rules: ['user', 'role', 'token', 'auth_connector', 'trusted_cluster', 'bot'].map((kind) => [
        kind,
        'list',
        'create',
        'read',
        'update',
        'delete',
      ]),
    }),
    preset('auditor', {
      rules: [
        ['session', 'list', 'read'],
        ['event', 'list', 'read'],
      ],
    }),
    preset(administrator, { rules: [['*', '*']], labels: true }),
  ];
  for (const role of all) state.store.put(roles, role);
  state.store.put(
    users,
    create(UserV2Schema, {
      Kind: 'user',
      Version: 'v2',
      Metadata: { Name: administrator, Namespace: 'default' },
      Spec: { Roles: [administrator], CreatedBy: { User: { Name: 'system' } } },
      Status: { passwordState: PasswordState.UNSET, mfaWeakestDevice: MFADeviceKind.MFA_DEVICE_KIND_UNSET },
    }),
  );
}
