// The generated CRDs in an API server: taken as they are, structural, small, and of use to `kubectl explain`.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crds, installCrds } from '../env/crds.js';
import { eventually } from '../env/eventually.js';
import { kubeServers } from '../env/index.js';
import { type KubeAdmin, openKube } from '../env/kube-admin.js';
import { findKubectl, kubectl } from '../env/kubeconfig.js';
import type { RunningKube } from '../env/types.js';

const found = findKubectl();

describe.each(kubeServers())('the CRDs, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('installed', () => {
    let kube: RunningKube;
    let admin: KubeAdmin;
    beforeAll(async () => {
      kube = await start();
      admin = openKube(kube.kubeconfigPath);
      await installCrds(admin);
    }, 60_000);
    afterAll(async () => {
      admin?.close();
      await kube?.stop();
    });

    it.each(crds().map((crd) => [crd.metadata.name, crd] as const))('%s is structural', async (name, crd) => {
      const installed = await admin.get(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`);
      const conditions = installed.status?.['conditions'] as {
        type: string;
        status: string;
        message: string;
      }[];
      expect(conditions.filter(({ type }) => type === 'NonStructuralSchema')).toEqual([]);
      expect(conditions.find(({ type }) => type === 'NamesAccepted')?.status).toBe('True');
      expect(JSON.stringify(crd).length).toBeLessThan(262_144 / 2);
    });

    it.skipIf(!found)(`answers kubectl explain${found ? '' : ' (there is no kubectl)'}`, async () => {
      // the OpenAPI of a new CRD takes the server a moment
      const text = await eventually(() =>
        kubectl(kube.kubeconfigPath, 'explain', 'teleportrolesv8.spec.allow.node_labels'),
      );
      expect(text).toMatch(/DESCRIPTION:\s+\S+ \S+/);
      expect(text).not.toContain('<empty>');
    });
  });
});
