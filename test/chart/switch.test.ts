// Real helm on a real kube-apiserver: a release of Teleport's chart (or what stands in for it) becomes one of ours and goes
// back; it is disabled, and uninstalled. Custom resources, their finalizers and their CRDs outlive all of it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.js';
import { group } from '../../src/kinds/kind.js';
import type { KubeObject } from '../../src/kube/object.js';
import { eventually } from '../env/eventually.js';
import { type KubeAdmin, openKube } from '../env/kube-admin.js';
import { startRealKube } from '../env/kube-real.js';
import type { RunningKube } from '../env/types.js';
import { assets, chart, crdsChart, helm, helmBinary, needed, setting } from './helm.js';
import { type StandIn, standIn, upstreamPlurals } from './stand-in.js';

const namespace = 'access';
const release = 'teleport-operator';
const crdPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const finalizer = 'resources.teleport.dev/deletion';
const skipped = helmBinary === undefined || assets === '';

describe.skipIf(skipped)(
  `switching a release, with helm and a real kube-apiserver${skipped ? ' (KUBEBUILDER_ASSETS is not set, or no helm)' : ''}`,
  () => {
    let kube: RunningKube;
    let admin: KubeAdmin;
    let upstream: StandIn;
    const { image: _, ...theirs } = needed;
    const run = (...args: string[]) => helm([...args, '-n', namespace], kube.kubeconfigPath);
    const upgrade = (folder: string, values: object, ...args: string[]) =>
      run('upgrade', release, folder, ...setting({ ...values }), ...args);
    const deployment = () =>
      admin.get(`/apis/apps/v1/namespaces/${namespace}/deployments/${release}`) as Promise<Deployment>;

    /** An object of every kind that Teleport's chart knows, as the Go operator leaves it. */
    const objects = (): { path: string; body: object }[] =>
      kinds
        .filter(({ object }) => upstreamPlurals.includes(object.plural))
        .map(({ object }) => {
          const version = object.versions.find(({ storage }) => storage)?.name;
          return {
            path: `/apis/${group}/${version}/namespaces/${namespace}/${object.plural}`,
            body: {
              apiVersion: `${group}/${version}`,
              kind: object.kind,
              metadata: { name: 'mine', finalizers: [finalizer], labels: { team: 'access' } },
            },
          };
        });
    let before: KubeObject[] = [];
    const all = () => Promise.all(objects().map(({ path }) => admin.get(`${path}/mine`)));

    /** The same objects: uid, finalizers, labels, and no deletion begun. */
    const untouched = async () => {
      const now = await all();
      const shape = ({ kind, metadata }: KubeObject) => ({
        kind,
        uid: metadata.uid,
        finalizers: metadata.finalizers,
        labels: metadata.labels,
        deleted: metadata.deletionTimestamp,
      });
      expect(now.map(shape)).toEqual(before.map(shape));
      for (const object of now) expect(object.metadata.deletionTimestamp).toBeUndefined();
    };
    const crdsOf = async () =>
      (await admin.list(crdPath)).filter(({ metadata }) => metadata.name.endsWith(group));

    beforeAll(async () => {
      kube = await startRealKube(assets);
      admin = openKube(kube.kubeconfigPath);
      upstream = standIn();
      run('install', release, upstream.folder, '--create-namespace', ...setting(theirs));
      for (const { path, body } of objects())
        await eventually(() => admin.create(path, body), { timeoutMs: 20_000 });
      before = await all();
    }, 120_000);
    afterAll(async () => {
      upstream?.remove();
      admin?.close();
      await kube?.stop();
    });

    it('is refused with values of the other chart kept by --reuse-values, and says what to do', () => {
      expect(() => upgrade(chart, {}, '--reuse-values')).toThrow('--reset-then-reuse-values');
    });

    it('goes to ours in one upgrade: same Deployment, new command, every object kept', async () => {
      const { metadata } = await deployment();
      upgrade(chart, { image: needed['image'] }, '--reset-then-reuse-values');
      const now = await deployment();
      expect(now.metadata.uid).toBe(metadata.uid);
      expect(now.spec.template.spec.containers).toHaveLength(1);
      expect(now.spec.template.spec.containers[0]?.image).toMatch(/^registry\.example\/teleport-operator:/);
      await untouched();
      const crds = await crdsOf();
      expect(crds).toHaveLength(kinds.length);
      for (const crd of crds)
        expect(crd.metadata.annotations, crd.metadata.name).toMatchObject({
          'helm.sh/resource-policy': 'keep',
        });
    }, 180_000);

    it('fits into the Secret of a release with half of it to spare', async () => {
      const secrets = await admin.list(`/api/v1/namespaces/${namespace}/secrets`);
      const sizes = secrets.map((secret) => JSON.stringify(secret['data'] ?? {}).length);
      expect(Math.max(...sizes)).toBeLessThan(700_000);
    });

    it('goes back in one upgrade, and keeps the CRDs that only we have', async () => {
      const { metadata } = await deployment();
      upgrade(upstream.folder, theirs, '--reset-values');
      const now = await deployment();
      expect(now.metadata.uid).toBe(metadata.uid);
      expect(now.spec.template.spec.containers[0]?.image).toMatch(/gravitational\/teleport-operator:/);
      await untouched();
      expect(await crdsOf()).toHaveLength(kinds.length);
    }, 180_000);

    it('comes to ours again, taking the CRDs that stayed', async () => {
      upgrade(chart, needed, '--reset-values');
      await untouched();
    }, 180_000);

    it('keeps everything while it is disabled, and is as before by helm rollback', async () => {
      upgrade(chart, { ...needed, enabled: false }, '--reset-values');
      await expect(deployment()).rejects.toThrow('404');
      expect(run('get', 'manifest', release)).toContain('kind: CustomResourceDefinition');
      await untouched();
      run('rollback', release, '4');
      await deployment();
      await untouched();
    }, 180_000);

    it('goes back by helm rollback to the first revision, too', async () => {
      run('rollback', release, '1');
      await untouched();
      expect(await crdsOf()).toHaveLength(kinds.length);
      upgrade(chart, needed, '--reset-values');
    }, 180_000);

    it('keeps everything with installCRDs never, which takes the CRDs out of the release', async () => {
      upgrade(chart, { ...needed, installCRDs: 'never' }, '--reset-values');
      expect(run('get', 'manifest', release)).not.toContain('kind: CustomResourceDefinition');
      expect(await crdsOf()).toHaveLength(kinds.length);
      await untouched();
    }, 180_000);

    it('keeps everything when it is uninstalled', async () => {
      upgrade(chart, needed, '--reset-values');
      expect(run('uninstall', release)).toContain('kept due to the resource policy');
      await untouched();
      expect(await crdsOf()).toHaveLength(kinds.length);
    }, 180_000);

    it('hands the CRDs over to the chart that has nothing else', async () => {
      expect(() => run('install', 'crds', crdsChart)).toThrow('invalid ownership metadata');
      run('install', 'crds', crdsChart, '--take-ownership');
      run('install', release, chart, ...setting({ ...needed, installCRDs: 'never' }));
      run('uninstall', 'crds');
      await untouched();
    }, 180_000);
  },
);

interface Deployment extends KubeObject {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: { readonly image: string }[] } };
  };
}
