// The one place that knows gRPC codes: foreign errors become a TeleportError here, and the rest of the
// operator asks isX. Table: ../shared/teleport/joining.md 2.7 (upstream api/trail).
import { Code, ConnectError } from '@connectrpc/connect';

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

const kinds: Partial<Record<Code, TeleportErrorKind>> = {
  [Code.NotFound]: 'NotFound',
  [Code.AlreadyExists]: 'AlreadyExists',
  [Code.PermissionDenied]: 'AccessDenied',
  [Code.Unauthenticated]: 'AccessDenied',
  [Code.InvalidArgument]: 'BadParameter',
  [Code.FailedPrecondition]: 'CompareFailed',
  [Code.ResourceExhausted]: 'LimitExceeded',
  [Code.Unavailable]: 'Unavailable',
  [Code.Unimplemented]: 'NotImplemented',
  [Code.DeadlineExceeded]: 'DeadlineExceeded',
  [Code.Canceled]: 'Canceled',
};

/** An answer of Teleport that is not a success, or the lack of one. */
export class TeleportError extends Error {
  override readonly name = 'TeleportError';
  readonly kind: TeleportErrorKind;
  /** `/service/method`, where the error came from a call. */
  readonly method: string | undefined;

  constructor(kind: TeleportErrorKind, message: string, options: { cause?: unknown; method?: string } = {}) {
    super(flatten(message), { cause: options.cause });
    this.kind = kind;
    this.method = options.method;
  }

  /** Whatever was thrown, as a TeleportError. */
  static from(error: unknown, method?: string): TeleportError {
    if (error instanceof TeleportError) return error;
    const options = method === undefined ? { cause: error } : { cause: error, method };
    if (error instanceof ConnectError) {
      return new TeleportError(kindOf(error), error.rawMessage, options);
    }
    if (error instanceof Error && error.name === 'AbortError')
      return new TeleportError('Canceled', error.message, options);
    return new TeleportError('Unavailable', error instanceof Error ? error.message : String(error), options);
  }
}

/**
 * A caller whose own user or role is gone is told NotFound by every RPC (seen on 18.0.0: `access denied\n\trole x
 * is not found`). Taken for the resource's absence, it would end a deletion that never happened.
 */
function kindOf(error: ConnectError): TeleportErrorKind {
  if (error.code === Code.NotFound && error.rawMessage.startsWith('access denied')) return 'AccessDenied';
  return kinds[error.code] ?? 'Unknown';
}

/** Wrapped errors of Teleport hold newlines and tabs (observed.md 12); logs and conditions are one line. */
function flatten(message: string): string {
  return message.replaceAll(/\s*\n\s*/g, ': ').trim();
}

export function isTeleportError(error: unknown, ...wanted: TeleportErrorKind[]): error is TeleportError {
  return error instanceof TeleportError && (wanted.length === 0 || wanted.includes(error.kind));
}
