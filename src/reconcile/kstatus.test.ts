// What kstatus, and so Flux, kubectl's cli-utils and the like, makes of our statuses: a new object, an object that
// was edited, one that waits, one that stands still, one that goes.
import { describe, expect, it } from 'vitest';
import { anObject } from '../../test/builders/object.js';
import { everyOutcome, failuresOf } from '../../test/builders/outcomes.js';
import { crds } from '../cli/crds.js';
import { setConditions } from '../kube/conditions.js';
import type { Condition, KubeObject } from '../kube/object.js';
import type { Outcome } from './outcome.js';
import { mergedStatus, statusOf } from './status.js';

type Kstatus = 'Terminating' | 'InProgress' | 'Failed' | 'Current';

/**
 * kstatus' rules for a custom resource (cli-utils, pkg/kstatus/status): what goes is Terminating; a generation that
 * was not seen is InProgress; then the first of Reconciling and Stalled that is True; then Ready; else Current.
 */
function kstatus({ metadata, status = {} }: KubeObject): Kstatus {
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  const { observedGeneration } = status;
  if (observedGeneration !== undefined && observedGeneration !== metadata.generation) return 'InProgress';
  const conditions = (status['conditions'] ?? []) as Condition[];
  for (const { type, status: is } of conditions) {
    if (type === 'Reconciling' && is === 'True') return 'InProgress';
    if (type === 'Stalled' && is === 'True') return 'Failed';
  }
  const ready = conditions.find(({ type }) => type === 'Ready');
  return ready && ready.status !== 'True' ? 'InProgress' : 'Current';
}

/** The object after a pass that came to this. */
function after(outcome: Outcome, object: KubeObject = anObject()): KubeObject {
  const wanted = statusOf(outcome);
  if (!wanted) return object;
  const { generation } = object.metadata;
  const status = mergedStatus(object, wanted, object, (existing, conditions) =>
    setConditions(existing, conditions, { generation, now: 0 }),
  );
  return { ...object, status };
}

const conditionsOf = ({ status }: KubeObject): Condition[] => (status?.['conditions'] ?? []) as Condition[];
const edited = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, generation: (object.metadata.generation ?? 0) + 1 },
});
const going = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, deletionTimestamp: '2026-11-28T00:00:00Z' },
});

const expected = (outcome: Outcome): Kstatus | 'either' => {
  switch (outcome.type) {
    case 'synced':
    case 'consumed':
      return 'Current';
    case 'planned':
    case 'ignored':
      return 'InProgress';
    case 'gone':
      return 'Current';
    case 'failed':
      return outcome.next === 'onChange' ? 'Failed' : 'either';
  }
};
const staying = everyOutcome.filter(({ type }) => type !== 'gone');
const label = (outcome: Outcome): string => JSON.stringify(outcome);

describe('kstatus', () => {
  it('takes no new object for done: the default stands in every version of every CRD', () => {
    const defaults = crds.flatMap(({ spec }) =>
      spec.versions.map(({ schema }) => schema.openAPIV3Schema.properties?.['status']?.default),
    );
    expect(defaults.length).toBeGreaterThanOrEqual(24);
    for (const status of defaults) expect(kstatus({ ...anObject(), status })).toBe('InProgress');
  });

  it.each(staying.map((outcome) => [label(outcome), outcome] as const))('after %s', (_, outcome) => {
    const wanted = expected(outcome);
    const seen = kstatus(after(outcome));
    if (wanted === 'either') expect(['InProgress', 'Failed']).toContain(seen);
    else expect(seen).toBe(wanted);
    // whatever it said of the old spec, it says nothing of the new one
    expect(kstatus(edited(after(outcome)))).toBe('InProgress');
    expect(kstatus(going(after(outcome)))).toBe('Terminating');
  });

  it.each([
    ['NotOwned', 'Failed'],
    ['AdoptionPending', 'Failed'],
    ['AdoptionRefused', 'Failed'],
    ['KindDisabled', 'Failed'],
    ['NotReadable', 'Failed'],
    ['DeletionPaused', 'Failed'],
    ['DependencyNotReady', 'InProgress'],
    ['InUse', 'InProgress'],
    ['SecretLookupFailed', 'InProgress'],
    ['TeleportUnavailable', 'InProgress'],
    ['AccessDenied', 'InProgress'],
    ['TeleportError', 'InProgress'],
    ['OperatorError', 'InProgress'],
  ] as const)('calls %s, which is looked at again, %s', (reason, wanted) => {
    for (const failure of failuresOf(reason).filter(({ next }) => next === 'backoff'))
      expect(kstatus(after(failure))).toBe(wanted);
  });

  it('is told by the last pass alone, whatever came before', () => {
    // one reason stands for all
    const some = staying.filter(({ type }) => type !== 'failed').concat(failuresOf('InUse'));
    for (const first of some) {
      for (const second of some) {
        const now = after(second, after(first));
        expect(kstatus(now), `${label(first)} then ${label(second)}`).toBe(kstatus(after(second)));
        const types = conditionsOf(now).map(({ type }) => type);
        expect(new Set(types).size).toBe(types.length);
      }
    }
  });

  it('finds the generation in the status and in every condition that the pass told', () => {
    for (const outcome of staying) {
      const now = after(outcome, edited(edited(anObject())));
      const { generation } = now.metadata;
      expect(now.status?.['observedGeneration']).toBe(generation);
      for (const { observedGeneration } of conditionsOf(now)) expect(observedGeneration).toBe(generation);
    }
  });
});
