// Installs the operator's CustomResourceDefinitions in a test server, as `kubectl apply` of the `crds`
// command's output would.
import { readFileSync } from 'node:fs';
import type { KubeObject } from '../../src/kube/object.js';
import { eventually } from './eventually.js';
import { ensure, type KubeAdmin } from './kube-admin.js';

/** Where CRDs are. */
export const crdPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** The generated CRDs. */
export function crds(): KubeObject[] {
  return JSON.parse(
    readFileSync(new URL('../../src/gen/crds.json', import.meta.url), 'utf8'),
  ) as KubeObject[];
}

/** Creates CRDs (all, or the given ones) and waits until they are served. */
export async function installCrds(admin: KubeAdmin, wanted: readonly KubeObject[] = crds()): Promise<void> {
  for (const crd of wanted) await ensure(admin, crdPath, crd);
  await eventually(
    async () => {
      for (const { metadata } of wanted) {
        const crd = await admin.get(`${crdPath}/${metadata.name}`);
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

/** What the Go operator's CRDs have not. */
const remembered = ['observedGeneration', 'resourceName', 'applied'];

interface CrdVersion {
  readonly name: string;
  readonly served: boolean;
  readonly schema: {
    readonly openAPIV3Schema: {
      readonly properties: Record<string, { default?: unknown; properties?: Record<string, unknown> }>;
    };
  };
}

const versionsOf = async (admin: KubeAdmin, path: string): Promise<readonly CrdVersion[]> =>
  ((await admin.find(path)) as unknown as { spec: { versions: readonly CrdVersion[] } }).spec.versions;

/** Makes a CRD serve its objects in that version alone, as those of another operator may. @returns the way back */
export async function serveOnlyAs(
  admin: KubeAdmin,
  name: string,
  version: string,
): Promise<() => Promise<void>> {
  const path = `${crdPath}/${name}`;
  const ours = await versionsOf(admin, path);
  const hidden = ours.map((each) => ({ ...each, served: false }));
  const other = { ...structuredClone(ours[0]), name: version, served: true, storage: false };
  await admin.patch(path, { spec: { versions: [...hidden, other] } });
  return async () => {
    await admin.patch(path, { spec: { versions: ours } });
  };
}

/** Makes a CRD forget what the operator remembers in status, as the Go operator's do. @returns the way back */
export async function makeForgetful(admin: KubeAdmin, name: string): Promise<() => Promise<void>> {
  const path = `${crdPath}/${name}`;
  const ours = await versionsOf(admin, path);
  const theirs = structuredClone(ours);
  for (const { schema } of theirs) {
    const { status } = schema.openAPIV3Schema.properties;
    if (!status) throw new Error(`${name} has no status`);
    delete status.default;
    for (const field of remembered) delete status.properties?.[field];
  }
  await admin.patch(path, { spec: { versions: theirs } });
  return async () => {
    await admin.patch(path, { spec: { versions: ours } });
  };
}
