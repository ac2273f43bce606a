// Plain HTTPS with JSON, for the two places where Teleport speaks no gRPC: the proxy's web API and the join
// endpoint of Auth before 18. One request a connection; these calls are rare.
import type { Clock } from '../core/clock.js';
import { Until } from '../core/until.js';
import { formatAddress } from './address.js';
import { dialTls, type TlsTarget } from './dial.js';
import { TeleportError, type TeleportErrorKind, type TeleportErrorOptions } from './errors.js';
import { wholeReply } from './whole-reply.js';

export interface JsonCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
}

const timeoutMs = 30_000;

/**
 * Sends one request and reads its JSON reply.
 * @throws TeleportError by the HTTP status (joining.md 2.7), with the wait that Retry-After asks for; `HttpMismatch` when
 * what answers is no Teleport API.
 */
export async function callJson(
  target: TlsTarget,
  call: JsonCall,
  clock: Clock,
  signal?: AbortSignal,
): Promise<unknown> {
  const where = formatAddress(target.address);
  const limit = new Until(
    clock,
    timeoutMs,
    () =>
      new TeleportError('DeadlineExceeded', `${where}${call.path}: no answer within ${timeoutMs / 1000} s`),
    signal,
  );
  try {
    const { status, text, retryAfterMs } = await exchange({ ...target, alpn: [] }, call, clock, limit.signal);
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (cause) {
      // Teleport's rate limit answers with plain text.
      if (status !== 429) {
        const message = `${where}${call.path} answers HTTP ${status} without JSON`;
        throw new HttpMismatch(message, status, { cause, retryAfterMs });
      }
    }
    if (status === 200) return json;
    const message =
      errorText(json) ?? (status === 429 ? `${where} asks for fewer requests (HTTP 429)` : `HTTP ${status}`);
    throw new TeleportError(kinds[status] ?? 'Unknown', message, { method: call.path, retryAfterMs });
  } catch (error) {
    if (limit.signal.aborted) throw limit.signal.reason;
    throw error instanceof TeleportError
      ? error
      : new TeleportError('Unavailable', `${where}: ${text(error)}`, { cause: error });
  } finally {
    limit.done();
  }
}

/** Something answers, but not Teleport's API. */
export class HttpMismatch extends TeleportError {
  readonly status: number;

  constructor(message: string, status: number, options: TeleportErrorOptions = {}) {
    super('Unavailable', message, options);
    this.status = status;
  }
}

async function exchange(
  target: TlsTarget,
  call: JsonCall,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ status: number; text: string; retryAfterMs: number | undefined }> {
  const socket = await dialTls(target, clock, signal);
  const payload = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
  try {
    const { status, headers, text } = await wholeReply(
      {
        createConnection: () => socket,
        method: call.method,
        path: call.path,
        signal,
        headers: {
          host: formatAddress(target.address),
          accept: 'application/json',
          connection: 'close',
          ...(payload ? { 'content-type': 'application/json', 'content-length': payload.length } : {}),
        },
      },
      'the reply is too large',
      payload,
    );
    return { status, text, retryAfterMs: readRetryAfter(headers['retry-after']) };
  } finally {
    socket.destroy();
  }
}

const kinds: Readonly<Record<number, TeleportErrorKind>> = {
  400: 'BadParameter',
  401: 'AccessDenied',
  403: 'AccessDenied',
  404: 'NotFound',
  409: 'AlreadyExists',
  412: 'CompareFailed',
  429: 'LimitExceeded',
  501: 'NotImplemented',
  502: 'Unavailable',
  503: 'Unavailable',
  504: 'Unavailable',
};

/** Retry-After in seconds, as Teleport and balancers send it; dates are ignored. */
function readRetryAfter(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header.trim()) ? Number(header) * 1000 : undefined;
}

/** `{error: {message}}` of the web API, or `{message}` of older servers. */
function errorText(json: unknown): string | undefined {
  const read = (value: unknown, key: string): unknown =>
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  const message = read(read(json, 'error'), 'message') ?? read(json, 'message');
  return typeof message === 'string' && message !== '' ? message : undefined;
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
