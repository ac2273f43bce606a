// Real answers of Teleport (observed.md 16) and what they come to.
import { describe, expect, it } from 'vitest';
import { TeleportError, type TeleportErrorKind } from '../teleport/errors.js';
import { failure } from './failures.js';

type Case = ['look' | 'write' | 'delete', TeleportErrorKind, string, string, 'backoff' | 'onChange'];

describe('failure', () => {
  it.each<Case>([
    ['write', 'NotFound', 'role nothing is not found', 'DependencyNotReady', 'backoff'],
    [
      'write',
      'BadParameter',
      'role "later" specified in attributes_to_roles not found',
      'DependencyNotReady',
      'backoff',
    ],
    ['delete', 'Unknown', 'failed to delete a role that is still in use by a user', 'InUse', 'backoff'],
    [
      'delete',
      'AccessDenied',
      "Cannot delete 'x', as it is an owner of one or more other Access Lists",
      'InUse',
      'backoff',
    ],
    [
      'write',
      'AccessDenied',
      'access denied to perform action "create" on "role"',
      'KindDisabled',
      'backoff',
    ],
    [
      'look',
      'AccessDenied',
      'access to app denied. User does not have permissions. ',
      'AccessDenied',
      'backoff',
    ],
    ['look', 'AccessDenied', 'this feature requires Teleport Enterprise', 'KindDisabled', 'backoff'],
    [
      'write',
      'AccessDenied',
      'role option pin_source_ip is only available in enterprise subscriptions',
      'KindDisabled',
      'backoff',
    ],
    ['write', 'BadParameter', 'wildcard is not allowed', 'Rejected', 'onChange'],
    ['write', 'CompareFailed', 'resource revision does not match', 'TeleportError', 'backoff'],
    ['write', 'AlreadyExists', 'user "u1" already registered', 'TeleportError', 'backoff'],
    ['look', 'Unavailable', 'connect ECONNREFUSED', 'TeleportUnavailable', 'backoff'],
    ['look', 'NotImplemented', 'unknown service', 'KindDisabled', 'backoff'],
    ['write', 'Unknown', 'whatever', 'TeleportError', 'backoff'],
  ])('%s, %s %j is %s', (step, kind, text, reason, next) => {
    const outcome = failure(step, new TeleportError(kind, text));
    expect(outcome).toMatchObject({ step, reason, next });
    expect(outcome.message).toContain(text.replace(/[. ]+$/, ''));
  });

  it.each([
    'access to app denied. User does not have permissions. ',
    'access to db denied. User does not have permissions. Confirm database user and name.',
    '',
  ])('names the labels that a role must match where Teleport says %j', (text) => {
    const { message } = failure('look', new TeleportError('AccessDenied', text));
    expect(message).toMatch(
      /^Teleport answered\b.*[a-z]\. Let the operator's role .*app_labels and db_labels/,
    );
  });

  it('has an outcome for what is no error of Teleport', () => {
    expect(failure('write', new Error('socket hang up'))).toMatchObject({
      reason: 'TeleportUnavailable',
      next: 'backoff',
    });
  });

  it.each(['decode', 'look', 'write', 'delete'] as const)(
    'lays nothing on Teleport that is the operator’s own mistake: %s',
    (step) => {
      const mistake = mistaken();
      const wrapped = TeleportError.from(mistake, '/proto.AuthService/GetRole');
      for (const thrown of [mistake, wrapped]) {
        const outcome = failure(step, thrown);
        expect(outcome).toMatchObject({ step, reason: 'OperatorError', next: 'backoff' });
        expect(outcome.message).toMatch(
          /^The operator made a mistake: Cannot read .*'name'\)\. Please report/,
        );
        expect(outcome.stack).toMatch(/^ {4}at mistaken \(.*failures\.test\.ts:\d+/);
      }
    },
  );

  it.each([
    [
      'Unavailable',
      'x:443: no connection within 30 s',
      'The call to Teleport failed: x:443: no connection within 30 s',
    ],
    ['DeadlineExceeded', 'no answer within 30 s', 'The call to Teleport failed: no answer within 30 s'],
    ['Unavailable', 'Teleport cannot be reached; as Auth: x', 'Teleport cannot be reached; as Auth: x'],
    ['LimitExceeded', 'slow down', 'Teleport answered: slow down'],
  ] as const)('claims no answer where there may have been none: %s', (kind, text, message) => {
    expect(failure('look', new TeleportError(kind, text)).message).toBe(message);
  });
});

/** What a pass throws that does what can't be done. */
function mistaken(): unknown {
  try {
    return (undefined as unknown as { name: string }).name;
  } catch (error) {
    return error;
  }
}
