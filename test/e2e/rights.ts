// The operator's rights in Kubernetes: the Role of upstream's chart (kinds.md F.8), to the letter.
import { ensure, type KubeAdmin } from '../env/kube-admin.js';

const verbs = ['get', 'list', 'patch', 'update', 'watch'];

/** The plurals of this kinds that upstream's 18.0.0 chart names; it forgot teleportrolesv8. */
export const chartPlurals = [
  'teleportusers',
  'teleportroles',
  'teleportrolesv6',
  'teleportrolesv7',
  'teleportprovisiontokens',
];

function rules(plurals: readonly string[]): object[] {
  return [
    {
      apiGroups: ['resources.teleport.dev'],
      resources: plurals.flatMap((plural) => [plural, `${plural}/status`]),
      verbs,
    },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create', 'get', 'update'] },
    { apiGroups: [''], resources: ['events'], verbs: ['create'] },
    { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'watch'] },
  ];
}

/** Gives a service account the chart's rights in every namespace. */
export async function grantEverywhere(
  admin: KubeAdmin,
  namespace: string,
  serviceAccount: string,
  plurals: readonly string[],
): Promise<void> {
  const base = '/apis/rbac.authorization.k8s.io/v1';
  const metadata = { name: `${namespace}-${serviceAccount}` };
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  await ensure(admin, `${base}/clusterroles`, {
    apiVersion,
    kind: 'ClusterRole',
    metadata,
    rules: rules(plurals),
  });
  await ensure(admin, `${base}/clusterrolebindings`, {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: metadata.name },
    subjects: [{ kind: 'ServiceAccount', name: serviceAccount, namespace }],
  });
}

/**
 * Gives a service account the chart's Role for these kinds; what was given before is replaced.
 * @param home the service account's namespace, where that is another one
 */
export async function grant(
  admin: KubeAdmin,
  namespace: string,
  serviceAccount: string,
  plurals: readonly string[],
  home: string = namespace,
): Promise<void> {
  const base = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  const name = serviceAccount;
  const role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name },
    rules: rules(plurals),
  };
  await ensure(admin, `${base}/roles`, role);
  await admin.patch(`${base}/roles/${name}`, { rules: role.rules });
  await ensure(admin, `${base}/rolebindings`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name: serviceAccount, namespace: home }],
  });
}
