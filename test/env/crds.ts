// Installs the operator's CustomResourceDefinitions in a test server, as `kubectl apply` of the `crds`
// command's output would.
import { readFileSync } from 'node:fs';
import type { KubeObject } from '../../src/kube/object.js';
import { eventually } from './eventually.js';
import { ensure, type KubeAdmin } from './kube-admin.js';

const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** The generated CRDs. */
export function crds(): KubeObject[] {
  return JSON.parse(
    readFileSync(new URL('../../src/gen/crds.json', import.meta.url), 'utf8'),
  ) as KubeObject[];
}

/** Creates CRDs (all, or the given ones) and waits until they are served. */
export async function installCrds(admin: KubeAdmin, wanted: readonly KubeObject[] = crds()): Promise<void> {
  for (const crd of wanted) await ensure(admin, path, crd);
  await eventually(
    async () => {
      for (const { metadata } of wanted) {
        const crd = await admin.get(`${path}/${metadata.name}`);
        const conditions = (crd.status?.['conditions'] ?? []) as { type: string; status: string }[];
        const established = conditions.some(
          ({ type, status }) => type === 'Established' && status === 'True',
        );
        if (!established)
          throw new Error(`${metadata.name} is not established: ${JSON.stringify(conditions)}`);
      }
    },
    { timeoutMs: 20_000 },
  );
}
