// Every manifest of the chart, as a real kube-apiserver sees it: strictly valid over a matrix of values, by way of kustomize too; the
// notes as helm prints them with a cluster; the rights to bring CRDs.
import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
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
import { assets, chart, crdsChart, helm, helmBinary, needed, only, render, root, setting } from './helm.js';
import { pathOf, prometheusCrds } from './manifests.js';
import { matrix } from './matrix.js';

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

    it('is accepted strictly: the kustomize base, by kubectl too', async () => {
      await admin.create('/api/v1/namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'teleport-iac' },
      });
      const flags = ['kustomize', '--enable-helm', `--helm-command=${helmBinary}`, 'deploy/kustomize'];
      const built = execFileSync(`${assets}/kubectl`, flags, {
        cwd: root,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        maxBuffer: 64 * 1024 * 1024,
      });
      const objects = parseAllDocuments(built).map((document) => document.toJS() as KubeObject);
      expect(objects.length).toBeGreaterThan(kinds.length);
      for (const object of objects)
        await admin.create(`${pathOf(object)}?dryRun=All&fieldValidation=Strict`, object);
      const apply = ['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'];
      const said = execFileSync(`${assets}/kubectl`, apply, {
        input: built,
        encoding: 'utf8',
        // HOME: kubectl keeps what it discovered there
        env: { KUBECONFIG: kube.kubeconfigPath, HOME: dirname(kube.kubeconfigPath) },
        maxBuffer: 64 * 1024 * 1024,
      });
      expect(said.match(/serverside-applied/g)).toHaveLength(objects.length);
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
      expect(notes({ dryRun: true })).toContain('nothing is written to Teleport');
      expect(notes({ teleportAddress: '', proxyServer: 'proxy.example:443' })).toContain(
        'keeps proxy.example:443',
      );
    });

    it('gives the rights that -install-crds needs, and no others on CRDs', async () => {
      const values = { ...needed, installCRDs: 'never', operatorInstallsCRDs: true };
      for (const object of render(values).filter(({ kind }) => /^ClusterRole(Binding)?$/.test(kind ?? '')))
        await admin.create(pathOf(object), object);
      const kubeconfig = await kube.serviceAccountKubeconfig('teleport', 'operator-teleport-operator');
      const log = createLogger({ level: 'ERROR', component: 'test' });
      const access = loadKubeConfig({ env: {}, clock: systemClock, kubeconfig });
      const client = createKubeClient(access, { clock: systemClock });
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
