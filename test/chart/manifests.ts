// Where the kinds of object that the chart makes stand in the Kubernetes API, and CRDs that stand in for those of the
// Prometheus operator: strict about the fields that the chart writes, so that a typo is seen.
import type { KubeObject } from '../../src/kube/object.js';

const folders: Readonly<Record<string, string>> = {
  ConfigMap: '/api/v1/namespaces/NS/configmaps',
  ServiceAccount: '/api/v1/namespaces/NS/serviceaccounts',
  Deployment: '/apis/apps/v1/namespaces/NS/deployments',
  Role: '/apis/rbac.authorization.k8s.io/v1/namespaces/NS/roles',
  RoleBinding: '/apis/rbac.authorization.k8s.io/v1/namespaces/NS/rolebindings',
  ClusterRole: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  ClusterRoleBinding: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  PodDisruptionBudget: '/apis/policy/v1/namespaces/NS/poddisruptionbudgets',
  NetworkPolicy: '/apis/networking.k8s.io/v1/namespaces/NS/networkpolicies',
  CustomResourceDefinition: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  PodMonitor: '/apis/monitoring.coreos.com/v1/namespaces/NS/podmonitors',
  PrometheusRule: '/apis/monitoring.coreos.com/v1/namespaces/NS/prometheusrules',
};

/** The folder that an object is created in. */
export function pathOf(object: Pick<KubeObject, 'kind' | 'metadata'>): string {
  const folder = folders[object.kind];
  if (folder === undefined) throw new Error(`the chart makes no ${object.kind} that the tests know of`);
  return folder.replace('NS', object.metadata.namespace ?? 'teleport');
}

const text = { type: 'string' };
const map = { type: 'object', additionalProperties: text };
const fields = (properties: object) => ({ type: 'object', properties });
const list = (items: object) => ({ type: 'array', items });

function crd(kind: string, spec: object): KubeObject {
  const plural = `${kind.toLowerCase()}s`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.monitoring.coreos.com` },
    spec: {
      group: 'monitoring.coreos.com',
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: fields({ spec }) } }],
    },
  };
}

/** The fields of the Prometheus operator's API that the chart uses. */
export const prometheusCrds: readonly KubeObject[] = [
  crd(
    'PodMonitor',
    fields({
      selector: fields({ matchLabels: map }),
      podMetricsEndpoints: list(fields({ port: text, path: text, interval: text })),
    }),
  ),
  crd(
    'PrometheusRule',
    fields({
      groups: list(
        fields({
          name: text,
          rules: list(fields({ alert: text, expr: text, for: text, labels: map, annotations: map })),
        }),
      ),
    }),
  ),
];
