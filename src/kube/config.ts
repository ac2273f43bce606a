// Finds the API server in the order of controller-runtime: the flag, $KUBECONFIG, the Pod's own, ~/.kube/config.
// Reading them is left to kubeconfig.ts and in-cluster.ts.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Clock } from '../core/clock.js';
import { type ClusterAccess, KubeConfigError } from './access.js';
import { inClusterAccess } from './in-cluster.js';
import { kubeconfigAccess } from './kubeconfig.js';
import type { Env } from './proxy-env.js';

export type { ClusterAccess } from './access.js';
export { KubeConfigError } from './access.js';

export interface LoadOptions {
  /** The value of -kubeconfig; empty counts as not given. */
  readonly kubeconfig?: string;
  readonly env: Env;
  readonly clock: Clock;
  /** The user's home folder and the service account's folder; for tests. */
  readonly home?: string;
  readonly serviceAccountFolder?: string;
}

/**
 * How to reach the API server.
 * @throws KubeConfigError that names the file and field, or all the places that were looked at.
 */
export function loadKubeConfig(options: LoadOptions): ClusterAccess {
  const { env, clock, kubeconfig } = options;
  if (kubeconfig) return kubeconfigAccess([kubeconfig], env, clock);
  if (env.KUBECONFIG) {
    const listed = env.KUBECONFIG.split(delimiter).filter((file) => file !== '');
    const files = listed.filter((file) => existsSync(file));
    if (files.length > 0) return kubeconfigAccess(files, env, clock);
    throw new KubeConfigError(`environment variable KUBECONFIG: no such file: ${listed.join(', ')}`);
  }
  const inCluster = inClusterAccess(env, clock, options.serviceAccountFolder);
  if (inCluster) return inCluster;
  const ordinary = join(options.home ?? env.HOME ?? homedir(), '.kube', 'config');
  if (existsSync(ordinary)) return kubeconfigAccess([ordinary], env, clock);
  throw new KubeConfigError(
    'no way to Kubernetes was found: -kubeconfig and $KUBECONFIG are not set, ' +
      `this is not a Pod (KUBERNETES_SERVICE_HOST is not set), and ${ordinary} does not exist`,
  );
}
