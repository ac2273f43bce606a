// Which Event each outcome makes: its name, whether it is a warning, and that it names fields, never values; and what the log
// has of a mistake.
import { describe, expect, it } from 'vitest';
import { type LogFields, type Logger, silentLogger } from '../core/log.js';
import { eventOf, logOutcome } from './announce.js';
import { failure } from './failures.js';
import type { Failure, Outcome } from './outcome.js';

const applied = { hash: 'h', revision: 'r', resourceHash: 's' };
const told = (outcome: Outcome): string => {
  const event = eventOf(outcome, 'role');
  return event ? `${event.type} ${event.reason}` : 'nothing';
};
const synced = (wrote: 'created' | 'updated' | 'corrected' | 'adopted' | 'nothing'): Outcome => ({
  type: 'synced',
  wrote,
  owned: 'OriginLabelMatching',
  applied,
  fields: ['allow.logins', 'options.max_session_ttl'],
});
const failed = (step: Failure['step'], reason: Failure['reason']): Outcome => ({
  type: 'failed',
  step,
  reason,
  message: 'why',
  next: 'backoff',
});

describe('eventOf', () => {
  it.each<[Outcome, string]>([
    [synced('created'), 'Normal Created'],
    [synced('updated'), 'Normal Updated'],
    [synced('corrected'), 'Normal DriftCorrected'],
    [synced('adopted'), 'Normal Adopted'],
    [synced('nothing'), 'nothing'],
    [{ type: 'consumed', applied }, 'Normal Consumed'],
    [{ type: 'gone', resource: 'deleted' }, 'Normal Deleted'],
    [{ type: 'gone', resource: 'handedOver' }, 'Normal Kept'],
    [{ type: 'gone', resource: 'left', ending: 'its CRD' }, 'Normal Kept'],
    [{ type: 'gone', resource: 'absent' }, 'nothing'],
    [{ type: 'planned', verb: 'create', fields: [] }, 'nothing'],
    [failed('write', 'AccessDenied'), 'Warning Denied'],
    [failed('look', 'AccessDenied'), 'Warning Denied'],
    [failed('write', 'Drifted'), 'Warning Drifted'],
    [failed('gate', 'NameConflict'), 'Warning NameConflict'],
    [failed('delete', 'InUse'), 'Warning DeletionBlocked'],
    [failed('delete', 'AccessDenied'), 'Warning DeletionBlocked'],
    [failed('delete', 'DeletionPaused'), 'Warning DeletionPaused'],
  ])('of %j is %s', (outcome, expected) => {
    expect(told(outcome)).toBe(expected);
  });

  it('names the fields that changed', () => {
    for (const wrote of ['updated', 'corrected', 'adopted'] as const) {
      expect(eventOf(synced(wrote), 'role')?.message).toContain('allow.logins, options.max_session_ttl');
    }
  });
});

describe('logOutcome', () => {
  /** The lines of an outcome that comes again as it was. */
  function linesOf(outcome: Outcome): [level: string, fields: LogFields | undefined][] {
    const lines: [string, LogFields | undefined][] = [];
    const write = (level: string) => (_: string, fields?: LogFields) => void lines.push([level, fields]);
    const log: Logger = { ...silentLogger, debug: write('DEBUG'), error: write('ERROR') };
    for (const repeated of [false, true]) logOutcome(log, outcome, { object: 'ns/a' }, repeated);
    return lines;
  }

  it('has the place of a mistake in the program, the first time', () => {
    const mistake = failure('write', new TypeError('x is not a function'));
    const { step, reason, message: error } = mistake;
    const fields = { object: 'ns/a', step, reason, error };
    expect(linesOf(mistake)).toEqual([
      ['ERROR', { ...fields, stack: expect.stringMatching(/^ {4}at .*announce\.test\.ts:\d+/) }],
      ['DEBUG', fields],
    ]);
  });

  it('has no place of what is no mistake', () => {
    for (const [, fields] of linesOf(failure('write', new Error('no route'))))
      expect(fields).not.toHaveProperty('stack');
  });
});
