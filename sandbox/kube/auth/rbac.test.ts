import { describe, expect, it } from 'vitest';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../kinds/rbac.js';
import type { ResourceType } from '../kinds/resource-type.js';
import type { ApiObject } from '../object.js';
import { Store } from '../store.js';
import type { User } from './authenticate.js';
import { type Attributes, Rbac, refusal } from './rbac.js';

const account: User = {
  name: 'system:serviceaccount:room:sa',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:room', 'system:authenticated'],
};
const things: Attributes = {
  verb: 'get',
  group: 'test.dev',
  resource: 'things',
  namespace: 'room',
  name: 'x',
};

function rbacWith(
  kind: 'Role' | 'ClusterRole',
  bound: 'room' | 'everywhere',
  rule: object,
  subject?: object,
): Rbac {
  const store = new Store(10);
  const put = (type: ResourceType, namespace: string | undefined, body: object): void => {
    const metadata = { name: 'r', ...(namespace && { namespace }) };
    store.put(type, { apiVersion: 'v1', kind: type.kind, metadata, ...body } as unknown as ApiObject);
  };
  if (kind === 'Role') put(roles, 'room', { rules: [rule] });
  else put(clusterRoles, undefined, { rules: [rule] });
  const roleRef = { kind, name: 'r' };
  const subjects = [subject ?? { kind: 'ServiceAccount', name: 'sa', namespace: 'room' }];
  if (bound === 'room') put(roleBindings, 'room', { roleRef, subjects });
  else put(clusterRoleBindings, undefined, { roleRef, subjects });
  return new Rbac(store);
}

const rule = { apiGroups: ['test.dev'], resources: ['things'], verbs: ['get'] };

describe('Rbac', () => {
  it.each<[string, object, Partial<Attributes>, boolean]>([
    ['what it names', rule, {}, true],
    ['no other verb', rule, { verb: 'list' }, false],
    ['no other group', rule, { group: '' }, false],
    ['no other resource', rule, { resource: 'others' }, false],
    ['no subresource', rule, { subresource: 'status' }, false],
    ['a subresource by name', { ...rule, resources: ['things/status'] }, { subresource: 'status' }, true],
    ['not the object by its subresource', { ...rule, resources: ['things/status'] }, {}, false],
    ['a subresource of all', { ...rule, resources: ['*/status'] }, { subresource: 'status' }, true],
    [
      'everything by stars',
      { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
      { subresource: 'status' },
      true,
    ],
    ['a name', { ...rule, resourceNames: ['x'] }, {}, true],
    ['no other name', { ...rule, resourceNames: ['y'] }, {}, false],
    ['no list of all by a name', { ...rule, resourceNames: ['x'] }, { name: undefined }, false],
    ['no other namespace', rule, { namespace: 'other' }, false],
  ])('a role allows %s', (_what, given, wanted, allowed) => {
    expect(rbacWith('Role', 'room', given).allows(account, { ...things, ...wanted })).toBe(allowed);
  });

  it('gives a cluster role where it is bound', () => {
    const here = rbacWith('ClusterRole', 'room', rule);
    expect(here.allows(account, things)).toBe(true);
    expect(here.allows(account, { ...things, namespace: 'other' })).toBe(false);
    const everywhere = rbacWith('ClusterRole', 'everywhere', rule);
    expect(everywhere.allows(account, { ...things, namespace: undefined })).toBe(true);
  });

  it('knows users and groups, and nobody else', () => {
    const group = { kind: 'Group', name: 'system:serviceaccounts:room' };
    expect(rbacWith('Role', 'room', rule, group).allows(account, things)).toBe(true);
    const user = { kind: 'User', name: account.name };
    expect(rbacWith('Role', 'room', rule, user).allows(account, things)).toBe(true);
    const other = { kind: 'ServiceAccount', name: 'sa', namespace: 'elsewhere' };
    expect(rbacWith('Role', 'room', rule, other).allows(account, things)).toBe(false);
  });

  it('lets the known discover, the unknown see the version, administrators all', () => {
    const rbac = new Rbac(new Store(10));
    const path = (text: string): Attributes => ({ verb: 'get', group: '', resource: '', path: text });
    const anonymous: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
    expect([rbac.allows(account, path('/apis/x')), rbac.allows(account, path('/metrics'))]).toEqual([
      true,
      false,
    ]);
    expect([rbac.allows(anonymous, path('/version')), rbac.allows(anonymous, path('/apis'))]).toEqual([
      true,
      false,
    ]);
    expect(rbac.allows({ name: 'admin', groups: ['system:masters'] }, things)).toBe(true);
  });

  it('says what is refused', () => {
    expect(refusal(account, { ...things, subresource: 'status', namespace: undefined })).toBe(
      'User "system:serviceaccount:room:sa" cannot get resource "things/status" in API group "test.dev" at the cluster scope',
    );
  });
});
