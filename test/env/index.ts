// The servers that suites run on: the embedded ones always, the real ones when the environment says where
// their binaries are. One that is left out stays in the list, so that it is reported as skipped, by name.
//
// Use with describe.each and, inside it, describe.skipIf(skipped).
import type { TeleportOptions } from '../../sandbox/teleport/server.js';
import { startRealKube } from './kube-real.js';
import { type RealTeleportOptions, startRealTeleport } from './teleport-real.js';
import type { RunningKube, RunningTeleport } from './types.js';

export interface Launcher<Server> {
  /** For test names; says the reason where it is left out. */
  readonly name: string;
  readonly skipped: boolean;
  readonly start: () => Promise<Server>;
}

/** Where Kubernetes suites run. */
export function kubeServers(): Launcher<RunningKube>[] {
  return [
    embedded('an embedded Kubernetes', async () => (await import('./kube-embedded.js')).startEmbeddedKube()),
    real('a real kube-apiserver', 'KUBEBUILDER_ASSETS', startRealKube),
  ];
}

/**
 * Where Teleport suites run.
 * @param options of the embedded one: a licence is a switch there
 * @param ofReal of the real one
 */
export function teleportServers(
  options: TeleportOptions = {},
  ofReal: RealTeleportOptions = {},
): Launcher<RunningTeleport>[] {
  return [
    embedded('an embedded Teleport', async () =>
      (await import('./teleport-embedded.js')).startEmbeddedTeleport(options),
    ),
    real('a real Teleport', 'TELEPORT_BIN_DIR', (folder) =>
      startRealTeleport(folder, {
        ...ofReal,
        env: { TELEPORT_UNSTABLE_BOUND_KEYPAIR_JOINING_EXPERIMENT: 'true', ...ofReal.env },
      }),
    ),
  ];
}

/** Both sides of the operator. */
export interface Pair {
  readonly kube: RunningKube;
  readonly teleport: RunningTeleport;
}

/** Where whole-operator suites run: on two embedded servers, and on two real ones. */
export function pairs(options: TeleportOptions = {}, ofReal: RealTeleportOptions = {}): Launcher<Pair>[] {
  const [embeddedKube, realKube] = kubeServers();
  const [embeddedTeleport, realTeleport] = teleportServers(options, ofReal);
  return [pair(embeddedKube, embeddedTeleport), pair(realKube, realTeleport)];
}

function pair(
  kube: Launcher<RunningKube> | undefined,
  teleport: Launcher<RunningTeleport> | undefined,
): Launcher<Pair> {
  if (!kube || !teleport) throw new Error('a server is missing in the list');
  return {
    name: `${kube.name} and ${teleport.name}`,
    skipped: kube.skipped || teleport.skipped,
    start: async () => {
      const started = await Promise.allSettled([kube.start(), teleport.start()]);
      const [first, second] = started;
      if (first.status === 'fulfilled' && second.status === 'fulfilled')
        return { kube: first.value, teleport: second.value };
      for (const result of started) if (result.status === 'fulfilled') await result.value.stop();
      throw first.status === 'rejected' ? first.reason : (second as PromiseRejectedResult).reason;
    },
  };
}

function embedded<Server>(name: string, start: () => Promise<Server>): Launcher<Server> {
  return { name, skipped: false, start };
}

function real<Server>(
  name: string,
  variable: string,
  start: (folder: string) => Promise<Server>,
): Launcher<Server> {
  const folder = process.env[variable] ?? '';
  const skipped = folder === '';
  return { name: skipped ? `${name} (${variable} is not set)` : name, skipped, start: () => start(folder) };
}
