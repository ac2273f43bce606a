// The chart's manifests: names and labels as Teleport's own chart makes them (kinds.md F.8), what each value does, what is
// refused and in which words. What a real kube-apiserver makes of them is in accepted.test.ts.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { kinds } from '../../src/kinds/index.js';
import type { KubeObject } from '../../src/kube/object.js';
import { joinMethods } from '../../src/teleport/join/index.js';
import {
  chart,
  containerOf,
  crdsChart,
  helm,
  helmBinary,
  needed,
  only,
  podOf,
  refusal,
  render,
  root,
  setting,
  withHelm,
} from './helm.js';

const json = (path: string): unknown => JSON.parse(readFileSync(`${root}/${path}`, 'utf8'));

describe.skipIf(helmBinary === undefined)(`the chart, ${withHelm}`, () => {
  const all = (values = {}) => render({ ...needed, ...values });
  const small = (values = {}, options = {}) =>
    render({ ...needed, installCRDs: 'never', ...values }, options);

  it.each([chart, crdsChart])('passes helm lint: %s', (path) => {
    const values = path === chart ? setting(needed) : [];
    expect(helm(['lint', '--strict', path, ...values])).toContain('0 chart(s) failed');
  });

  it('has the version of package.json, and so has the chart for CRDs', () => {
    const { version } = json('package.json') as { version: string };
    for (const path of [chart, crdsChart]) {
      const meta = helm(['show', 'chart', path]);
      expect(meta).toContain(`\nversion: ${version}\n`);
      expect(meta).toContain(`appVersion: ${version}\n`);
    }
  });

  it.each([
    ['operator', {}, 'operator-teleport-operator'],
    ['teleport-operator', {}, 'teleport-operator'],
    ['my-teleport-operator-2', {}, 'my-teleport-operator-2'],
    ['teleport-operator', { nameOverride: 'keeper' }, 'teleport-operator-keeper'],
    ['operator', { fullnameOverride: 'keeper' }, 'keeper'],
    ['operator', { fullNameOverride: 'keeper' }, 'operator-teleport-operator'],
  ])('names the objects of release %s with %j as Teleport’s chart does: %s', (release, values, name) => {
    for (const object of small(values, { release })) expect(object.metadata.name).toBe(name);
  });

  it('keeps the selector that a Deployment of Teleport’s chart has', () => {
    const objects = small({ nameOverride: 'keeper' });
    const { selector } = only(objects, 'Deployment')['spec'] as { selector: { matchLabels: object } };
    expect(selector.matchLabels).toEqual({
      'app.kubernetes.io/name': 'keeper',
      'app.kubernetes.io/instance': 'operator',
      'app.kubernetes.io/component': 'operator',
    });
    expect(podOf(objects).metadata.labels).toMatchObject(selector.matchLabels);
  });

  it('starts the command of Teleport’s chart', () => {
    const container = containerOf(
      small({ caPins: [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`] }),
    );
    expect(container.command).toEqual([
      '/teleport-operator',
      '-auth-server',
      'teleport.example:443',
      '-join-method',
      'kubernetes',
      '-token',
      'operator-bot',
      '-ca-pin',
      `sha256:${'a'.repeat(64)},sha256:${'b'.repeat(64)}`,
    ]);
    expect(container).not.toHaveProperty('args');
    expect(container.env).toEqual([
      { name: 'KUBERNETES_TOKEN_PATH', value: '/var/run/secrets/teleport/serviceaccount/token' },
    ]);
  });

  it('gives rights in the namespaces that the operator works in, the Lease at home only', () => {
    const rights = (values: object) =>
      small(values)
        .filter(({ kind }) => kind?.endsWith('Role'))
        .map((object) => {
          const { rules } = object as unknown as { rules: { resources: string[] }[] };
          const lease = rules.some(({ resources }) => resources.includes('leases'));
          return `${object.kind} ${object.metadata.namespace ?? 'everywhere'}${lease ? ' with leases' : ''}`;
        })
        .toSorted();
    expect(rights({})).toEqual(['Role teleport with leases']);
    expect(rights({ namespaces: ['team-a', 'teleport'] })).toEqual([
      'Role team-a',
      'Role teleport with leases',
    ]);
    expect(rights({ namespaces: ['all'] })).toEqual(['ClusterRole everywhere', 'Role teleport with leases']);
  });

  it('labels and keeps the CRDs of all kinds', () => {
    const crds = all().filter(({ kind }) => kind === 'CustomResourceDefinition');
    expect(crds.map(({ metadata }) => metadata.name).toSorted()).toEqual(
      kinds.map(({ object }) => `${object.plural}.resources.teleport.dev`).toSorted(),
    );
    for (const { metadata } of crds) {
      expect(metadata.labels).toMatchObject({
        'teleport.dev/release': 'teleport_operator',
        'app.kubernetes.io/managed-by': 'Helm',
      });
      expect(metadata.annotations).toMatchObject({ 'helm.sh/resource-policy': 'keep' });
    }
  });

  it.each([
    ['dynamic', true, true],
    ['dynamic', false, false],
    ['always', false, true],
    ['never', true, false],
  ])('with installCRDs %s and enabled %s renders CRDs: %s', (installCRDs, enabled, wanted) => {
    const found = all({ installCRDs, enabled }).some(({ kind }) => kind === 'CustomResourceDefinition');
    expect(found).toBe(wanted);
  });

  it('renders the same CRDs in the chart for CRDs alone', () => {
    const specs = (objects: KubeObject[]) =>
      objects.filter(({ kind }) => kind === 'CustomResourceDefinition').map((object) => object['spec']);
    expect(specs(render({}, { chart: crdsChart }))).toEqual(specs(all()));
  });

  it('gives nothing to a Pod that it does not need', () => {
    const { volumes } = podOf(
      small({ teleportAddress: 'auth.teleport.svc.cluster.local:3025', teleportClusterName: '' }),
    ).spec;
    expect(volumes.map((volume) => volume['name'])).toEqual(['operator-serviceaccount-token']);
  });

  it('lets `kubectl describe pod` show why the last container ended', () => {
    expect(containerOf(small())).toMatchObject({ terminationMessagePolicy: 'FallbackToLogsOnError' });
  });

  it('fences in who connects to the Pod, and what it connects to only where that is said', () => {
    const fence = (values: object) =>
      only(small({ 'networkPolicy.enabled': true, ...values }), 'NetworkPolicy')['spec'];
    const probes = { ports: [{ port: 'op-health', protocol: 'TCP' }] };
    const scrapes = { ports: [{ port: 'op-metrics', protocol: 'TCP' }] };
    expect(fence({})).toMatchObject({ policyTypes: ['Ingress'], ingress: [probes, scrapes] });
    const from = [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }];
    const egress = [{ ports: [{ port: 53, protocol: 'UDP' }, { port: 53 }, { port: 443 }] }];
    expect(fence({ 'networkPolicy.metricsFrom': from, 'networkPolicy.egress': egress })).toMatchObject({
      policyTypes: ['Ingress', 'Egress'],
      ingress: [probes, { ...scrapes, from }],
      egress,
    });
  });

  it('stays within what the Secret of a release may hold, twice over', () => {
    // Helm stores chart and manifest, compressed; a Secret holds 1 MiB
    const size = Buffer.byteLength(JSON.stringify(all()));
    expect(size).toBeLessThan(6_000_000);
  });

  it.each([
    [
      { 'highAvailability.replicaCount': 2, joinMethod: 'token' },
      '/highAvailability/replicaCount',
      'joins once',
    ],
    [{ installCRDs: 'yes' }, '/installCRDs', "'dynamic', 'always', 'never'"],
    [{ teleportAdress: 'x:1' }, '/teleportAdress', 'called teleportAddress'],
    [{ replicas: 2 }, '/replicas', 'called highAvailability.replicaCount'],
    [{ operator: { enabled: true } }, '/operator', 'without operator:'],
    [{ colour: 'blue' }, 'colour', 'not allowed'],
    [{ 'resources.limit': { memory: '1Gi' } }, '/resources', 'limit'],
    [{ joinMethod: 'tpm' }, '/joinMethod', "'iam', 'kubernetes'"],
    [{ token: '' }, 'token', 'join token'],
    [{ teleportAddress: 'https://x' }, '/teleportAddress', 'without https://'],
    [{ teleportAddress: '' }, 'teleportAddress', 'host:port'],
    [{ teleportClusterName: '' }, 'teleportClusterName', 'joinMethod kubernetes'],
    [{ caPins: ['abc'] }, '/caPins/0', 'tctl status'],
    [{ image: '' }, 'image', 'Dockerfile'],
    [{ image: 'public.ecr.aws/gravitational/teleport-operator' }, 'image', '--reset-then-reuse-values'],
    [{ teleportVersionOverride: '18.1.0' }, 'teleportVersionOverride', 'Remove it'],
    [{ extraArgs: ['DEBUG'] }, '/extraArgs/0', '-certificate-ttl=2h'],
    [
      { 'highAvailability.replicaCount': 2, joinMethod: 'bound_keypair' },
      '/highAvailability/replicaCount',
      'join state',
    ],
    [{ syncPeriod: '10 hours' }, '/syncPeriod', '1h30m'],
    [{ startupTimeout: '300' }, '/startupTimeout', 'duration'],
    [{ 'log.level': 'debug' }, '/log/level', "'DEBUG', 'INFO'"],
    [{ proxyServer: 'https://x' }, '/proxyServer', 'without https://'],
    [{ dryRun: 'yes' }, '/dryRun', 'boolean'],
    [{ operatorInstallsCRDs: true }, 'operatorInstallsCRDs', 'installCRDs never'],
    [{ enabled: 'no' }, '/enabled', 'boolean'],
    [{ 'podDisruptionBudget.minAvailable': 'half' }, '/podDisruptionBudget/minAvailable', 'percentage'],
    [{ 'serviceAccount.name': 'A_b' }, '/serviceAccount/name', 'small letters'],
  ])('refuses %j and says what to write', (values, ...words) => {
    const said = refusal({ ...needed, ...values });
    for (const word of words) expect(said).toContain(word);
  });

  it('knows the join methods that the operator has', () => {
    const schema = json('charts/teleport-operator/values.schema.json') as Schema;
    expect(schema.properties?.['joinMethod']?.enum).toEqual(joinMethods.map(({ name }) => name));
  });

  it('has in its schema what values.yaml has, and no other', () => {
    const schema = json('charts/teleport-operator/values.schema.json') as Schema;
    const values = parse(readFileSync(`${chart}/values.yaml`, 'utf8')) as object;
    // Helm adds `global`; the spelling that works stands beside the one that Teleport's chart documents
    const unlisted = ['global', 'fullnameOverride'];
    expect(
      Object.keys(schema.properties ?? {})
        .filter((name) => !unlisted.includes(name))
        .toSorted(),
    ).toEqual(Object.keys(values).toSorted());
  });

  it('explains every value of values.yaml in its schema', () => {
    const schema = json('charts/teleport-operator/values.schema.json') as Schema;
    expect(unexplained(schema)).toEqual([]);
  });
});

interface Schema {
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly properties?: Record<string, Schema>;
}

function unexplained(schema: Schema, path = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => [
    ...(inner.description && inner.type ? [] : [`${path}${name}`]),
    ...unexplained(inner, `${path}${name}.`),
  ]);
}
