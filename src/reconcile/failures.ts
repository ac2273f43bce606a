// Errors of Teleport as outcomes: the one table that says what an answer means to the user and when it is
// worth another try. Codes and texts as a real Teleport answers (observed.md 15, 16; kinds.md B.4).
import { mistakeBehind, placeOf } from '../core/mistake.js';
import { DecodeError } from '../kinds/codec/index.js';
import { isOutcomeUnknown, TeleportError, type TeleportErrorKind } from '../teleport/errors.js';
import type { Failure, Next, Owned, Reason } from './outcome.js';
import { SecretLookupError } from './secret-lookup.js';

type Step = Failure['step'];

interface Row {
  readonly kinds: readonly TeleportErrorKind[];
  /** Steps the row is about; all without it. */
  readonly steps?: readonly Step[];
  /** What the server's text must hold. */
  readonly text?: RegExp;
  readonly reason: Reason;
  readonly next: Next;
  /** What to do, after the server's own words. */
  readonly remedy?: string;
}

const table: readonly Row[] = [
  {
    kinds: ['NotFound'],
    steps: ['write'],
    reason: 'DependencyNotReady',
    next: 'backoff',
    remedy: 'Create what the spec refers to; the object is tried again by itself.',
  },
  {
    // SAML connectors are refused so where they name a role that does not exist.
    kinds: ['BadParameter'],
    steps: ['write'],
    text: /^role ".*" .*not found$/,
    reason: 'DependencyNotReady',
    next: 'backoff',
    remedy: 'Create what the spec refers to; the object is tried again by itself.',
  },
  {
    kinds: ['Unknown', 'BadParameter', 'AccessDenied', 'CompareFailed'],
    steps: ['delete'],
    text: /in use|is used by|still used|as it is (a member|an owner) of/i,
    reason: 'InUse',
    next: 'backoff',
    remedy: 'Take it away from whatever uses it; the deletion then goes on by itself.',
  },
  {
    kinds: ['AccessDenied'],
    text: /requires? Teleport Enterprise|only available in Teleport Enterprise/i,
    reason: 'KindDisabled',
    next: 'backoff',
    remedy: 'The kind needs Teleport Enterprise.',
  },
  {
    // A field of an ordinary kind: a role's pin_source_ip, max_sessions, review_requests.
    kinds: ['AccessDenied'],
    steps: ['write'],
    text: /only (available|supported) .*enterprise|enterprise-only/i,
    reason: 'KindDisabled',
    next: 'backoff',
    remedy: 'Take out of the spec what needs Teleport Enterprise.',
  },
  {
    kinds: ['AccessDenied'],
    text: /access denied to perform action/i,
    reason: 'KindDisabled',
    next: 'backoff',
    remedy: "Add the verb and the resource to a rule of the operator's role in Teleport.",
  },
  {
    // Apps, databases, SAML service providers: Teleport tells nobody of them whose role does not match their labels. Of that
    // refusal alone Node before 24.2 doesn't get the text (session.ts).
    kinds: ['AccessDenied'],
    text: /access to \w+ denied|^$/i,
    reason: 'AccessDenied',
    next: 'backoff',
    remedy:
      "Let the operator's role in Teleport match every label: app_labels and db_labels of '*': '*', as `teleport-operator teleport-role` prints them.",
  },
  {
    kinds: ['AccessDenied'],
    reason: 'AccessDenied',
    next: 'backoff',
    remedy: "Check the role of the operator's bot, and that the bot is not locked.",
  },
  {
    // SAML connectors and trusted clusters.
    kinds: ['BadParameter'],
    steps: ['write'],
    text: /\brole\b.* (not found|is not defined)/i,
    reason: 'DependencyNotReady',
    next: 'backoff',
    remedy: 'Create the role; the object is tried again by itself.',
  },
  { kinds: ['BadParameter'], reason: 'Rejected', next: 'onChange', remedy: 'Correct the spec.' },
  {
    kinds: ['NotImplemented'],
    reason: 'KindDisabled',
    next: 'backoff',
    remedy: 'The kind needs another version or edition of Teleport.',
  },
  {
    kinds: ['Unavailable', 'DeadlineExceeded', 'Canceled', 'LimitExceeded'],
    reason: 'TeleportUnavailable',
    next: 'backoff',
  },
];

/** What a failed step comes to. Every error has an outcome. */
export function failure(step: Step, thrown: unknown, owned?: Owned): Failure {
  const known = owned === undefined ? {} : { owned };
  if (thrown instanceof DecodeError) {
    return {
      type: 'failed',
      step: 'decode',
      reason: 'FailedToDecode',
      message: thrown.message,
      next: 'onChange',
    };
  }
  if (thrown instanceof SecretLookupError) {
    return {
      type: 'failed',
      step: 'lookup',
      reason: 'SecretLookupFailed',
      message: thrown.message,
      next: 'backoff',
    };
  }
  const mistake = mistakeBehind(thrown);
  if (mistake) {
    return {
      type: 'failed',
      step,
      reason: 'OperatorError',
      message: `The operator made a mistake: ${mistake.message.replace(/[.\s]+$/, '')}. Please report it with the line of its log that has "stack".`,
      next: 'backoff',
      stack: placeOf(mistake),
      ...known,
    };
  }
  const error = TeleportError.from(thrown);
  const row = table.find(
    ({ kinds, steps, text }) =>
      kinds.includes(error.kind) && (steps?.includes(step) ?? true) && (text?.test(error.message) ?? true),
  );
  const { reason, next, remedy } = row ?? { reason: 'TeleportError' as const, next: 'backoff' as const };
  const said = inWords(error);
  const message = remedy === undefined ? said : `${said.replace(/[.\s]+$/, '')}. ${remedy}`;
  const raced = step === 'write' && (error.kind === 'CompareFailed' || error.kind === 'AlreadyExists');
  return { type: 'failed', step, reason, message, next, ...known, ...(raced && { raced }) };
}

function inWords(error: TeleportError): string {
  const { kind, message } = error;
  if (message === '') return `Teleport answered ${kind} and no more`;
  if (!isOutcomeUnknown(error)) return `Teleport answered: ${message}`;
  return message.startsWith('Teleport ') ? message : `The call to Teleport failed: ${message}`;
}
