// The border for errors of Kubernetes and of the way to it: whatever happened becomes a KubeError with one
// word for what to do about it. Nothing outside src/kube looks at HTTP codes.
import { cut } from '../core/cut.js';

/** What went wrong, in the words of Kubernetes' own reasons. */
export type KubeErrorKind =
  | 'NotFound'
  | 'Conflict'
  | 'AlreadyExists'
  | 'Forbidden'
  | 'Unauthorized'
  | 'Gone'
  | 'Invalid'
  | 'TooManyRequests'
  | 'Unavailable'
  | 'Timeout'
  | 'BadRequest'
  | 'Unknown';

/** Longest error text that is kept; a Status of the API server can quote whole objects. */
const longestText = 256;

/** An error of the Kubernetes API, or of the connection to it (`status` 0). */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly kind: KubeErrorKind;
  /** The HTTP status; 0 when no answer came. */
  readonly status: number;
  /** The `reason` of the server's Status, '' when there was none. */
  readonly reason: string;
  /** The server's reasons beneath that one, such as `NamespaceTerminating`. */
  readonly causes: readonly string[];
  /** How long the server asked to wait, in milliseconds. */
  readonly retryAfterMs?: number;

  constructor(
    kind: KubeErrorKind,
    message: string,
    details: {
      status?: number;
      reason?: string;
      causes?: readonly string[];
      retryAfterMs?: number | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(cut(message, longestText), details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.status = details.status ?? 0;
    this.reason = details.reason ?? '';
    this.causes = details.causes ?? [];
    if (details.retryAfterMs !== undefined) this.retryAfterMs = details.retryAfterMs;
  }
}

/** True for a KubeError; with `kinds`, only for one of these kinds. */
export function isKubeError(error: unknown, ...kinds: KubeErrorKind[]): error is KubeError {
  return error instanceof KubeError && (kinds.length === 0 || kinds.includes(error.kind));
}

/** True where nothing new is taken because the namespace is being deleted. */
export function isNamespaceClosed(error: unknown): boolean {
  return isKubeError(error, 'Forbidden') && error.causes.includes('NamespaceTerminating');
}

/** Any thrown value as a KubeError; errors of the connection become Unavailable or Timeout. */
export function from(error: unknown): KubeError {
  if (error instanceof KubeError) return error;
  if (!(error instanceof Error)) return new KubeError('Unknown', String(error));
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // Node says "aborted" when the other end closes a connection in the middle of an answer.
  const closed = code === 'ECONNRESET' && error.message === 'aborted';
  const text = closed
    ? 'the server closed the connection'
    : error.message || firstOf(error) || code || error.name;
  if (code === 'ETIMEDOUT') return new KubeError('Timeout', text, { cause: error });
  if (connectionCodes.test(code) || tlsCodes.test(code)) {
    return new KubeError('Unavailable', text, { cause: error });
  }
  return new KubeError('Unknown', text, { cause: error });
}

const connectionCodes =
  /^(ECONN|EPIPE$|ENOTFOUND$|EAI_|EHOSTUNREACH$|ENETUNREACH$|EADDRNOTAVAIL$|HPE_|ERR_STREAM_PREMATURE_CLOSE$|ERR_SOCKET|EPROTO$)/;
const tlsCodes =
  /^(ERR_TLS_|ERR_SSL_|UNABLE_TO_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH$|INVALID_CA$|ERR_OSSL)/;

/** A connection that failed on every address is an AggregateError without a text of its own. */
function firstOf(error: Error): string | undefined {
  if (!(error instanceof AggregateError)) return undefined;
  const first: unknown = error.errors[0];
  return first instanceof Error ? first.message : undefined;
}

/**
 * The error for an answer that is not a success.
 * @param body the answer's body; used only if it is a Kubernetes Status, for anything else may hold secrets.
 */
export function fromResponse(status: number, body: string, retryAfter?: string): KubeError {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = undefined;
  }
  return fromStatus(parsed, status, retryAfterMs(retryAfter));
}

/** The error for a Status object; `status` is used where the Status names no code. */
export function fromStatus(body: unknown, status: number, retryAfter?: number): KubeError {
  const told = readStatus(body);
  const code = told?.code ?? status;
  const reason = told?.reason ?? '';
  const wait = retryAfter ?? told?.retryAfterMs;
  return new KubeError(kindOf(code, reason), told?.message || `the API server answered with HTTP ${code}`, {
    status: code,
    reason,
    causes: told?.causes ?? [],
    retryAfterMs: wait,
  });
}

interface ToldStatus {
  code: number | undefined;
  reason: string;
  message: string;
  causes: readonly string[];
  retryAfterMs: number | undefined;
}

function readStatus(body: unknown): ToldStatus | undefined {
  if (!isRecord(body) || body.kind !== 'Status') return undefined;
  const details = isRecord(body.details) ? body.details : {};
  const seconds = details.retryAfterSeconds;
  return {
    code: typeof body.code === 'number' && body.code > 0 ? body.code : undefined,
    reason: typeof body.reason === 'string' ? body.reason : '',
    message: typeof body.message === 'string' ? body.message : '',
    causes: (Array.isArray(details.causes) ? details.causes : [])
      .map((one: unknown) => (isRecord(one) ? one.reason : undefined))
      .filter((one) => typeof one === 'string'),
    retryAfterMs: typeof seconds === 'number' && seconds > 0 ? seconds * 1000 : undefined,
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(status: number, reason: string): KubeErrorKind {
  switch (status) {
    case 400:
    case 405:
    case 406:
    case 413:
    case 415:
      return 'BadRequest';
    case 401:
      return 'Unauthorized';
    case 403:
      return 'Forbidden';
    case 404:
      return 'NotFound';
    case 409:
      return reason === 'AlreadyExists' ? 'AlreadyExists' : 'Conflict';
    case 410:
      return 'Gone';
    case 422:
      return 'Invalid';
    case 429:
      return 'TooManyRequests';
    case 408:
    case 504:
      return 'Timeout';
    case 500:
      return reason === 'ServerTimeout' || reason === 'Timeout' ? 'Timeout' : 'Unknown';
    case 502:
    case 503:
      return 'Unavailable';
    default:
      return 'Unknown';
  }
}

/** Retry-After in seconds, as the API server sends it; dates, which it never sends, are ignored. */
function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined || !/^\d{1,6}$/.test(header.trim())) return undefined;
  return Number(header) * 1000;
}
