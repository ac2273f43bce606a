// The composition root: the only file that knows every part. Starts them in order (probes, certificates,
// Lease, kinds) and stops them in reverse.
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import type { Settings } from './cli/settings.js';
import { version } from './cli/version.js';
import { aborted, deadline } from './core/abort.js';
import type { Clock } from './core/clock.js';
import type { Logger } from './core/log.js';
import { PromMetrics } from './core/metrics-prom.js';
import { metricsDuring } from './core/metrics-term.js';
import { Turn } from './core/turn.js';
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
import { installCrds } from './operator/install-crds.js';
import { KindAvailability } from './operator/kind-availability.js';
import { KindController } from './operator/kind-controller.js';
import { leaderTeleport } from './operator/leader-teleport.js';
import { LicenceWatch } from './operator/licence-watch.js';
import { objectNamespaces } from './operator/namespaces.js';
import { teleportCheck } from './operator/readiness.js';
import { SecretStore } from './operator/secret-store.js';
import { Secrets } from './operator/secrets.js';
import { SecretsByNamespace } from './operator/secrets-by-namespace.js';
import { DeletionBrake } from './reconcile/brake.js';
import { Claims } from './reconcile/claims.js';
import { Absences } from './reconcile/dependencies.js';
import { Mirror } from './reconcile/mirror.js';
import { feedMirror } from './reconcile/mirror-feed.js';
import { passCounters } from './reconcile/pass.js';
import type { PolicyDefaults } from './reconcile/policy.js';
import { RecentWrites } from './reconcile/recent.js';
import { type Bot, startBot } from './teleport/bot.js';
import { CallLimiter } from './teleport/call-limiter.js';
import type { TeleportClient } from './teleport/client.js';
import { limitedClient } from './teleport/limited-client.js';

/** Passes that run when the operator is told to stop may take this long, in milliseconds. */
const drainMs = 10_000;

/** Passes begin without Teleport's lists after this, in milliseconds: each then asks for itself. */
const mirrorPatienceMs = 20_000;

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
  /** Resolves when everything has ended, and says why. */
  readonly done: Promise<'stopped' | 'startup-timeout'>;
  /** Ports that the servers are bound to; undefined for one that is off. */
  readonly ports: { readonly health?: number; readonly metrics?: number };
  readonly bot: Bot;
  /** Ends passes, releases the Lease, closes everything; resolves when done. */
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
  const licence = new LicenceWatch({
    teleport: bot.client,
    clock,
    log,
    atFirst: () => bot.state().features,
  });
  const availability = new KindAvailability(metrics, () => licence.features());
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
    licence,
    availability,
    teleport: bot.client,
    stopping: stopping.signal,
  });
  const done = main.then(async (why) => {
    await bot.stop();
    await Promise.all(listeners.map((listener) => listener.close()));
    kube.close();
    log.info('Stopped');
    return why;
  });
  return {
    done,
    bot,
    ports,
    stop: async () => {
      stopping.abort(new Error('the operator is stopping'));
      await done;
    },
  };
}

interface MainParts extends OperatorParts {
  readonly kube: KubeClient;
  readonly metrics: PromMetrics;
  readonly bot: Bot;
  readonly licence: LicenceWatch;
  readonly availability: KindAvailability;
  readonly teleport: TeleportClient;
  readonly stopping: AbortSignal;
}

