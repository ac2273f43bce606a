// May this user do that: the stored Roles and bindings, evaluated as kube-apiserver does. Left out: aggregated
// cluster roles, and the roles that a real cluster comes with, except what everybody who is known may do.
import { isObject, type JsonObject, listOr, objectOr, textOr, texts } from '../json.js';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../kinds/rbac.js';
import type { ApiObject } from '../object.js';
import type { Store } from '../store.js';
import { admins, type User } from './authenticate.js';

/** What somebody wants to do. */
export interface Attributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  /** Set for what is no resource. */
  readonly path?: string | undefined;
}

const publicPaths = ['/healthz', '/livez', '/readyz', '/version'];
const knownPaths = ['/api', '/apis', '/openapi', '/openid', '/.well-known', ...publicPaths];
const selfReviews = new Set(['selfsubjectreviews', 'selfsubjectaccessreviews', 'selfsubjectrulesreviews']);

export class Rbac {
  constructor(private readonly store: Store) {}

  allows(user: User, wanted: Attributes): boolean {
    if (user.groups.includes(admins)) return true;
    if (wanted.path !== undefined) {
      const open = user.groups.includes('system:authenticated') ? knownPaths : publicPaths;
      if (wanted.verb === 'get' && open.some((path) => within(wanted.path ?? '', path))) return true;
    } else if (
      wanted.verb === 'create' &&
      selfReviews.has(wanted.resource) &&
      user.groups.includes('system:authenticated')
    ) {
      return true;
    }
    return this.rules(user, wanted.namespace).some((rule) => permits(rule, wanted));
  }

  private rules(user: User, namespace: string | undefined): JsonObject[] {
    const found: JsonObject[] = [];
    for (const { object } of this.store.list(clusterRoleBindings)) {
      if (binds(object, user)) found.push(...this.rulesOf(object, undefined));
    }
    if (!namespace) return found;
    for (const { object } of this.store.list(roleBindings, namespace)) {
      if (binds(object, user)) found.push(...this.rulesOf(object, namespace));
    }
    return found;
  }

  private rulesOf(binding: ApiObject, namespace: string | undefined): JsonObject[] {
    const { kind, name } = objectOr(binding.roleRef);
    const role =
      kind === 'ClusterRole'
        ? this.store.get(clusterRoles, undefined, textOr(name))
        : this.store.get(roles, namespace, textOr(name));
    return listOr(role?.object.rules).filter(isObject);
  }
}

function within(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}

function binds(binding: ApiObject, user: User): boolean {
  return listOr(binding.subjects).some((subject) => {
    const { kind, name, namespace } = objectOr(subject);
    if (kind === 'ServiceAccount') {
      const room = textOr(namespace) || binding.metadata.namespace;
      return user.name === `system:serviceaccount:${room}:${textOr(name)}`;
    }
    return kind === 'Group' ? user.groups.includes(textOr(name)) : kind === 'User' && name === user.name;
  });
}

function permits(rule: JsonObject, wanted: Attributes): boolean {
  if (!has(rule.verbs, wanted.verb)) return false;
  const { path } = wanted;
  if (path !== undefined) {
    return texts(rule.nonResourceURLs).some(
      (url) => url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1))),
    );
  }
  const { subresource, resource } = wanted;
  const full = subresource ? `${resource}/${subresource}` : resource;
  const named = texts(rule.resources);
  const fits =
    named.includes('*') ||
    named.includes(full) ||
    (subresource !== undefined && named.includes(`*/${subresource}`));
  const names = texts(rule.resourceNames);
  return (
    fits && has(rule.apiGroups, wanted.group) && (names.length === 0 || names.includes(wanted.name ?? ''))
  );
}

function has(list: unknown, value: string): boolean {
  const all = texts(list);
  return all.includes('*') || all.includes(value);
}

/** The sentence of a refusal, without the resource's name in front. */
export function refusal(user: User, wanted: Attributes): string {
  const who = `User ${JSON.stringify(user.name)} cannot ${wanted.verb}`;
  if (wanted.path !== undefined) return `${who} path ${JSON.stringify(wanted.path)}`;
  const resource = wanted.subresource ? `${wanted.resource}/${wanted.subresource}` : wanted.resource;
  const where = wanted.namespace
    ? `in the namespace ${JSON.stringify(wanted.namespace)}`
    : 'at the cluster scope';
  return `${who} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(wanted.group)} ${where}`;
}
