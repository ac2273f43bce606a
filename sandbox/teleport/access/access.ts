// What a caller may do: the rules of the roles in its certificate, the rules that every user has, and the
// locks in force. `where` clauses are not evaluated: a rule with one never applies.
import type { RoleV6, Rule } from '../../../src/gen/teleport/types/role_pb.js';
import { accessDenied, notFound, wrapped } from '../refusal.js';
import type { ClusterState } from '../state/cluster.js';
import { roles, users } from '../state/kinds.js';
import type { Caller } from './caller.js';
import { lockInForce } from './locks.js';

export type Verb = 'list' | 'create' | 'read' | 'readnosecrets' | 'update' | 'delete';

const readOnly: readonly Verb[] = ['list', 'read'];

/** What every user may do (joining.md 5.4). */
const implicit: Readonly<Record<string, readonly Verb[]>> = {
  node: readOnly,
  proxy: readOnly,
  auth_server: readOnly,
  tunnel: readOnly,
  cert_authority: ['list', 'readnosecrets'],
  cluster_auth_preference: readOnly,
  cluster_name: readOnly,
  app_server: readOnly,
  remote_cluster: readOnly,
  kube_server: readOnly,
  db_server: readOnly,
  db: readOnly,
  app: readOnly,
  kube_cluster: readOnly,
  saml_idp_service_provider: readOnly,
};

export class Access {
  constructor(readonly state: ClusterState) {}

  /**
   * The check that precedes every call: the user and its roles exist, no lock is in force.
   * @throws NotFound for a missing user or role, and AccessDenied without a reason for a lock, as the real one
   */
  authorize(caller: Caller): void {
    const { identity } = caller;
    if (!identity) return;
    const heading = 'access denied';
    if (!this.state.reads.has(users, identity.user)) {
      throw wrapped(heading, notFound(`"user" "${identity.user}" does not exist`));
    }
    for (const role of identity.roles) {
      if (!this.state.reads.has(roles, role)) throw wrapped(heading, notFound(`role ${role} is not found`));
    }
    if (lockInForce(this.state, identity.user, identity.roles)) throw accessDenied();
  }

  /**
   * @param verbs all of them are needed, and those that are missing are told in this order
   * @throws AccessDenied `access denied to perform action "read" on "role"`
   */
  check(caller: Caller, kind: string, ...verbs: readonly Verb[]): void {
    const missing = verbs.filter((verb) => !this.may(caller, kind, verb));
    if (missing.length === 0) return;
    const told = missing.map((verb) => `access denied to perform action "${verb}" on "${kind}"`);
    throw accessDenied(told.join(', '));
  }

  may(caller: Caller, kind: string, verb: Verb): boolean {
    if (!caller.identity) return false;
    const held = this.rolesOf(caller);
    if (held.some((role) => (role.Spec?.Deny?.Rules ?? []).some((rule) => covers(rule, kind, verb))))
      return false;
    if (implicit[kind]?.includes(verb)) return true;
    return held.some((role) => (role.Spec?.Allow?.Rules ?? []).some((rule) => covers(rule, kind, verb)));
  }

  /** The stored roles that the certificate names. */
  rolesOf(caller: Caller): RoleV6[] {
    return (caller.identity?.roles ?? []).flatMap((name) => this.state.reads.get(roles, name) ?? []);
  }

  /** Roles that the user itself holds, which everybody may read. */
  ownRoles(caller: Caller): readonly string[] {
    if (!caller.identity) return [];
    return this.state.reads.get(users, caller.identity.user)?.Spec?.Roles ?? [];
  }
}

function covers(rule: Rule, kind: string, verb: Verb): boolean {
  if (rule.Where !== '') return false;
  if (!rule.Resources.includes(kind) && !rule.Resources.includes('*')) return false;
  if (rule.Verbs.includes(verb) || rule.Verbs.includes('*')) return true;
  return verb === 'readnosecrets' && rule.Verbs.includes('read');
}
