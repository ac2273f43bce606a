// What the user asked for beyond the spec: what to do about drift, about a resource that is not ours, and
// whether to write at all. Read off annotations; the process's defaults come from flags.
import type { KubeObject } from '../kube/object.js';
import { annotations, isOn } from './names.js';

/** What happens when a resource was changed in Teleport. */
export type DriftMode = 'correct' | 'report' | 'ignore';

export interface Policy {
  readonly drift: DriftMode;
  /** Take over a resource that is not ours, or only show what that would change. */
  readonly adopt: 'no' | 'yes' | 'preview';
  /** Nothing is written to Teleport; status shows what would be. */
  readonly observe: boolean;
}

export interface PolicyDefaults {
  readonly drift: DriftMode;
  readonly dryRun: boolean;
  /** Stamped on resources, and honoured on them; none by default. */
  readonly operatorId?: string;
  /** Whether messages name users of a resource that have no object. */
  readonly nameUnmanaged?: boolean;
}

export const driftModes: readonly DriftMode[] = ['correct', 'report', 'ignore'];

/** Whether the object asks that nothing is written; what it says but `observe` (annotation-values.ts) can't ask for more. */
export const isObserved = ({ metadata }: KubeObject): boolean =>
  Boolean(metadata.annotations?.[annotations.mode]);

/** The policy for an object. Whether the values mean something is the matter of annotation-values.ts. */
export function policyOf(object: KubeObject, defaults: PolicyDefaults): Policy {
  const given = object.metadata.annotations ?? {};
  const adopt = given[annotations.adopt];
  return {
    drift: driftModes.find((mode) => mode === given[annotations.drift]) ?? defaults.drift,
    adopt: adopt === 'preview' ? 'preview' : isOn(adopt) ? 'yes' : 'no',
    observe: defaults.dryRun || isObserved(object),
  };
}
