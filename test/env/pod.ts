// A Pod without a container: processes that see files where the kubelet would mount them, below /var/run, by a mount namespace of
// their own. That takes root's rights; where they are missing, suites that want a Pod are skipped and say so.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { ensure, openKube } from './kube-admin.js';
import type { RunningKube } from './types.js';

/** Where service account tokens are, below which a Pod has its own files. */
const runFolder = '/var/run';
const account = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Mounts $1 over $2, and becomes the rest of the arguments: the process id stays. */
const mount = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';

export const podsPermitted =
  spawnSync('unshare', ['--mount', '/bin/sh', '-c', mount, 'sh', '/tmp', '/tmp', 'true']).status === 0;

/** For the names of suites. */
export const withPods = podsPermitted ? 'in a Pod' : 'in a Pod (mount namespaces are not permitted)';

export interface Pod {
  /** Variables that the kubelet sets in every container. */
  readonly env: NodeJS.ProcessEnv;
  /** Puts a file below /var/run, or replaces it, also under processes that run. */
  write(path: string, text: string): void;
  /** Where a file below /var/run is for a process that is not in the Pod. */
  outside(path: string): string;
  /** The command line that runs this one with the files in place. */
  wrap(command: string, args: readonly string[]): { command: string; args: readonly string[] };
  remove(): void;
}

/** A Pod of that cluster, without files. */
export function makePod(kube: RunningKube): Pod {
  const folder = mkdtempSync(join(tmpdir(), 'operator-pod-'));
  const { hostname, port } = new URL(kube.url);
  const outside = (path: string): string => {
    const below = relative(runFolder, path);
    if (below.startsWith('..')) throw new Error(`${path} is not below ${runFolder}`);
    return join(folder, below);
  };
  return {
    outside,
    env: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port },
    write: (path, text) => {
      mkdirSync(dirname(outside(path)), { recursive: true });
      writeFileSync(outside(path), text, { mode: 0o600 });
    },
    wrap: (command, args) => ({
      command: 'unshare',
      args: ['--mount', '/bin/sh', '-c', mount, 'sh', folder, realpathSync(runFolder), command, ...args],
    }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * A Pod for Auth as the teleport-cluster chart runs it: with a service account that may have tokens reviewed.
 * @param namespace of the chart's release, whose name is `teleport`
 */
export async function makeAuthPod(kube: RunningKube, namespace: string): Promise<Pod> {
  const pod = makePod(kube);
  const token = await kube.serviceAccountToken(namespace, 'teleport', { expirationSeconds: 3_600 });
  const admin = openKube(kube.kubeconfigPath);
  const api = 'rbac.authorization.k8s.io';
  await ensure(admin, `/apis/${api}/v1/clusterrolebindings`, {
    apiVersion: `${api}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: `${namespace}-teleport-auth` },
    roleRef: { apiGroup: api, kind: 'ClusterRole', name: 'system:auth-delegator' },
    subjects: [{ kind: 'ServiceAccount', name: 'teleport', namespace }],
  });
  admin.close();
  pod.write(`${account}/token`, token);
  pod.write(`${account}/ca.crt`, kube.ca);
  pod.write(`${account}/namespace`, namespace);
  return pod;
}
