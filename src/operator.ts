// The composition root: what lives as long as the process. Starts it in order (probes, certificates, Lease) and
// stops it in reverse; what is at work while this replica leads is put together in operator/term.ts.
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Settings } from './cli/settings.js';
import { version } from './cli/version.js';
import type { Clock } from './core/clock.js';
import type { Logger } from './core/log.js';
import { PromMetrics } from './core/metrics-prom.js';
import { Until } from './core/until.js';
import { kinds as allKinds } from './kinds/index.js';
import type { AnyKind } from './kinds/kind.js';
import { createKubeClient, type KubeClient } from './kube/client.js';
import { loadKubeConfig } from './kube/config.js';
import { EventRecorder } from './kube/events.js';
import { type Listener, serveHttp } from './kube/http-server.js';
import { LeaderElector } from './kube/leader.js';
import { leaderClient } from './kube/leader-client.js';
import { metricsRoute, probeRoutes } from './kube/probes.js';
import { botSettings } from './operator/bot-settings.js';
import { KindAvailability } from './operator/kind-availability.js';
import { leaderTeleport } from './operator/leader-teleport.js';
import { leaseAnnotations, warnOfFormer } from './operator/lease-namespaces.js';
import { objectNamespaces } from './operator/namespaces.js';
import { teleportCheck } from './operator/readiness.js';
import { heldByRelease } from './operator/release-lease.js';
import { SecretStore } from './operator/secret-store.js';
import { ServerWatch } from './operator/server-watch.js';
import { serveTerm, type TermParts } from './operator/term.js';
import { type Bot, startBot } from './teleport/bot.js';

/** Passes that run when the operator is told to stop may take this long, in milliseconds. */
const drainMs = 10_000;

/** Events that wait to be sent get this long, in milliseconds. */
const flushMs = 1_000;

export interface OperatorParts {
  readonly settings: Settings;
  readonly namespace: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly log: Logger;
  /** All of them by default; a test may bring its own. */
  readonly kinds?: readonly AnyKind[];
}

export interface RunningOperator {
  /** Resolves when everything has ended, and says why. Rejects, when it has, with what made the work fail. */
  readonly done: Promise<'stopped' | 'startup-timeout'>;
  /** Ports that the servers are bound to; undefined for one that is off. */
  readonly ports: { readonly health?: number; readonly metrics?: number };
  readonly bot: Bot;
  /** Ends passes, releases the Lease, closes everything; resolves when done, whatever `done` says. */
  stop(): Promise<void>;
}

/**
 * Starts the operator; it works until it is stopped.
 * @throws Error where the kubeconfig can't be used or an address can't be bound.
 */
export async function startOperator(parts: OperatorParts): Promise<RunningOperator> {
  const { settings, namespace, env, clock, log } = parts;
  const metrics = new PromMetrics();
  const access = loadKubeConfig({
    env,
    clock,
    ...(settings.kubeconfig ? { kubeconfig: settings.kubeconfig } : {}),
  });
  const kube = createKubeClient(access, { clock, metrics });
  const stopping = new AbortController();
  const bot = startBot({
    settings: botSettings(settings, env, new SecretStore(kube, namespace, settings.boundKeypairSecret)),
    clock,
    log: log.with({ component: 'bot' }),
    metrics,
  });
  const server = new ServerWatch({
    teleport: bot.client,
    clock,
    log,
    atFirst: () => bot.state(),
  });
  const availability = new KindAvailability(metrics, () => server.features());
  const listeners: Listener[] = [];
  const ports: { health?: number; metrics?: number } = {};
  try {
    const probes = probeRoutes({ healthz: [], readyz: [teleportCheck(bot), availability.check] });
    const health = await serveHttp(settings.healthProbeBindAddress, probes, log);
    if (health) listeners.push(health);
    const scrape = await serveHttp(
      settings.metricsBindAddress,
      metricsRoute(() => metrics.render()),
      log,
    );
    if (scrape) listeners.push(scrape);
    Object.assign(ports, health && { health: health.port }, scrape && { metrics: scrape.port });
  } catch (error) {
    await Promise.all([bot.stop(), ...listeners.map((listener) => listener.close())]);
    kube.close();
    throw error;
  }
  log.info('Starting', {
    version,
    namespace,
    authServer: settings.authServer,
    joinMethod: settings.joinMethod,
  });
  const main = runMain({
    ...parts,
    kube,
    metrics,
    bot,
    server,
    availability,
    stopping: stopping.signal,
  });
  const ended = async (): ReturnType<typeof runMain> => {
    try {
      return await main;
    } finally {
      await bot.stop();
      await Promise.all(listeners.map((listener) => listener.close()));
      kube.close();
      log.info('Stopped');
    }
  };
  const done = ended();
  return {
    done,
    bot,
    ports,
    stop: async () => {
      stopping.abort(new Error('the operator is stopping'));
      await done.catch(() => {});
    },
  };
}

interface MainParts extends OperatorParts {
  readonly kube: KubeClient;
  readonly metrics: PromMetrics;
  readonly bot: Bot;
  readonly server: ServerWatch;
  readonly availability: KindAvailability;
  readonly stopping: AbortSignal;
}

async function runMain(parts: MainParts): Promise<'stopped' | 'startup-timeout'> {
  const { settings, namespace, clock, log, kube, metrics, bot, stopping } = parts;
  const startup = new Until(clock, settings.startupTimeout, () => new StartupTimeout(), stopping);
  try {
    await bot.ready(startup.signal);
  } catch {
    if (!(startup.signal.reason instanceof StartupTimeout)) return 'stopped';
    log.error('Teleport could not be joined within -startup-timeout', {
      timeoutMs: settings.startupTimeout,
      reason: bot.state().reason,
    });
    return 'startup-timeout';
  } finally {
    startup.done();
  }
  const identity = `${hostname()}_${randomUUID()}`;
  const events = new EventRecorder({
    client: kube,
    clock,
    log,
    component: 'teleport-operator',
    instance: hostname(),
  });
  const elector = new LeaderElector({
    client: kube,
    clock,
    log,
    metrics,
    namespace,
    name: settings.leaderElectionId,
    identity,
    drainMs,
    remark: (holder) => heldByRelease(holder, namespace, settings.leaderElectionId),
    annotations: leaseAnnotations(objectNamespaces(settings.namespaces, namespace)),
  });
  const leading = (): boolean => elector.leading;
  const term: TermParts = {
    ...parts,
    kinds: parts.kinds ?? allKinds,
    kube: leaderClient(kube, leading),
    teleport: leaderTeleport(bot.client, leading),
    events,
  };
  try {
    const lead = (signal: AbortSignal): Promise<void> => {
      warnOfFormer(log, elector.lease);
      return serveTerm(term, signal);
    };
    await elector.run({ signal: stopping, lead });
  } finally {
    await events.stop(flushMs);
  }
  return 'stopped';
}

class StartupTimeout extends Error {}
