// Kubeconfig files with everything inline, and where the kubectl to use them with is.
import { execFile } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { KeyPair } from './certificates.js';

/** Writes a kubeconfig (JSON, which is YAML) with one context. */
export function writeKubeconfig(
  path: string,
  cluster: { url: string; ca: string },
  user: KeyPair | { token: string },
  namespace = 'default',
): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const credentials =
    'token' in user
      ? user
      : { 'client-certificate-data': base64(user.cert), 'client-key-data': base64(user.key) };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'test', cluster: { server: cluster.url, 'certificate-authority-data': base64(cluster.ca) } },
    ],
    users: [{ name: 'test', user: credentials }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace } }],
    'current-context': 'test',
  };
  writeFileSync(path, JSON.stringify(config, null, 2), { mode: 0o600 });
  return path;
}

/** kubectl beside the Kubernetes binaries (KUBEBUILDER_ASSETS) or on the PATH; undefined when there is none. */
export function findKubectl(): string | undefined {
  const folders = [process.env['KUBEBUILDER_ASSETS'], ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders
    .filter((folder) => folder !== undefined && folder !== '')
    .map((folder) => join(folder as string, 'kubectl'))
    .find((file) => existsSync(file));
}

/**
 * Runs kubectl, its caches beside the kubeconfig; answers its standard output.
 * @throws with what it wrote to stderr
 */
export async function kubectl(kubeconfigPath: string, ...args: string[]): Promise<string> {
  const command = findKubectl();
  if (command === undefined) throw new Error('there is no kubectl');
  const env = { PATH: process.env['PATH'], HOME: dirname(kubeconfigPath), KUBECONFIG: kubeconfigPath };
  const { stdout } = await promisify(execFile)(command, args, { env, timeout: 60_000 });
  return stdout;
}
