// The embedded Kubernetes API server as the tests' RunningKube, with its switches and records at hand.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Call,
  type EmbeddedKubernetes,
  type KubernetesOptions,
  startKubernetes,
} from '../../sandbox/kube/server.js';
import { uncovered } from '../contract/kube/coverage.js';
import type { RunningKube } from './types.js';

export interface RunningEmbeddedKube extends RunningKube {
  readonly kind: 'embedded';
  /** The server itself: faults, calls, store. */
  readonly server: EmbeddedKubernetes;
}

/**
 * Starts the embedded server. `stop` removes the kubeconfig files as well, and throws when the operator has used a verb or
 * feature that no case of the contract is about.
 */
export async function startEmbeddedKube(options: KubernetesOptions = {}): Promise<RunningEmbeddedKube> {
  const server = await startKubernetes(options);
  const folder = mkdtempSync(join(tmpdir(), 'kube-embedded-'));
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return {
    kind: 'embedded',
    server,
    url: server.url,
    ca: server.caPem,
    kubeconfigPath: write('admin.yaml', server.kubeconfig()),
    serviceAccountKubeconfig: async (namespace, serviceAccount) =>
      write(`${namespace}-${serviceAccount}.yaml`, server.kubeconfigFor(namespace, serviceAccount)),
    serviceAccountToken: async (namespace, serviceAccount, options) =>
      server.token(namespace, serviceAccount, { ...options, pod: `${serviceAccount}-pod` }),
    jwks: async () => server.jwks(),
    stop: async () => {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
      const missing = uncovered(server.sorts().filter(isOperator));
      if (missing.length > 0) {
        throw new Error(
          `used, but without a case in test/contract/kube (see coverage.ts): ${missing.join('; ')}`,
        );
      }
    },
  };
}

/** The operator's own client, whoever it is for the server; the suites' clients name themselves otherwise. */
function isOperator({ userAgent }: Call): boolean {
  return userAgent.startsWith('teleport-operator');
}
