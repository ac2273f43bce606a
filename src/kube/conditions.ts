// Merges the conditions that a pass found into those that stand in a status. Pure; which conditions there are
// is the reconciler's.
import { cut } from '../core/cut.js';
import type { Condition } from './object.js';

/** A condition as a pass states it; its time and generation are added here. */
export type WantedCondition = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/** metav1.Condition's own limit. */
const longestMessage = 32_768;

/**
 * The existing conditions with the wanted ones set. `lastTransitionTime` changes only with the status; others'
 * conditions are kept as they are; the order stays, new types come last.
 * @param existing `status.conditions` as it came, whatever it is
 * @param context `now` in milliseconds since the epoch
 */
export function setConditions(
  existing: unknown,
  wanted: readonly WantedCondition[],
  context: { readonly generation: number | undefined; readonly now: number },
): Condition[] {
  const before = Array.isArray(existing) ? existing.filter(isCondition) : [];
  const types = new Set([...before, ...wanted].map((condition) => condition.type));
  const result: Condition[] = [];
  for (const type of types) {
    const want = wanted.find((condition) => condition.type === type);
    const have = before.find((condition) => condition.type === type);
    if (want) result.push(merge(want, have, context));
    else if (have) result.push(have);
  }
  return result;
}

function merge(
  want: WantedCondition,
  have: Condition | undefined,
  { generation, now }: { readonly generation: number | undefined; readonly now: number },
): Condition {
  const since = have?.status === want.status ? have.lastTransitionTime : undefined;
  return {
    type: want.type,
    status: want.status,
    reason: want.reason,
    message: cut(want.message, longestMessage),
    lastTransitionTime: since || rfc3339(now),
    ...(generation !== undefined && { observedGeneration: generation }),
  };
}

/** metav1.Time has whole seconds. */
export function rfc3339(now: number): string {
  return new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
}

function isCondition(value: unknown): value is Condition {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}
