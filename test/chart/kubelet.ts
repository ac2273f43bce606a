// What the kubelet does for the operator's Pod: it fills the projected volumes that the Deployment has, with tokens of the
// service account that are bound to the Pod, the API server's CA and the namespace.
import type { KubeObject } from '../../src/kube/object.js';
import type { Pod } from '../env/pod.js';
import type { RunningKube } from '../env/types.js';
import { containerOf, podOf } from './helm.js';

interface Source {
  readonly serviceAccountToken?: { path: string; audience?: string; expirationSeconds?: number };
  readonly configMap?: { name: string; items: { key: string; path: string }[] };
  readonly downwardAPI?: { items: { path: string; fieldRef: { fieldPath: string } }[] };
}

/** @throws for a source that the operator's Pod has not had so far */
export async function mountProjected(
  objects: readonly KubeObject[],
  kube: RunningKube,
  namespace: string,
  pod: Pod,
): Promise<void> {
  const { volumes, serviceAccountName } = podOf(objects).spec;
  for (const { name, mountPath } of containerOf(objects).volumeMounts) {
    const volume = volumes.find((one) => one['name'] === name);
    const { sources = [] } = (volume?.['projected'] ?? {}) as { sources?: Source[] };
    for (const { serviceAccountToken, configMap, downwardAPI } of sources) {
      if (serviceAccountToken) {
        const { path, expirationSeconds = 3_600, ...audience } = serviceAccountToken;
        const options = { ...audience, expirationSeconds };
        const token = await kube.serviceAccountToken(namespace, serviceAccountName, options);
        pod.write(`${mountPath}/${path}`, token);
      } else if (configMap?.name === 'kube-root-ca.crt') {
        for (const { path } of configMap.items) pod.write(`${mountPath}/${path}`, kube.ca);
      } else if (downwardAPI) {
        for (const { path, fieldRef } of downwardAPI.items) {
          if (fieldRef.fieldPath !== 'metadata.namespace')
            throw new Error(`unknown field ${fieldRef.fieldPath}`);
          pod.write(`${mountPath}/${path}`, namespace);
        }
      } else {
        throw new Error(`volume ${name} has a source of a kind that is not known here`);
      }
    }
  }
}
