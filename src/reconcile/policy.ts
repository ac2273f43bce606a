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

const driftModes: readonly DriftMode[] = ['correct', 'report', 'ignore'];

/** Whether a text is a drift mode. */
export const driftMode = (text: string | undefined): DriftMode | undefined =>
  driftModes.find((mode) => mode === text);

/** The policy for an object. A value that means nothing counts as not given. */
export function policyOf({ metadata }: KubeObject, defaults: PolicyDefaults): Policy {
  const given = metadata.annotations ?? {};
  const adopt = given[annotations.adopt];
  return {
    drift: driftMode(given[annotations.drift]) ?? defaults.drift,
    adopt: adopt === 'preview' ? 'preview' : isOn(adopt) ? 'yes' : 'no',
    observe: defaults.dryRun || given[annotations.mode] === 'observe',
  };
}
