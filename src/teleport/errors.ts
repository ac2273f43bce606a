// The one place that knows gRPC codes: foreign errors become a TeleportError here, and the rest of the
// operator asks isX. Table: ../shared/teleport/joining.md 2.7 (upstream api/trail).
import { Code, type Status } from './grpc-status.js';

export type TeleportErrorKind =
  | 'NotFound'
  | 'AlreadyExists'
  | 'AccessDenied'
  | 'BadParameter'
  | 'CompareFailed'
  | 'LimitExceeded'
  | 'Unavailable'
  | 'NotImplemented'
  | 'DeadlineExceeded'
  | 'Canceled'
  | 'Unknown';

const kinds: Readonly<Record<number, TeleportErrorKind>> = {
  [Code.notFound]: 'NotFound',
  [Code.alreadyExists]: 'AlreadyExists',
  [Code.permissionDenied]: 'AccessDenied',
  [Code.unauthenticated]: 'AccessDenied',
  [Code.invalidArgument]: 'BadParameter',
  [Code.failedPrecondition]: 'CompareFailed',
  [Code.resourceExhausted]: 'LimitExceeded',
  [Code.unavailable]: 'Unavailable',
  [Code.unimplemented]: 'NotImplemented',
  [Code.deadlineExceeded]: 'DeadlineExceeded',
  [Code.canceled]: 'Canceled',
};

export interface TeleportErrorOptions {
  readonly cause?: unknown;
  readonly method?: string;
  readonly retryAfterMs?: number | undefined;
}

/** An answer of Teleport that is not a success, or the lack of one. */
export class TeleportError extends Error {
  override readonly name = 'TeleportError';
  readonly kind: TeleportErrorKind;
  /** `/service/method`, where the error came from a call. */
  readonly method: string | undefined;
  /** How long the server asked to wait, in milliseconds; only an HTTP answer says so. */
  readonly retryAfterMs: number | undefined;

  constructor(kind: TeleportErrorKind, message: string, options: TeleportErrorOptions = {}) {
    super(flatten(message), { cause: options.cause });
    this.kind = kind;
    this.method = options.method;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** The status of a call that did not go well. */
  static ofStatus(status: Status, method: string): TeleportError {
    return new TeleportError(kindOf(status), status.message, { method });
  }

  /** Whatever was thrown, as a TeleportError. */
  static from(error: unknown, method?: string): TeleportError {
    if (error instanceof TeleportError) return error;
    const options = method === undefined ? { cause: error } : { cause: error, method };
    if (error instanceof Error && error.name === 'AbortError')
      return new TeleportError('Canceled', error.message, options);
    return new TeleportError('Unavailable', error instanceof Error ? error.message : String(error), options);
  }
}

/**
 * A caller whose own user or role is gone is told NotFound by every RPC (seen on 18.0.0: `access denied\n\trole x
 * is not found`). Taken for the resource's absence, it would end a deletion that never happened.
 */
function kindOf({ code, message }: Status): TeleportErrorKind {
  if (code === Code.notFound && message.startsWith('access denied')) return 'AccessDenied';
  return kinds[code] ?? 'Unknown';
}

/** Wrapped errors of Teleport hold newlines and tabs (observed.md 12); logs and conditions are one line. */
function flatten(message: string): string {
  return message.replaceAll(/\s*\n\s*/g, ': ').trim();
}

export function isTeleportError(error: unknown, ...wanted: TeleportErrorKind[]): error is TeleportError {
  return error instanceof TeleportError && (wanted.length === 0 || wanted.includes(error.kind));
}

/** Whether a call that failed so may have been carried out all the same: no answer came, rather than a refusal. */
export function isOutcomeUnknown(error: unknown): boolean {
  return (
    !(error instanceof TeleportError) || isTeleportError(error, 'Unavailable', 'DeadlineExceeded', 'Canceled')
  );
}
