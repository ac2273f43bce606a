// TeleportRole, TeleportRoleV6, TeleportRoleV7, TeleportRoleV8: one message in four versions. Upstream's
// first kind, TeleportRole, writes role v5 whatever its own apiVersion is.
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import { RoleSpecV6Schema, type RoleV6, RoleV6Schema } from '../gen/teleport/types/role_pb.js';
import { type Call, call, nothing, orElse, paged } from './calls.js';
import { legacyForm } from './forms.js';
import { type AnyKind, declareKind, type ObjectNames } from './kind.js';
import { rolesNamed } from './mentions.js';
import { roleDefaults } from './role-defaults.js';

/** What servers have that lack the conditional verbs. */
const upserts: readonly Call<RoleV6, RoleV6 | undefined>[] = [
  call(
    AuthService.method.upsertRoleV2,
    (Role: RoleV6) => ({ Role }),
    (stored) => stored,
  ),
  call(AuthService.method.upsertRole, (stored: RoleV6) => stored, nothing),
];

function role(version: 'v5' | 'v6' | 'v7' | 'v8', object: ObjectNames): AnyKind {
  return declareKind({
    object,
    resource: { kind: 'role', version },
    schema: RoleV6Schema,
    form: legacyForm(RoleV6Schema),
    spec: { schema: RoleSpecV6Schema, hidden: [] },
    calls: {
      get: call(
        AuthService.method.getRole,
        (Name: string) => ({ Name }),
        (stored) => stored,
      ),
      // Conditional verbs rather than UpsertRoleV2: a role that somebody made or changed since it was looked at
      // is not overwritten.
      create: orElse(
        call(
          AuthService.method.createRole,
          (Role: RoleV6) => ({ Role }),
          (stored) => stored,
        ),
        ...upserts,
      ),
      update: orElse(
        call(
          AuthService.method.updateRole,
          (Role: RoleV6) => ({ Role }),
          (stored) => stored,
        ),
        ...upserts,
      ),
      list: paged(
        AuthService.method.listRoles,
        (StartKey, Limit) => ({ StartKey, Limit }),
        ({ Roles, NextKey }) => ({ items: Roles, next: NextKey }),
      ),
      delete: call(AuthService.method.deleteRole, (Name: string) => ({ Name }), nothing),
    },
    // Roles may be written in any order, so Teleport takes names of roles that do not exist yet.
    mentions: ({ Spec: spec }) =>
      rolesNamed(
        spec?.Allow?.Request?.Roles,
        spec?.Allow?.Request?.SearchAsRoles,
        spec?.Allow?.Request?.ClaimsToRoles.flatMap(({ Roles }) => Roles),
        spec?.Allow?.ReviewRequests?.Roles,
        spec?.Allow?.ReviewRequests?.PreviewAsRoles,
        spec?.Allow?.Impersonate?.Roles,
      ),
    watched: true,
    defaults: roleDefaults,
  });
}

export const roleV5 = role('v5', {
  kind: 'TeleportRole',
  plural: 'teleportroles',
  shortNames: [],
  versions: [
    { name: 'v5', storage: true },
    { name: 'v6', storage: false },
  ],
  columns: [],
  description: 'A Teleport role, stored as role version v5. New roles are better written as TeleportRoleV8.',
});

const versioned = (version: 'v6' | 'v7' | 'v8'): AnyKind => {
  const suffix = version.toUpperCase();
  return role(version, {
    kind: `TeleportRole${suffix}`,
    plural: `teleportroles${version}`,
    shortNames: [`role${version}`, `roles${version}`],
    versions: [{ name: 'v1', storage: true }],
    columns: [],
    description: `A Teleport role, stored as role version ${version}: what its holders may reach and do.`,
  });
};

export const roleV6 = versioned('v6');
export const roleV7 = versioned('v7');
export const roleV8 = versioned('v8');
