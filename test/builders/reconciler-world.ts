// A Teleport in memory and one process of the operator's that makes passes over objects, for tests of what a pass does.
// Its Kubernetes takes every write and notes it; which object the next pass reads is the test's choice.
import { create } from '@bufbuild/protobuf';
import { VirtualClock } from '../../src/core/virtual-clock.js';
import type { Features } from '../../src/gen/teleport/client/authservice_pb.js';
import { type RoleV6, RoleV6Schema } from '../../src/gen/teleport/types/role_pb.js';
import type { AnyKind } from '../../src/kinds/kind.js';
import { roleV7 } from '../../src/kinds/role.js';
import { user } from '../../src/kinds/user.js';
import type { KubeObject } from '../../src/kube/object.js';
import { DeletionBrake } from '../../src/reconcile/brake.js';
import { Claims } from '../../src/reconcile/claims.js';
import { Mirror } from '../../src/reconcile/mirror.js';
import { finalizer } from '../../src/reconcile/names.js';
import type { Outcome } from '../../src/reconcile/outcome.js';
import type { Passed } from '../../src/reconcile/parts.js';
import { reconcile } from '../../src/reconcile/reconciler.js';
import { mergedStatus, statusOf } from '../../src/reconcile/status.js';
import { inMemory } from './memory-kind.js';
import { anObject, type ObjectWith } from './object.js';
import { reconcilerParts } from './reconciler-parts.js';

export function world(base: AnyKind = roleV7, features?: Features, brake = 0) {
  const { kind, teleport } = inMemory(base);
  const clock = new VirtualClock();
  const finalized: string[] = [];
  const released: string[] = [];
  const teardown: { ending?: 'its CRD' | 'its namespace' } = {};
  const mirror = new Mirror([kind, user]);
  const secrets = new Map<string, KubeObject>();
  const claims = new Claims();
  const policy = { drift: 'correct' as const, dryRun: false, nameUnmanaged: false };
  const parts = reconcilerParts({
    kind,
    clock,
    mirror,
    claims,
    policy,
    brake: new DeletionBrake(brake, clock),
    teardown: { ending: async () => teardown.ending },
    features: () => features,
    secrets: { get: async (_namespace, name) => secrets.get(name) },
    objects: {
      addFinalizer: async (object) => {
        finalized.push(object.metadata.name);
        return { ...object, metadata: { ...object.metadata, finalizers: [finalizer] } };
      },
      removeFinalizer: async (object) => {
        released.push(object.metadata.name);
      },
      record: async (object, fields) => ({ ...object, status: { ...object.status, ...fields } }),
    },
  });
  return {
    teleport,
    clock,
    secrets,
    mirror,
    policy,
    claims,
    finalized,
    released,
    teardown,
    pass: (object: KubeObject): Promise<Passed> => reconcile(parts, object, new AbortController().signal),
    role: (name = 'engineer') => teleport.resources.get(name) as RoleV6 | undefined,
  };
}

/** An object that a pass before has put our finalizer on. */
export const held = (given: ObjectWith = {}): KubeObject =>
  anObject({ ...given, metadata: { finalizers: [finalizer], ...given.metadata } });

/** An object that is being deleted. */
export const going = (given: ObjectWith = {}): KubeObject =>
  held({ ...given, metadata: { deletionTimestamp: '2026-11-21T00:00:00Z', ...given.metadata } });

/** The object as it is after its status was written. */
export function remembered({ object, outcome }: Passed): KubeObject {
  const status = statusOf(outcome);
  return status
    ? { ...object, status: { ...object.status, ...mergedStatus(object, status, object, () => []) } }
    : object;
}

/** What the outcome's condition Ready says: `True Synced`. */
export function readyOf(outcome: Outcome): string {
  const ready = statusOf(outcome)?.conditions.find(({ type }) => type === 'Ready');
  return `${ready?.status} ${ready?.reason}`;
}

/** A role that is not the operator's. */
export const foreignRole = (name: string): RoleV6 =>
  create(RoleV6Schema, {
    Kind: 'role',
    Version: 'v7',
    Metadata: { Name: name, Revision: 'x', Labels: {} },
    Spec: {},
  });
