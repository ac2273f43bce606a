// Roles and bindings. They are stored here and read by auth/rbac.ts; nobody checks for privilege escalation.
import type { FieldError } from '../errors.js';
import { at, textOr } from '../json.js';
import type { ApiObject } from '../object.js';
import { list, object, text, texts } from '../schema/build.js';
import { ageColumn, builtin, column, createdColumn } from './builtin.js';

const group = 'rbac.authorization.k8s.io';

const rules = list(
  object(
    {
      verbs: texts('what may be done; * for all'),
      apiGroups: texts('in which groups; "" is the core group'),
      resources: texts('with which resources; x/status for a subresource'),
      resourceNames: texts('with which names; none means all'),
      nonResourceURLs: texts('paths outside of the resources'),
    },
    'one permission',
    ['verbs'],
  ),
  'what is permitted',
);

const roleRef = object(
  { apiGroup: text('the group'), kind: text('Role or ClusterRole'), name: text('the name') },
  'the role',
  ['kind', 'name'],
);
const subjects = list(
  object(
    {
      kind: text('User, Group or ServiceAccount'),
      apiGroup: text('the group of the kind'),
      name: text('the name'),
      namespace: text('the namespace of a service account'),
    },
    'one subject',
    ['kind', 'name'],
  ),
  'who gets the role',
);

function unchangedRole(binding: ApiObject, old: ApiObject | undefined): FieldError[] {
  if (!old || JSON.stringify(old.roleRef) === JSON.stringify(binding.roleRef)) return [];
  return [
    {
      reason: 'FieldValueInvalid',
      field: 'roleRef',
      message: `Invalid value: ${JSON.stringify(binding.roleRef)}: cannot change roleRef`,
    },
  ];
}

const more = {
  freeNames: true,
  prepare: (binding: ApiObject): void => {
    const ref = binding.roleRef;
    if (typeof ref === 'object' && ref !== null && !Array.isArray(ref))
      binding.roleRef = { apiGroup: group, ...ref };
  },
  check: unchangedRole,
};

function roleName(binding: ApiObject): string {
  return `${textOr(at(binding, 'roleRef', 'kind'))}/${textOr(at(binding, 'roleRef', 'name'))}`;
}

const bindingColumns = [column('Role', roleName), ageColumn];

export const roles = builtin({
  group,
  kind: 'Role',
  plural: 'roles',
  description: 'Permissions within a namespace.',
  properties: { rules },
  columns: [createdColumn],
  more: { freeNames: true },
});

export const roleBindings = builtin({
  group,
  kind: 'RoleBinding',
  plural: 'rolebindings',
  description: 'Gives subjects a role within a namespace.',
  properties: { roleRef, subjects },
  required: ['roleRef'],
  columns: bindingColumns,
  more,
});

export const clusterRoles = builtin({
  group,
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
  description: 'Permissions everywhere, or in the namespaces where it is bound.',
  properties: { rules },
  columns: [createdColumn],
  more: { freeNames: true },
});

export const clusterRoleBindings = builtin({
  group,
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
  description: 'Gives subjects a role everywhere.',
  properties: { roleRef, subjects },
  required: ['roleRef'],
  columns: bindingColumns,
  more,
});
