// A controller of one kind at work in memory: Kubernetes, Teleport's resources of the kind, and a hook into the middle of a pass.
import { type Clock, systemClock as clock } from '../../src/core/clock.js';
import { silentLogger as log } from '../../src/core/log.js';
import { noMetrics as metrics } from '../../src/core/metrics.js';
import { Turn } from '../../src/core/turn.js';
import { type AnyKind, apiResource } from '../../src/kinds/kind.js';
import { roleV7 } from '../../src/kinds/role.js';
import { EventRecorder } from '../../src/kube/events.js';
import { KindController } from '../../src/operator/kind-controller.js';
import { Secrets } from '../../src/operator/secrets.js';
import { SecretsByNamespace } from '../../src/operator/secrets-by-namespace.js';
import { DeletionBrake } from '../../src/reconcile/brake.js';
import { Claims } from '../../src/reconcile/claims.js';
import { Absences } from '../../src/reconcile/dependencies.js';
import { Mirror } from '../../src/reconcile/mirror.js';
import { passCounters } from '../../src/reconcile/pass.js';
import { RecentWrites } from '../../src/reconcile/recent.js';
import { readyReason } from '../../src/reconcile/status.js';
import type { TeleportClient } from '../../src/teleport/client.js';
import { inMemory } from './memory-kind.js';
import { MemoryClient } from './memory-kube-client.js';

/** Where the object is that most cases are about. */
export const engineer = { namespace: 'teleport', name: 'engineer' };
const stopping: AbortController[] = [];

/** Ends all controllers; to be called after each test. */
export function endWorlds(): void {
  for (const stop of stopping.splice(0)) stop.abort();
}

/** @param during awaited before a resource is made in Teleport */
export function controllerWorld(
  base: AnyKind = roleV7,
  during?: () => Promise<void>,
  deleteOnTeardown = true,
  eventsClock: Clock = clock,
) {
  const memory = inMemory(base);
  const { teleport } = memory;
  const { create: write } = memory.kind.calls;
  const create: typeof write = {
    method: write.method,
    run: async (...given) => {
      await during?.();
      return write.run(...given);
    },
  };
  const kind = { ...memory.kind, calls: { ...memory.kind.calls, create } };
  const kube = new MemoryClient();
  const mirror = new Mirror([kind]);
  const claims = new Claims();
  const stop = new AbortController();
  stopping.push(stop);
  const { signal } = stop;
  const events = new EventRecorder({
    client: kube,
    clock: eventsClock,
    log,
    component: 'teleport-operator',
    instance: 'test',
  });
  const controller = new KindController({
    kind,
    namespaces: ['teleport'],
    kube,
    discovery: kube,
    teleport: {} as TeleportClient,
    events,
    recent: new RecentWrites(clock),
    secrets: new SecretsByNamespace(
      (namespace) => new Secrets({ kube, namespace, clock, log, metrics }),
      signal,
    ),
    mirror,
    absences: new Absences(mirror, clock),
    claims,
    policy: { drift: 'correct', dryRun: false, nameUnmanaged: false },
    brake: new DeletionBrake(0, clock),
    deleteOnTeardown,
    onClaims: () => {},
    onSight: () => {},
    features: () => undefined,
    counters: passCounters(metrics),
    clock,
    turn: new Turn(clock),
    log,
    metrics,
    syncPeriodMs: 36_000_000,
  });
  /** Runs once, between the write to Teleport and the end of the pass. */
  const beforeStatus = (run: () => void): void => {
    let pending = true;
    kube.fault = ({ verb, resource: { plural }, name }) => {
      if (!pending || verb === 'get' || plural !== base.object.plural || name === undefined) return;
      if (!condition()) return;
      pending = false;
      run();
    };
  };
  let condition = (): boolean => true;
  return {
    teleport,
    kube,
    mirror,
    claims,
    controller,
    events,
    beforeStatus,
    when: (is: () => boolean) => {
      condition = is;
    },
    start: () => void controller.run(signal, signal, Promise.resolve()),
    reason: () => {
      const object = kube.read(apiResource(base), engineer);
      return object && readyReason(object);
    },
  };
}
