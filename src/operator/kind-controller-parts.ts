// What a controller of one kind works with. Most of it is one for all kinds of a term (term.ts).
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Metrics } from '../core/metrics.js';
import type { Turn } from '../core/turn.js';
import type { Features } from '../gen/teleport/client/authservice_pb.js';
import type { AnyKind } from '../kinds/kind.js';
import type { KubeClient } from '../kube/client.js';
import type { EventRecorder } from '../kube/events.js';
import type { Discovery } from '../kube/served.js';
import type { DeletionBrake } from '../reconcile/brake.js';
import type { Claims } from '../reconcile/claims.js';
import type { Absences } from '../reconcile/dependencies.js';
import type { Mirror } from '../reconcile/mirror.js';
import type { PassCounters } from '../reconcile/pass.js';
import type { PolicyDefaults } from '../reconcile/policy.js';
import type { RecentWrites } from '../reconcile/recent.js';
import type { TeleportClient } from '../teleport/client.js';
import type { Namespaces } from './namespaces.js';
import type { SecretsByNamespace } from './secrets-by-namespace.js';

export interface KindControllerParts {
  readonly kind: AnyKind;
  readonly namespaces: Namespaces;
  readonly kube: KubeClient;
  /** One for all kinds. */
  readonly discovery: Discovery;
  readonly teleport: TeleportClient;
  readonly events: EventRecorder;
  readonly recent: RecentWrites;
  readonly secrets: SecretsByNamespace;
  readonly mirror: Mirror;
  readonly absences: Absences;
  readonly claims: Claims;
  readonly policy: PolicyDefaults;
  readonly brake: DeletionBrake;
  readonly deleteOnTeardown: boolean;
  /** Told which resource's claims changed. */
  readonly onClaims: (resource: string) => void;
  /** Told that objects of a kind which claim resources of the Teleport kind can be read now, or can't. */
  readonly onSight: (resourceKind: string) => void;
  readonly features: () => Features | undefined;
  readonly counters: PassCounters;
  readonly clock: Clock;
  readonly turn: Turn;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly syncPeriodMs: number;
}
