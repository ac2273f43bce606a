// How many objects of each kind are ready, by what their statuses say: what an alert is made of.
import type { Metrics } from '../core/metrics.js';
import type { KubeObject } from '../kube/object.js';

const states = ['True', 'False', 'Unknown'] as const;
type State = (typeof states)[number];

/** What the object's Ready condition says; an object without one counts as Unknown. */
export function readiness({ status }: KubeObject): State {
  const conditions = status?.['conditions'];
  if (!Array.isArray(conditions)) return 'Unknown';
  const ready = (conditions as { type?: string; status?: string }[]).find(({ type }) => type === 'Ready');
  return states.find((state) => state === ready?.status) ?? 'Unknown';
}

/** Counts the objects anew at each scrape. */
export function objectMetrics(metrics: Metrics, kind: string, objects: () => Iterable<KubeObject>): void {
  metrics.collect(
    'teleport_operator_objects',
    'Objects by kind and by the status of their Ready condition.',
    ['kind', 'ready'],
    () => {
      const counts: Record<State, number> = { True: 0, False: 0, Unknown: 0 };
      for (const object of objects()) counts[readiness(object)]++;
      return states.map((ready): [Record<string, string>, number] => [{ kind, ready }, counts[ready]]);
    },
  );
}
