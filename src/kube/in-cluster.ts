// The configuration that Kubernetes gives to every Pod: two environment variables and the service account's
// files. The token is read again as the kubelet renews it.
import { existsSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../core/clock.js';
import { type ClusterAccess, KubeConfigError } from './access.js';
import { CachedFile } from './cached-file.js';
import { staticCredentials } from './credentials.js';
import { type Env, proxyFromEnv } from './proxy-env.js';

export const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The access of the Pod that we run in; undefined outside a cluster.
 * @throws KubeConfigError if the variables are there but the token is not.
 */
export function inClusterAccess(
  env: Env,
  clock: Clock,
  folder: string = serviceAccountFolder,
): ClusterAccess | undefined {
  const host = env.KUBERNETES_SERVICE_HOST;
  const port = env.KUBERNETES_SERVICE_PORT;
  if (!host || !port) return undefined;
  const token = join(folder, 'token');
  if (!existsSync(token)) {
    throw new KubeConfigError(
      `in-cluster: KUBERNETES_SERVICE_HOST is set but ${token} is missing; ` +
        'mount the service account token into the Pod, or name a kubeconfig',
    );
  }
  const address = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  if (!URL.canParse(address)) {
    throw new KubeConfigError(
      `in-cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT don't make an address: ${address}`,
    );
  }
  const server = new URL(address);
  const proxy = proxyFromEnv(server, env);
  const caPath = join(folder, 'ca.crt');
  const ca = existsSync(caPath) ? new CachedFile(caPath, clock) : undefined;
  return {
    server,
    origin: 'in-cluster',
    ca: async () => ca?.read(),
    insecure: false,
    ...(proxy && { proxy }),
    credentials: staticCredentials({ token: { file: token } }, clock),
  };
}