async function runMain(parts: MainParts): Promise<'stopped' | 'startup-timeout'> {
  const { settings, namespace, clock, log, kube, metrics, bot, stopping } = parts;
  const startup = deadline(clock, settings.startupTimeout, () => new StartupTimeout(), stopping);
  try {
    await bot.ready(startup.signal);
  } catch (error) {
    if (!(startup.signal.reason instanceof StartupTimeout)) return 'stopped';
    log.error('Teleport could not be joined within -startup-timeout', {
      timeoutMs: settings.startupTimeout,
      reason: bot.state().reason,
      error: String(error),
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
  });
  const leading = (): boolean => elector.leading;
  const guarded: MainParts = {
    ...parts,
    kube: leaderClient(kube, leading),
    teleport: leaderTeleport(bot.client, leading),
  };
  await elector.run({ signal: stopping, lead: (signal) => lead(guarded, events, signal) });
  await events.stop(flushMs);
  return 'stopped';
}

/** All kinds at work, until the signal is aborted and the passes that ran have ended. */
async function lead(parts: MainParts, events: EventRecorder, leading: AbortSignal): Promise<void> {
  const { settings, namespace, clock, log, kube, licence, teleport } = parts;
  const recent = new RecentWrites(clock);
  const ending = AbortSignal.any([parts.stopping, leading]);
  // Every part listens to these; Node would take that for a leak.
  setMaxListeners(0, ending, leading, parts.stopping);
  const metrics = metricsDuring(parts.metrics, ending);
  const secrets = new SecretsByNamespace(
    (of) => new Secrets({ kube, namespace: of, clock, log, metrics }),
    ending,
  );
  const kinds = parts.kinds ?? allKinds;
  const operatorId = settings.operatorId || undefined;
  const policy: PolicyDefaults = {
    drift: settings.drift,
    dryRun: settings.dryRun,
    nameUnmanaged: settings.nameUnmanagedUsers,
    ...(operatorId ? { operatorId } : {}),
  };
  const mirror = new Mirror(kinds, operatorId);
  const absences = new Absences(mirror, clock);
  const brake = new DeletionBrake(settings.deletionBrake, clock);
  const claims = new Claims();
  const limiter = new CallLimiter(clock, metrics);
  const counters = passCounters(metrics);
  const turn = new Turn(clock);
  const controllers = kinds.map(
    (kind) =>
      new KindController({
        kind,
        namespaces: objectNamespaces(settings.namespaces, namespace),
        kube,
        teleport: limitedClient(teleport, limiter, kind.object.kind),
        events,
        recent,
        secrets,
        mirror,
        absences,
        claims,
        policy,
        brake,
        deleteOnTeardown: settings.deleteOnTeardown,
        onClaims: (resource) => {
          for (const controller of controllers) controller.wakes.claimsChanged(resource);
        },
        onSight: (resourceKind) => {
          for (const controller of controllers) controller.wakes.rivalsInSight(resourceKind);
        },
        features: () => licence.features(),
        counters,
        clock,
        turn,
        log,
        metrics,
        syncPeriodMs: settings.syncPeriod,
      }),
  );
  if (settings.installCrds) {
    const { crds } = await import('./cli/crds.js');
    await installCrds({ kube, log, crds }, ending);
  }
  log.info('Leading; reconciling', { kinds: controllers.length });
  const known = worldKnown(clock, log, mirror, controllers, ending);
  parts.availability.track(
    kinds.flatMap((kind, index) => {
      const objects = controllers[index]?.objects;
      return objects ? [{ kind, state: () => objects.state }] : [];
    }),
  );
  ending.addEventListener('abort', () => parts.availability.track([]), { once: true });
  await Promise.all([
    aborted(ending).then(() => secrets.ended()),
    licence.run(() => {
      for (const controller of controllers) controller.wakes.licenceChanged();
    }, ending),
    feedMirror(
      {
        mirror,
        teleport,
        clock,
        log,
        isUsed: (kind) => controllers.some((controller) => controller.uses(kind)),
      },
      ending,
    ),
    ...controllers.map((controller) => controller.run(parts.stopping, leading, known)),
  ]);
}

/**
 * Resolves when the objects are in and Teleport's resources are listed, so that no pass acts on half the
 * picture: which of two objects is the older, what Teleport holds. Waits for Teleport's lists only so long.
 */
async function worldKnown(
  clock: Clock,
  log: Logger,
  mirror: Mirror,
  controllers: readonly KindController[],
  signal: AbortSignal,
): Promise<void> {
  const limit = deadline(clock, mirrorPatienceMs, () => new Error('the lists take long'), signal);
  try {
    await Promise.all(controllers.map(({ objects }) => objects.whenSynced(signal)));
    await Promise.race([mirror.whenSettled(), aborted(limit.signal)]);
    const { unsettled } = mirror;
    if (unsettled.length > 0 && !signal.aborted) {
      log.warn('Going on without lists of some resources in Teleport', { resources: unsettled });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    limit.done();
  }
}

class StartupTimeout extends Error {}
