// `teleport-operator release` as a command: a client from the settings of `run`, lines on stdout, an exit code. What
// is done is in release.ts, whose objects are meant in release-scope.ts.
import { randomUUID } from 'node:crypto';
import type { Settings } from '../cli/settings.js';
import type { Clock } from '../core/clock.js';
import { noMetrics } from '../core/metrics.js';
import { kinds } from '../kinds/index.js';
import { createKubeClient } from '../kube/client.js';
import { loadKubeConfig } from '../kube/config.js';
import { union } from './namespaces.js';
import { release, summary } from './release.js';
import { freeing, releaseIdentity } from './release-lease.js';
import { releaseScope } from './release-scope.js';

export interface CommandParts {
  readonly settings: Settings;
  readonly namespace: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly tell: (line: string) => void;
}

/**
 * Releases all objects and tells what became of them.
 * @returns what could not be done; empty where all went well
 * @throws Error where the kubeconfig can't be used, nothing tells whose objects are meant, or the Lease can't be taken
 */
export async function runRelease(parts: CommandParts, signal: AbortSignal): Promise<readonly string[]> {
  const { settings, namespace, env, clock, tell } = parts;
  const access = loadKubeConfig({
    env,
    clock,
    ...(settings.kubeconfig ? { kubeconfig: settings.kubeconfig } : {}),
  });
  const kube = createKubeClient(access, { clock, metrics: noMetrics });
  const leaseName = settings.leaderElectionId;
  try {
    const { namespaces, former, leavesLease, remarks } = await releaseScope(
      { kube, clock, namespace, leaseName, asked: settings.namespaces },
      signal,
    );
    const { objects, problems, leaseKept } = await release(
      {
        kube,
        clock,
        kinds,
        namespace,
        leaseName,
        namespaces,
        former,
        leavesLease,
        identity: releaseIdentity(randomUUID()),
        dryRun: settings.dryRun,
        tell,
      },
      signal,
    );
    tell(summary(objects, union(namespaces, former.namespaces), settings.dryRun));
    if (leavesLease)
      tell(`The operator of the Lease ${namespace}/${leaseName} does not work there, and goes on elsewhere.`);
    for (const remark of remarks) tell(remark);
    if (leaseKept) tell(`To let an operator work again: ${freeing(namespace, leaseName)}`);
    return problems;
  } finally {
    kube.close();
  }
}
