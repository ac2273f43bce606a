// A chart that stands in for Teleport's own operator chart, made of the facts that matter when a release is switched:
// names, labels, selector, command, CRDs as plain members of the release without a keep annotation (kinds.md F.8). With
// UPSTREAM_CHART set to that chart's folder the real one is used instead.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { root } from './helm.js';

interface Facts {
  readonly group: string;
  readonly kinds: Readonly<
    Record<
      string,
      {
        readonly plural: string;
        readonly singular: string;
        readonly listKind: string;
        readonly shortNames: readonly string[];
        readonly versions: Readonly<Record<string, { served: boolean; storage: boolean }>>;
      }
    >
  >;
}

const facts = JSON.parse(readFileSync(`${root}/test/facts/crds.json`, 'utf8')) as Facts;

/** The plurals that Teleport's chart of version 18.0.0 installs. */
export const upstreamPlurals = Object.values(facts.kinds).map(({ plural }) => plural);

export interface StandIn {
  readonly folder: string;
  remove(): void;
}

export function standIn(): StandIn {
  const real = process.env['UPSTREAM_CHART'];
  if (real !== undefined && real !== '') return { folder: real, remove: () => {} };
  const folder = mkdtempSync(join(tmpdir(), 'operator-chart-'));
  mkdirSync(join(folder, 'templates'));
  const file = (name: string, content: string) => writeFileSync(join(folder, name), content);
  file(
    'Chart.yaml',
    stringify({ apiVersion: 'v2', name: 'teleport-operator', version: '18.0.0', appVersion: '18.0.0' }),
  );
  file(
    'values.yaml',
    stringify({
      enabled: true,
      installCRDs: 'dynamic',
      image: 'public.ecr.aws/gravitational/teleport-operator',
    }),
  );
  file('templates/operator.yaml', operator);
  for (const [kind, names] of Object.entries(facts.kinds))
    file(
      `templates/${names.plural}.yaml`,
      `{{ if ne .Values.installCRDs "never" }}\n${crd(kind, names)}{{ end }}\n`,
    );
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

const labels = {
  'app.kubernetes.io/name': 'teleport-operator',
  'app.kubernetes.io/instance': '{{ .Release.Name }}',
  'app.kubernetes.io/component': 'operator',
};

function crd(kind: string, names: Facts['kinds'][string]): string {
  const { versions, ...rest } = names;
  const any = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${names.plural}.${facts.group}`,
      labels: { ...labels, 'teleport.dev/release': '{{ .Release.Namespace }}_{{ .Release.Name }}' },
    },
    spec: {
      group: facts.group,
      scope: 'Namespaced',
      names: { kind, ...rest },
      versions: Object.entries(versions).map(([name, { served, storage }]) => ({
        name,
        served,
        storage,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: any, status: any } } },
        subresources: { status: {} },
      })),
    },
  });
}

const name = '{{ .Release.Name }}';
const api = 'rbac.authorization.k8s.io';
const operator = [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } },
  {
    apiVersion: `${api}/v1`,
    kind: 'Role',
    metadata: { name },
    rules: [{ apiGroups: [facts.group], resources: ['teleportroles'], verbs: ['get'] }],
  },
  {
    apiVersion: `${api}/v1`,
    kind: 'RoleBinding',
    metadata: { name },
    roleRef: { apiGroup: api, kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name }],
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: name,
          containers: [
            {
              name: 'operator',
              image: '{{ .Values.image }}:{{ .Chart.Version }}',
              command: ['/teleport-operator', '-auth-server', '{{ .Values.teleportAddress }}'],
            },
          ],
        },
      },
    },
  },
]
  .map((object) => stringify(object))
  .join('---\n');
