// AuthService/GenerateUserCerts: renewal of a bot's own certificate and role impersonation, with the refusals
// in their order (observed.md 10, 13).
import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { UserCertsRequest } from '../../../src/gen/teleport/client/authservice_pb.js';
import type { Certs } from '../../../src/gen/teleport/client/certs_pb.js';
import type { Access } from '../access/access.js';
import type { Caller } from '../access/caller.js';
import { lockForMismatch } from '../access/locks.js';
import type { Identity } from '../ca/identity.js';
import { accessDenied, badParameter, notFound } from '../refusal.js';
import type { BotInstance } from '../state/bot-instances.js';
import type { ClusterState } from '../state/cluster.js';
import { roles, users } from '../state/kinds.js';
import { capExpiry, checkKeys, issueCerts } from './user-certs.js';

const longestTtl = 7 * 24 * 3600_000;

export async function generateUserCerts(
  access: Access,
  caller: Caller,
  request: UserCertsRequest,
): Promise<Certs> {
  const { state } = access;
  const own = caller.identity;
  if (!own || (request.Username !== own.user && !mayImpersonateUsers(access, caller))) {
    throw accessDenied('access denied: impersonation is not allowed');
  }
  if (own.disallowReissue) {
    throw accessDenied('access denied: identity is not allowed to reissue certificates');
  }
  const user = state.reads.get(users, request.Username);
  if (!user) throw accessDenied();
  const now = state.clock.now();
  const asked = request.Expires ? timestampMs(request.Expires) : 0;
  if (asked < now) throw accessDenied('access denied: client credentials have expired, please relogin.');

  const impersonates = request.UseRoleRequests || request.RoleRequests.length > 0;
  const renews = !impersonates && own.renewable === true;
  const latest = impersonates || renews ? now + longestTtl : caller.expires;
  if (impersonates && request.RoleRequests.length === 0)
    throw badParameter('at least one role request is required');
  const roleNames = impersonates ? request.RoleRequests : (user.Spec?.Roles ?? []);
  for (const name of roleNames) {
    if (!state.reads.has(roles, name)) throw notFound(`role ${name} is not found`);
  }
  if (impersonates) checkImpersonation(access, caller, roleNames);
  checkKeys(request.TLSPublicKey, request.SSHPublicKey);
  const expires = capExpiry(state, roleNames, Math.min(asked, latest));

  const common = {
    user: own.user,
    roles: roleNames,
    clusterName: state.clusterName,
    traits: own.traits,
    loginIp: own.loginIp ?? '',
    botName: own.botName ?? '',
    botInstanceId: own.botInstanceId ?? '',
    joinAttributes: own.joinAttributes ?? '',
    routeToCluster: request.RouteToCluster,
  };
  let identity: Identity;
  if (impersonates) {
    identity = { ...common, impersonator: own.user, disallowReissue: !request.ReissuableRoleImpersonation };
  } else {
    const instance = own.botName ? advanceInstance(state, own, own.botName, expires) : undefined;
    identity = {
      ...common,
      renewable: renews,
      generation: instance?.generation ?? 0,
      botInstanceId: instance?.id ?? '',
    };
  }
  return issueCerts(state, {
    identity,
    tlsPublicKey: request.TLSPublicKey,
    sshPublicKey: request.SSHPublicKey,
    expires,
    withHostCa: !impersonates,
  });
}

/** Impersonating users needs both users and roles in one role's allow.impersonate. */
function mayImpersonateUsers(access: Access, caller: Caller): boolean {
  return access.rolesOf(caller).some((role) => {
    const allowed = role.Spec?.Allow?.Impersonate;
    return allowed !== undefined && allowed.Users.length > 0 && allowed.Roles.length > 0;
  });
}

function checkImpersonation(access: Access, caller: Caller, wanted: readonly string[]): void {
  const held = access.rolesOf(caller);
  const allowed = new Set(held.flatMap((role) => role.Spec?.Allow?.Impersonate?.Roles ?? []));
  const denied = new Set(held.flatMap((role) => role.Spec?.Deny?.Impersonate?.Roles ?? []));
  if (wanted.every((name) => (allowed.has(name) || allowed.has('*')) && !denied.has(name))) return;
  const list = wanted.map((name) => JSON.stringify(name)).join(' ');
  throw accessDenied(`user "${caller.identity?.user ?? ''}" has requested role impersonation for [${list}]`);
}

/**
 * Counts a renewal or re-join of a bot instance; an unknown one is made anew.
 * @throws AccessDenied when a renewable certificate's generation is not the stored one; the bot is locked then
 */
export function advanceInstance(
  state: ClusterState,
  own: Identity,
  botName: string,
  expires: number,
  joinMethod = 'token',
  renewable = own.renewable === true,
): BotInstance {
  const presented = own.generation ?? 0;
  const instance = own.botInstanceId ? state.instances.get(botName, own.botInstanceId) : undefined;
  if (!instance) return state.instances.create(botName, joinMethod, expires);
  if (presented === 0) throw accessDenied('a current identity generation must be provided');
  if (presented !== instance.generation && renewable) {
    lockForMismatch(state, own.user);
    throw accessDenied(
      `renewable cert generation mismatch for bot ${botName}/${instance.id}: ` +
        `stored=${instance.generation}, presented=${presented}`,
    );
  }
  state.instances.advance(instance, expires);
  return instance;
}
