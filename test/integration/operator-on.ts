// An operator in this process on embedded servers, of any kinds.
import { readSettings } from '../../src/cli/settings.js';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/log.js';
import type { AnyKind } from '../../src/kinds/kind.js';
import { type RunningOperator, startOperator } from '../../src/operator.js';
import type { RunningEmbeddedKube } from '../env/kube-embedded.js';
import type { RunningEmbeddedTeleport } from '../env/teleport-embedded.js';

export interface OperatorOn {
  readonly kube: RunningEmbeddedKube;
  readonly teleport: RunningEmbeddedTeleport;
  /** Of its bot. */
  readonly name: string;
  readonly namespace: string;
  readonly kinds: readonly AnyKind[];
  readonly flags: readonly string[];
}

/** Makes a bot for it, and starts it. */
export async function operatorOn(on: OperatorOn): Promise<RunningOperator> {
  const { kube, teleport, name, namespace, kinds, flags } = on;
  const token = await teleport.addBot({ name, join: { method: 'token' } });
  return startOperator({
    settings: readSettings([
      `-auth-server=${teleport.authAddress}`,
      `-ca-pin=${teleport.caPins.join(',')}`,
      '-join-method=token',
      `-token=${token}`,
      `-kubeconfig=${kube.kubeconfigPath}`,
      ...flags,
    ]),
    namespace,
    env: {},
    clock: systemClock,
    log: silentLogger,
    kinds,
  });
}
