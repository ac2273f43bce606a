// What a pass works with: one kind and the world around it, as narrow interfaces.
import type { Clock } from '../core/clock.js';
import type { Features } from '../gen/teleport/client/authservice_pb.js';
import type { AnyKind } from '../kinds/kind.js';
import type { KubeObject } from '../kube/object.js';
import type { TeleportClient } from '../teleport/client.js';
import type { Applied } from './applied.js';
import type { DeletionBrake } from './brake.js';
import type { Claims } from './claims.js';
import type { Absences } from './dependencies.js';
import type { Fights } from './fights.js';
import type { LatestReads } from './latest.js';
import type { Mirror } from './mirror.js';
import type { Outcome } from './outcome.js';
import type { PolicyDefaults } from './policy.js';
import type { RecentWrites } from './recent.js';
import type { SecretSource } from './secret-lookup.js';
import type { Teardown } from './teardown.js';

/** What must be on record before Teleport is written to. */
export interface Recorded {
  readonly resourceName: string;
  readonly applied?: Applied;
}

/** Writes to objects that a pass may need before its status. */
export interface ObjectWrites {
  /** Adds our finalizer. @returns the object as it then is. @throws KubeError */
  addFinalizer(object: KubeObject, signal: AbortSignal): Promise<KubeObject>;
  /** Takes our finalizer away. @throws KubeError */
  removeFinalizer(object: KubeObject, signal: AbortSignal): Promise<void>;
  /** Writes these fields of the status. @returns the object as it then is. @throws KubeError */
  record(object: KubeObject, fields: Recorded, signal: AbortSignal): Promise<KubeObject>;
}

export interface ReconcilerParts {
  readonly kind: AnyKind;
  readonly teleport: TeleportClient;
  readonly objects: ObjectWrites;
  readonly secrets: SecretSource;
  readonly recent: RecentWrites;
  readonly latest: LatestReads;
  readonly clock: Clock;
  readonly mirror: Mirror;
  readonly absences: Absences;
  readonly claims: Claims;
  readonly fights: Fights;
  readonly brake: DeletionBrake;
  /** Undefined where resources are to be deleted even when a CRD or a namespace goes. */
  readonly teardown: Pick<Teardown, 'ending'> | undefined;
  readonly policy: PolicyDefaults;
  /** What the licence allows, as Ping last told. */
  features(): Features | undefined;
}

/** A pass's outcome with the object that the status is to be written to. */
export interface Passed {
  readonly object: KubeObject;
  readonly outcome: Outcome;
  /** Names of Secrets that the outcome hangs on; undefined where the pass did not get that far. */
  readonly secrets?: ReadonlySet<string>;
  /** `kind/name` of resources whose coming would help. */
  readonly waitsFor?: ReadonlySet<string>;
}
