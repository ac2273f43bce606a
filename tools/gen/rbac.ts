// What the kinds' permissions and CRDs look like as files: the chart's rules and CRDs, docs/rbac.yaml,
// docs/teleport-role.yaml. What is allowed is decided in src/kinds/permissions.ts.
import { stringify } from 'yaml';
import { printTeleportRole } from '../../src/cli/teleport-role.js';
import { crdFor, type Describe } from '../../src/kinds/crd/index.js';
import type { AnyKind } from '../../src/kinds/kind.js';
import { crdRules, kubeRules, teleportAllow } from '../../src/kinds/permissions.js';

const made = '# Made by `npm run gen` from src/kinds.\n';
const name = 'teleport-operator';

function yaml(value: unknown): string {
  // aliases would make the output shorter and unreadable; YAML 1.1 is what kubectl and Helm read
  return stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}

/** `rules:` of the chart's Role. */
export function chartRules(kinds: readonly AnyKind[]): string {
  return made + yaml({ rules: kubeRules(kinds) });
}

/** `rules:` of the chart's ClusterRole for -install-crds. */
export function chartCrdRules(kinds: readonly AnyKind[]): string {
  return made + yaml({ rules: crdRules(kinds) });
}

/** ServiceAccount, Role and RoleBinding for those who use no chart. */
export function rbacDoc(kinds: readonly AnyKind[]): string {
  const metadata = { name };
  const api = 'rbac.authorization.k8s.io';
  const objects = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: `${api}/v1`, kind: 'Role', metadata, rules: kubeRules(kinds) },
    {
      apiVersion: `${api}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: api, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name }],
    },
  ];
  return `# What the operator may do in its namespace.\n${made}${objects.map(yaml).join('---\n')}`;
}

/** What `teleport-operator teleport-role` prints. */
export function teleportRoleDoc(kinds: readonly AnyKind[]): string {
  return `# The Teleport role that the operator's bot takes on: what \`teleport-operator teleport-role\` prints.\n${made}${printTeleportRole(teleportAllow(kinds))}`;
}

/** One file a CRD, for the chart. */
export function chartCrds(
  kinds: readonly AnyKind[],
  describe: Describe,
): { path: string; make: () => string }[] {
  return kinds.map((kind) => ({
    path: `charts/teleport-operator/operator-crds/${kind.object.plural}.yaml`,
    make: () => made + yaml(crdFor(kind, describe)),
  }));
}
