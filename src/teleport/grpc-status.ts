// How a gRPC call ended, read from the headers and trailers of its answer (PROTOCOL-HTTP2.md and
// http-grpc-status-mapping.md of github.com/grpc/grpc). errors.ts says what it means to the operator.
import type { IncomingHttpHeaders } from 'node:http2';

/** Status codes of gRPC (statuscodes.md of github.com/grpc/grpc). */
export const Code = {
  ok: 0,
  canceled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

export interface Status {
  /** 0 is success. Codes that gRPC does not know are the server's. */
  readonly code: number;
  readonly message: string;
}

/**
 * The status that these headers or trailers carry; undefined where they carry none.
 * @param headers of a reply that has nothing else, or trailers
 */
export function statusOf(headers: IncomingHttpHeaders): Status | undefined {
  const text = headers['grpc-status'];
  if (typeof text !== 'string') return undefined;
  const code = /^\d{1,3}$/.test(text) ? Number(text) : Code.unknown;
  const message = headers['grpc-message'];
  return { code, message: typeof message === 'string' ? decoded(message) : '' };
}

/** What is read of an answer's head. */
export interface HttpHead {
  readonly ':status'?: number | undefined;
  readonly 'content-type'?: string | undefined;
}

/** What an answer that is no gRPC says all the same: something between us and the server spoke for it. */
export function statusOfHttp(headers: HttpHead): Status | undefined {
  const http = headers[':status'] ?? 0;
  if (http !== 200) return { code: codeOfHttp(http), message: `HTTP ${http}` };
  const type = headers['content-type'] ?? 'no content type';
  if (/^application\/grpc(?:\+proto)?(?:;|$)/.test(type)) return undefined;
  return { code: Code.unknown, message: `the answer is ${type}, not gRPC` };
}

function codeOfHttp(status: number): number {
  switch (status) {
    case 400:
      return Code.internal;
    case 401:
      return Code.unauthenticated;
    case 403:
      return Code.permissionDenied;
    case 404:
      return Code.unimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return Code.unavailable;
    default:
      return Code.unknown;
  }
}

/** Percent-encoded UTF-8; what is not so encoded is left as it stands. */
function decoded(message: string): string {
  if (!message.includes('%')) return message;
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
