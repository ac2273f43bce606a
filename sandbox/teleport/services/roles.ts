// The role RPCs of AuthService: permissions, the server's own checks, defaults, who still uses a role.
import { create } from '@bufbuild/protobuf';
import { EmptySchema } from '@bufbuild/protobuf/wkt';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import type { RoleV6 } from '../../../src/gen/teleport/types/role_pb.js';
import { roleDefaults } from '../../../src/kinds/role-defaults.js';
import type { Caller } from '../access/caller.js';
import { callerName } from '../access/caller.js';
import { badParameter, notFound, unknownError } from '../refusal.js';
import { labelsOf, mentions, nameOf } from '../state/head.js';
import { roles, users } from '../state/kinds.js';
import { majorOf, newestRole } from './old-versions.js';
import { checkRole } from './role-checks.js';
import { callerOf, checkMetadata, type Service, type ServiceContext } from './service.js';

const downgraded = 'teleport.internal/downgraded';
/** Names of Teleport's own roles, in this spelling alone. */
const systemRoles = new Set([
  'Auth',
  'Web',
  'Node',
  'Proxy',
  'Admin',
  'ProvisionToken',
  'Signup',
  'Nop',
  'RemoteProxy',
  'Kube',
  'App',
  'Db',
  'WindowsDesktop',
  'Bot',
  'Instance',
  'Discovery',
  'Okta',
  'MDM',
]);

/**
 * Makes a role what the server stores: of a version that it does not know its newest (observed.md 5).
 * @throws BadParameter
 */
export function prepareRole(role: RoleV6, newest: 'v7' | 'v8' = 'v8'): void {
  role.Kind = 'role';
  if (!/^v[3-7]$/.test(role.Version)) role.Version = newest;
  checkMetadata(role.Metadata);
  roleDefaults(role);
  checkRole(role);
}

export const roleService: Service = (router, context) => {
  const { access } = context;
  const { store, reads, audit } = access.state;

  const write = (
    caller: Caller,
    method: string,
    role: RoleV6 | undefined,
    run: (role: RoleV6) => RoleV6,
  ): RoleV6 => {
    if (!role) return context.crash(`proto.AuthService/${method}`);
    const exists = reads.has(roles, nameOf(role));
    prepareRoleFor(caller, context, method, role, exists);
    const stored = run(role);
    audit.add(exists ? 'role.updated' : 'role.created', 'role', nameOf(stored), callerName(caller));
    return stored;
  };

  router.service(AuthService, {
    getRole: (request, handler) => {
      const caller = callerOf(handler);
      if (!access.ownRoles(caller).includes(request.Name)) access.check(caller, 'role', 'read');
      return storedRole(context, request.Name);
    },
    listRoles: (request, handler) => {
      access.check(callerOf(handler), 'role', 'list', 'read');
      const words = request.Filter?.SearchKeywords ?? [];
      const found = reads.page(roles, {
        from: request.StartKey,
        size: request.Limit || 100,
        filter: (role) => words.every((word) => mentions(role, word)),
      });
      return { Roles: found.page, NextKey: found.next };
    },
    createRole: (request, handler) =>
      write(callerOf(handler), 'CreateRole', request.Role, (role) => store.create(roles, role)),
    updateRole: (request, handler) =>
      write(callerOf(handler), 'UpdateRole', request.Role, (role) => store.update(roles, role)),
    upsertRoleV2: (request, handler) =>
      write(callerOf(handler), 'UpsertRoleV2', request.Role, (role) => store.put(roles, role)),
    upsertRole: (role, handler) => {
      write(callerOf(handler), 'UpsertRole', role, (given) => store.put(roles, given));
      return create(EmptySchema);
    },
    deleteRole: (request, handler) => {
      const caller = callerOf(handler);
      access.check(caller, 'role', 'delete');
      if (store.some(users, (user) => user.Spec?.Roles.includes(request.Name) === true)) {
        throw unknownError(
          'failed to delete a role that is still in use by a user, check the system server logs for more details',
        );
      }
      if (request.Name === '') throw badParameter('missing role name');
      if (!store.delete(roles, request.Name)) throw notFound(`role "${request.Name}" is not found`);
      audit.add('role.deleted', 'role', request.Name, callerName(caller));
      return create(EmptySchema);
    },
  });
};

function prepareRoleFor(
  caller: Caller,
  { access, serverVersion }: ServiceContext,
  method: string,
  role: RoleV6,
  exists: boolean,
): void {
  const updates = method === 'UpdateRole' || (method !== 'CreateRole' && exists);
  prepareRole(role, newestRole(majorOf(serverVersion)));
  access.check(caller, 'role', updates ? 'update' : 'create');
  const reason = labelsOf(role)[downgraded];
  if (reason) {
    throw badParameter(`refusing to upsert role because ${downgraded} label is set with reason "${reason}"`);
  }
  if (role.Version === 'v8' && role.Spec?.Options?.IDP) {
    throw badParameter('idp option is only supported in role version 7 and below');
  }
  if (systemRoles.has(nameOf(role))) throw badParameter(`reserved role: ${nameOf(role)}`);
}

/** @throws NotFound `role x is not found` */
export function storedRole({ access }: ServiceContext, name: string): RoleV6 {
  const role = access.state.reads.get(roles, name);
  if (!role) throw notFound(`role ${name} is not found`);
  return role;
}
