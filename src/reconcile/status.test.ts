// Outcomes as conditions: upstream's three with upstream's reasons, and Ready.
import { describe, expect, it } from 'vitest';
import { anObject } from '../../test/builders/object.js';
import type { Condition } from '../kube/object.js';
import type { Outcome } from './outcome.js';
import { mergedStatus, statusOf, type Wanted } from './status.js';

const applied = { hash: 'h', revision: 'r', resourceHash: 's' };
const lines = (outcome: Outcome): string[] =>
  (statusOf(outcome)?.conditions ?? []).map(({ type, status, reason }) => `${type}=${status} ${reason}`);

describe('statusOf', () => {
  it('is all green after a write', () => {
    expect(lines({ type: 'synced', wrote: 'created', owned: 'NewResource', applied, fields: [] })).toEqual([
      'Ready=True Synced',
      'ValidStructure=True NoError',
      'TeleportResourceOwned=True NewResource',
      'SuccessfullyReconciled=True NoError',
    ]);
  });

  const failed = (
    step: 'decode' | 'ownership' | 'write' | 'look' | 'delete',
    reason: 'FailedToDecode' | 'NotOwned' | 'InUse' | 'TeleportUnavailable',
  ): string[] => lines({ type: 'failed', step, reason, message: 'why', next: 'backoff' });

  it('never says SuccessfullyReconciled=True after a failure', () => {
    for (const step of ['decode', 'ownership', 'write', 'look', 'delete'] as const) {
      expect(failed(step, 'InUse')).toContain('SuccessfullyReconciled=False TeleportError');
      expect(failed(step, 'InUse')[0]).toBe('Ready=False InUse');
    }
  });

  it('says which step it was by the condition types of upstream', () => {
    expect(failed('decode', 'FailedToDecode')).toContain('ValidStructure=False FailedToDecode');
    expect(failed('ownership', 'NotOwned')).toContain('TeleportResourceOwned=False OriginLabelNotMatching');
    expect(failed('delete', 'InUse').join()).not.toContain('ValidStructure');
  });

  it('is unknown for an ignored object, and tells that a deletion waits', () => {
    expect(lines({ type: 'ignored', deleting: true })).toEqual(['Ready=Unknown Ignored']);
    expect(statusOf({ type: 'ignored', deleting: true })?.conditions[0]?.message).toContain('deletion waits');
  });

  it('is none for an object that goes', () => {
    expect(statusOf({ type: 'gone', resource: 'deleted' })).toBeUndefined();
  });
});

describe('mergedStatus', () => {
  const keep = (existing: readonly Condition[], wanted: readonly Wanted[]): Condition[] =>
    wanted.map(({ type, status, reason, message }) => ({
      type,
      status,
      reason,
      message,
      lastTransitionTime: existing[0]?.lastTransitionTime ?? 't',
    }));

  it('does not change how ownership came about when nothing was written', () => {
    const first = mergedStatus(
      anObject(),
      statusOf({ type: 'synced', wrote: 'created', owned: 'NewResource', applied, fields: [] })!,
      anObject(),
      keep,
    );
    const again = mergedStatus(
      anObject({ status: first }),
      statusOf({ type: 'synced', wrote: 'nothing', owned: 'OriginLabelMatching', applied, fields: [] })!,
      anObject(),
      keep,
    );
    expect(again).toEqual(first);
  });

  it('keeps what was applied through a failure', () => {
    const first = mergedStatus(
      anObject(),
      statusOf({ type: 'synced', wrote: 'created', owned: 'NewResource', applied, fields: [] })!,
      anObject(),
      keep,
    );
    const failed = statusOf({
      type: 'failed',
      step: 'write',
      reason: 'Rejected',
      message: 'no',
      next: 'onChange',
    });
    expect(mergedStatus(anObject({ status: first }), failed!, anObject(), keep)['applied']).toEqual(applied);
  });
});
