// The chart's manifests: names and labels as Teleport's own chart makes them (kinds.md F.8), what each value does, what is
// refused and in which words; and a real kube-apiserver's opinion on all of it.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSettings } from '../../src/cli/settings.js';
import { systemClock } from '../../src/core/clock.js';
import { createLogger } from '../../src/core/log-pino.js';
import { kinds } from '../../src/kinds/index.js';
import { createKubeClient } from '../../src/kube/client.js';
import { loadKubeConfig } from '../../src/kube/config.js';
import type { KubeObject } from '../../src/kube/object.js';
import { installCrds } from '../../src/operator/install-crds.js';
import { crds } from '../env/crds.js';
import { type KubeAdmin, openKube } from '../env/kube-admin.js';
import { startRealKube } from '../env/kube-real.js';
import type { RunningKube } from '../env/types.js';
import {
  assets,
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
import { pathOf, prometheusCrds } from './manifests.js';
import { matrix } from './matrix.js';

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

  it('turns values into flags that the operator reads, and none where they are the default', () => {
    const more = {
      namespaces: ['team-a', 'team-b'],
      operatorId: 'one',
      drift: 'report',
      deletionBrake: 20,
      operatorInstallsCRDs: true,
      extraArgs: ['-log-level=DEBUG'],
    };
    const args = (values: object) => containerOf(small(values)).command.slice(1);
    expect(args({}).filter((arg) => arg.startsWith('-'))).toEqual(['-auth-server', '-join-method', '-token']);
    const { extraArgs: _, operatorInstallsCRDs: installCrds, ...flags } = more;
    expect(readSettings(args(more))).toMatchObject({ ...flags, installCrds, logLevel: 'DEBUG' });
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
    [{ teleportAdress: 'x:1' }, 'teleportAdress', 'not allowed'],
    [{ teleportAddress: 'https://x' }, '/teleportAddress', 'without https://'],
    [{ teleportAddress: '' }, 'teleportAddress', 'host:port'],
    [{ teleportClusterName: '' }, 'teleportClusterName', 'joinMethod kubernetes'],
    [{ caPins: ['abc'] }, '/caPins/0', 'tctl status'],
    [{ image: '' }, 'image', 'Dockerfile'],
    [{ image: 'public.ecr.aws/gravitational/teleport-operator' }, 'image', '--reset-then-reuse-values'],
    [{ teleportVersionOverride: '18.1.0' }, 'teleportVersionOverride', 'Remove it'],
    [{ extraArgs: ['DEBUG'] }, '/extraArgs/0', '-log-level=DEBUG'],
    [{ operatorInstallsCRDs: true }, 'operatorInstallsCRDs', 'installCRDs never'],
    [{ enabled: 'no' }, '/enabled', 'boolean'],
    [{ 'podDisruptionBudget.minAvailable': 'half' }, '/podDisruptionBudget/minAvailable', 'percentage'],
    [{ 'serviceAccount.name': 'A_b' }, '/serviceAccount/name', 'small letters'],
  ])('refuses %j and says what to write', (values, ...words) => {
    const said = refusal({ ...needed, ...values });
    for (const word of words) expect(said).toContain(word);
  });

  it('explains every value of values.yaml in its schema', () => {
    const schema = json('charts/teleport-operator/values.schema.json') as Schema;
    expect(unexplained(schema)).toEqual([]);
  });
});

interface Schema {
  readonly description?: string;
  readonly type?: string;
  readonly properties?: Record<string, Schema>;
}

function unexplained(schema: Schema, path = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => [
    ...(inner.description && inner.type ? [] : [`${path}${name}`]),
    ...unexplained(inner, `${path}${name}.`),
  ]);
}

const skipped = helmBinary === undefined || assets === '';
describe.skipIf(skipped)(
  `every manifest, on a real kube-apiserver${skipped ? ' (KUBEBUILDER_ASSETS is not set, or no helm)' : ''}`,
  () => {
    let kube: RunningKube;
    let admin: KubeAdmin;
    beforeAll(async () => {
      kube = await startRealKube(assets);
      admin = openKube(kube.kubeconfigPath);
      for (const name of ['teleport', 'team-a'])
        await admin.create('/api/v1/namespaces', {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name },
        });
      for (const crd of prometheusCrds) await admin.create(pathOf(crd), crd);
    }, 90_000);
    afterAll(async () => {
      admin?.close();
      await kube?.stop();
    });

    it.each(Object.entries(matrix))(
      'is accepted strictly: %s',
      async (_name, values) => {
        // CRDs are the same in all but the first
        const objects = render({
          ...needed,
          ...(_name === 'nothing more' ? {} : { installCRDs: 'never' }),
          ...values,
        });
        for (const object of objects) {
          const path = `${pathOf(object)}?dryRun=All&fieldValidation=Strict`;
          await expect(
            admin.create(path, object),
            `${object.kind} ${object.metadata.name}`,
          ).resolves.toBeDefined();
        }
      },
      60_000,
    );

    it('is accepted strictly: the chart for CRDs alone', async () => {
      for (const object of render({}, { chart: crdsChart })) {
        await admin.create(`${pathOf(object)}?dryRun=All&fieldValidation=Strict`, object);
      }
    }, 60_000);

    it('says what to run next, and warns of a token that joins once', () => {
      const notes = (values: object) =>
        helm(
          [
            'install',
            'x',
            chart,
            '--dry-run=server',
            '-n',
            'teleport',
            ...setting({ ...needed, installCRDs: 'never', ...values }),
          ],
          kube.kubeconfigPath,
        ).split('NOTES:')[1];
      expect(notes({})).toContain('kubectl -n teleport rollout status deployment/x-teleport-operator');
      expect(notes({})).toContain('teleport:x-teleport-operator');
      expect(notes({})).toContain('Two replicas are recommended');
      expect(notes({ joinMethod: 'token' })).toContain('joins once');
      expect(notes({ 'highAvailability.replicaCount': 2 })).not.toContain('Two replicas');
    });

    it('gives the rights that -install-crds needs, and no others on CRDs', async () => {
      const values = { ...needed, installCRDs: 'never', operatorInstallsCRDs: true };
      for (const object of render(values).filter(({ kind }) => /^ClusterRole(Binding)?$/.test(kind ?? '')))
        await admin.create(pathOf(object), object);
      const kubeconfig = await kube.serviceAccountKubeconfig('teleport', 'operator-teleport-operator');
      const log = createLogger({ level: 'ERROR', component: 'test' });
      const access = loadKubeConfig({ env: {}, clock: systemClock, kubeconfig });
      const client = createKubeClient(access, { clock: systemClock, log });
      try {
        await installCrds({ kube: client, log, crds: crds() }, new AbortController().signal);
        const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
        expect(await admin.list(path)).toHaveLength(kinds.length + prometheusCrds.length);
        const resource = {
          group: 'apiextensions.k8s.io',
          version: 'v1',
          plural: 'customresourcedefinitions',
        };
        const foreign = { name: prometheusCrds[0]?.metadata.name ?? '' };
        await expect(client.get(resource, foreign)).rejects.toThrow('forbidden');
      } finally {
        client.close();
      }
    }, 60_000);

    it('is told of a field that there is not', async () => {
      const object = { ...only(render({ ...needed, installCRDs: 'never' }), 'Role'), rule: [] };
      await expect(
        admin.create(`${pathOf(object)}?dryRun=All&fieldValidation=Strict`, object),
      ).rejects.toThrow('unknown field');
    });
  },
);
