// TeleportUser: a local user with roles and traits. Passwords, devices, locks and sign-in state are
// Teleport's own and survive every write.
import type { UserV2 } from '../gen/teleport/types/user_pb.js';
import { UserSpecV2Schema, UserV2Schema } from '../gen/teleport/types/user_pb.js';
import { UsersService } from '../gen/teleport/users/v1/users_service_pb.js';
import { call, nothing, paged } from './calls.js';
import { legacyForm } from './forms.js';
import { declareKind } from './kind.js';
import { rolesRequired } from './mentions.js';

/** What no object says of a user, and Teleport writes: it stays as it is, and is no drift. */
const notTheObjects = [
  'Spec.CreatedBy',
  'Spec.Status',
  'Spec.Expires',
  'Spec.TrustedDeviceIDs',
  'Spec.LocalAuth',
  'Status',
];

export const user = declareKind({
  object: {
    kind: 'TeleportUser',
    plural: 'teleportusers',
    shortNames: ['user', 'users'],
    versions: [{ name: 'v2', storage: true }],
    columns: [{ name: 'Roles', jsonPath: '.spec.roles', type: 'string' }],
    description: 'A local Teleport user: roles, traits and the identities of single sign-on providers.',
  },
  resource: { kind: 'user', version: 'v2' },
  schema: UserV2Schema,
  form: legacyForm(UserV2Schema),
  spec: { schema: UserSpecV2Schema, hidden: ['local_auth', 'expires', 'created_by', 'status'] },
  calls: {
    get: call(
      UsersService.method.getUser,
      (name: string) => ({ name }),
      (reply) => {
        if (!reply.user) throw new Error('GetUser answered without a user');
        return reply.user;
      },
    ),
    create: call(
      UsersService.method.createUser,
      (created: UserV2) => ({ user: created }),
      (reply) => reply.user,
    ),
    update: call(
      UsersService.method.updateUser,
      (updated: UserV2) => ({ user: updated }),
      (reply) => reply.user,
    ),
    list: paged(
      UsersService.method.listUsers,
      (pageToken, pageSize) => ({ pageToken, pageSize }),
      ({ users, nextPageToken }) => ({ items: users, next: nextPageToken }),
    ),
    delete: call(UsersService.method.deleteUser, (name: string) => ({ name }), nothing),
  },
  watched: true,
  references: ({ Spec: spec }) => rolesRequired(spec?.Roles),
  holds: ({ Spec: spec }) => (spec?.Roles ?? []).map((name) => ({ kind: 'role', name })),
  kept: notTheObjects,
  serverOwned: notTheObjects,
});
