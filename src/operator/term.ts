// One term of leadership: all kinds at work, with what they know together (resources, claims, absences, limits) and
// forget when the term ends. What lives as long as the process, and when a term begins, is the matter of operator.ts.
import { setMaxListeners } from 'node:events';
import type { Settings } from '../cli/settings.js';
import { aborted } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Metrics } from '../core/metrics.js';
import { metricsDuring } from '../core/metrics-term.js';
import { Turn } from '../core/turn.js';
import { Until } from '../core/until.js';
import type { AnyKind } from '../kinds/kind.js';
import type { KubeClient } from '../kube/client.js';
import type { EventRecorder } from '../kube/events.js';
import { sharedDiscovery } from '../kube/shared-discovery.js';
import { DeletionBrake } from '../reconcile/brake.js';
import { Claims } from '../reconcile/claims.js';
import { Absences } from '../reconcile/dependencies.js';
import { Mirror } from '../reconcile/mirror.js';
import { feedMirror } from '../reconcile/mirror-feed.js';
import { passCounters } from '../reconcile/pass.js';
import type { PolicyDefaults } from '../reconcile/policy.js';
import { RecentWrites } from '../reconcile/recent.js';
import { Rights } from '../reconcile/rights.js';
import type { Bot } from '../teleport/bot.js';
import { CallLimiter } from '../teleport/call-limiter.js';
import type { TeleportClient } from '../teleport/client.js';
import { limitedClient } from '../teleport/limited-client.js';
import { onOtherRoles, onReadyAgain } from './bot-news.js';
import { installCrds } from './install-crds.js';
import type { KindAvailability } from './kind-availability.js';
import { KindController } from './kind-controller.js';
import { objectNamespaces } from './namespaces.js';
import { Secrets } from './secrets.js';
import { SecretsByNamespace } from './secrets-by-namespace.js';
import type { ServerWatch } from './server-watch.js';
import type { Wakes } from './wakes.js';

/** Passes begin without Teleport's lists after this, in milliseconds: each then asks for itself. */
const mirrorPatienceMs = 20_000;
/** And without the objects of kinds that can't be listed, if others can: these may be theirs, and are left to them. */
const objectsPatienceMs = 30_000;

export interface TermParts {
  readonly settings: Settings;
  /** The operator's own. */
  readonly namespace: string;
  readonly kinds: readonly AnyKind[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Writes only while we lead. */
  readonly kube: KubeClient;
  readonly teleport: TeleportClient;
  readonly server: ServerWatch;
  readonly availability: KindAvailability;
  readonly events: EventRecorder;
  readonly bot: Pick<Bot, 'state' | 'subscribe' | 'renew'>;
  /** The operator is to end: no further pass begins. */
  readonly stopping: AbortSignal;
}

/** All kinds at work, until the signal is aborted and the passes that ran have ended. */
export async function serveTerm(parts: TermParts, leading: AbortSignal): Promise<void> {
  const { settings, namespace, kinds, clock, log, kube, bot, server, teleport, events } = parts;
  const recent = new RecentWrites(clock);
  const ending = AbortSignal.any([parts.stopping, leading]);
  // Every part listens to these; Node would take that for a leak.
  setMaxListeners(0, ending, leading, parts.stopping);
  const metrics = metricsDuring(parts.metrics, ending);
  const secrets = new SecretsByNamespace(
    (of) => new Secrets({ kube, namespace: of, clock, log, metrics }),
    ending,
  );
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
  const discovery = sharedDiscovery(kube, clock, ending);
  const controllers = kinds.map(
    (kind) =>
      new KindController({
        kind,
        namespaces: objectNamespaces(settings.namespaces, namespace),
        kube,
        discovery,
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
        features: () => server.features(),
        counters,
        clock,
        turn,
        log,
        metrics,
        syncPeriodMs: settings.syncPeriod,
      }),
  );
  if (settings.installCrds) {
    const { crds } = await import('../cli/crds.js');
    try {
      await installCrds({ kube, log, crds }, ending);
    } catch (error) {
      if (!ending.aborted) throw error;
    }
    if (ending.aborted) return;
  }
  log.info('Leading; reconciling', { kinds: controllers.length });
  const known = worldKnown(clock, log, mirror, controllers, ending);
  parts.availability.track(
    kinds.flatMap((kind, index) => {
      const controller = controllers[index];
      if (!controller) return [];
      const { objects } = controller;
      return [
        {
          kind,
          state: () => objects.state,
          servedAs: () => controller.servedAs,
          trouble: () => objects.trouble,
          unlisted: () => mirror.problem(kind.resource.kind),
        },
      ];
    }),
  );
  ending.addEventListener('abort', () => parts.availability.track([]), { once: true });
  // The next one to lead finds out for itself what to tell.
  ending.addEventListener('abort', () => events.withdrawAll(), { once: true });
  const wakeAll = (news: (wakes: Wakes) => void) => (): void => {
    for (const { wakes } of controllers) news(wakes);
  };
  const rights = new Rights(
    () => bot.state(),
    () => bot.renew(),
  );
  rights.subscribe(wakeAll((wakes) => wakes.rightsChanged()));
  const ends = [
    onReadyAgain(
      bot,
      wakeAll((wakes) => wakes.teleportBack()),
    ),
    onOtherRoles(bot, () => rights.changed()),
  ];
  for (const end of ends) ending.addEventListener('abort', end, { once: true });
  await Promise.all([
    aborted(ending).then(() => secrets.ended()),
    server.run(
      {
        licence: wakeAll((wakes) => wakes.licenceChanged()),
        version: wakeAll((wakes) => wakes.serverChanged()),
      },
      ending,
    ),
    feedMirror(
      {
        mirror,
        rights,
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
 * picture: which of two objects is the older, what Teleport holds. Waits only so long.
 */
async function worldKnown(
  clock: Clock,
  log: Logger,
  mirror: Mirror,
  controllers: readonly KindController[],
  signal: AbortSignal,
): Promise<void> {
  const limit = new Until(clock, mirrorPatienceMs, () => new Error('the lists take long'), signal);
  try {
    await objectsKnown(clock, log, controllers, signal);
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

/** Resolves when the objects are in, but for kinds that can't be listed for long. @throws the signal's reason */
async function objectsKnown(
  clock: Clock,
  log: Logger,
  controllers: readonly KindController[],
  signal: AbortSignal,
): Promise<void> {
  const all = Promise.all(controllers.map(({ objects }) => objects.whenSynced(signal)));
  for (;;) {
    const limit = new Until(clock, objectsPatienceMs, () => new Error('the lists take long'), signal);
    await Promise.race([all, aborted(limit.signal)]).finally(() => limit.done());
    signal.throwIfAborted();
    const late = controllers.filter(({ objects }) => objects.state === 'starting');
    if (late.length === 0) return;
    // Nothing at all can be listed: the API server is away.
    if (late.length === controllers.length) continue;
    log.warn('Going on without kinds whose objects can not be listed', {
      kinds: late.map(({ name }) => name),
    });
    for (const controller of late) controller.goOnWithout();
    return;
  }
}
