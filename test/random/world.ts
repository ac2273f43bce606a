// The state of both sides at a moment, as the judge sees it. Only reads; what it means is judge.ts's matter.
import type { Message } from '@bufbuild/protobuf';
import type { Condition, KubeObject } from '../../src/kube/object.js';
import type { Subject } from './subjects.js';

/** An object that is there. */
export interface Claimant {
  readonly object: KubeObject;
  /** What the Secret that it may refer to holds; undefined where there is none. */
  readonly secret: string | undefined;
}

export interface Known {
  readonly subject: Subject;
  readonly claimants: readonly Claimant[];
  /** As Teleport has it; undefined where it has none. */
  readonly resource: Message | undefined;
  /** A real server takes all but some kinds. */
}

export interface World {
  readonly subjects: readonly Known[];
  /** Names of the roles that there are of those that users may name. */
  readonly roles: ReadonlySet<string>;
  /** Names of roles that a user in Teleport holds. */
  readonly rolesInUse: ReadonlySet<string>;
}

const finalizer = 'resources.teleport.dev/deletion';

export const isHeld = ({ object: { metadata } }: Claimant): boolean =>
  metadata.finalizers?.includes(finalizer) ?? false;

export const isGoing = ({ object: { metadata } }: Claimant): boolean =>
  metadata.deletionTimestamp !== undefined;

export const annotation = ({ object: { metadata } }: Claimant, name: string): string | undefined =>
  metadata.annotations?.[`teleport.dev/${name}`];

export const isOn = (claimant: Claimant, name: string): boolean => annotation(claimant, name) === 'true';

export const isObserved = (claimant: Claimant): boolean => annotation(claimant, 'mode') === 'observe';

export const isIdle = (claimant: Claimant): boolean => isOn(claimant, 'ignore') || isObserved(claimant);

/** `TeleportRoleV7 home/one`, for people. */
export const titleOf = ({ object: { kind, metadata } }: Claimant): string =>
  `${kind} ${metadata.namespace}/${metadata.name}`;

/** The condition, as it stands for the object's present generation; undefined where it is older. */
export function readyOf({ object }: Claimant): Condition | undefined {
  const conditions = (object.status?.['conditions'] ?? []) as Condition[];
  const found = conditions.find(({ type }) => type === 'Ready');
  return found?.observedGeneration === object.metadata.generation ? found : undefined;
}

/** The oldest first; the same second is decided by the uid. */
export function byAge(claimants: readonly Claimant[]): Claimant[] {
  const key = ({ object: { metadata } }: Claimant): string => `${metadata.creationTimestamp} ${metadata.uid}`;
  return claimants.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** The object that has the resource: of those that are not as good as gone, the oldest. */
export const holderOf = (claimants: readonly Claimant[]): Claimant | undefined =>
  byAge(claimants).find((each) => !isGoing(each) || isHeld(each));
