// One HTTP request to a place that vouches for us: a cloud's metadata service, a CI system's token endpoint. Which
// one, and what its answer means, is the join method's business. Answers may hold tokens: they never get into errors.
import type { RequestOptions } from 'node:http';
import { Until } from '../../core/until.js';
import { dialTls } from '../dial.js';
import { TeleportError } from '../errors.js';
import { systemRoots } from '../trust.js';
import { wholeReply } from '../whole-reply.js';
import type { JoinContext } from './method.js';

export interface EndpointCall {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Starts every error, e.g. `join method gcp: the metadata server`. */
  readonly subject: string;
  /** Ends every error: what the user can do. */
  readonly remedy: string;
  /** Milliseconds for everything; 10 s where none is said. */
  readonly timeoutMs?: number;
}

const tooLarge = 'the answer is too large';

/**
 * The body of a 200.
 * @throws TeleportError (BadParameter) that names the endpoint: nobody answers, or answers something else.
 */
export async function askEndpoint(call: EndpointCall, context: JoinContext): Promise<string> {
  const { clock, signal } = context;
  const timeoutMs = call.timeoutMs ?? 10_000;
  // Query parameters stay out of the text: CI systems put one-time values there.
  const where = `${call.url.origin}${call.url.pathname}`;
  const failed = (why: string, cause?: unknown): TeleportError =>
    new TeleportError('BadParameter', `${call.subject} at ${where} ${why}; ${call.remedy}`, { cause });
  const limit = new Until(
    clock,
    timeoutMs,
    () => failed(`gave no answer within ${timeoutMs / 1000} s`),
    signal,
  );
  try {
    const { status, text } = await exchange(call, context, limit.signal);
    if (status !== 200) throw failed(`answered HTTP ${status}`);
    return text;
  } catch (error) {
    if (limit.signal.aborted) throw limit.signal.reason;
    if (error instanceof TeleportError && error.kind === 'BadParameter') throw error;
    throw failed(`cannot be asked (${reason(error)})`, error);
  } finally {
    limit.done();
  }
}

/** A text field of a JSON body. @throws TeleportError (BadParameter) naming the endpoint and the field. */
export function fieldOf(body: string, field: string, call: EndpointCall): string {
  let value: unknown;
  try {
    value = (JSON.parse(body) as Record<string, unknown> | null)?.[field];
  } catch {
    // Told below: a body that is no JSON has no field.
  }
  if (typeof value === 'string' && value !== '') return value;
  throw new TeleportError(
    'BadParameter',
    `${call.subject} at ${call.url.origin}${call.url.pathname} answered without "${field}"; ${call.remedy}`,
  );
}

async function exchange(
  call: EndpointCall,
  context: JoinContext,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  const { url } = call;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const options: RequestOptions = {
    method: call.method,
    host,
    port: url.port || 80,
    path: `${url.pathname}${url.search}`,
    headers: { host: url.host, connection: 'close', ...call.headers, ...emptyBody(call) },
    agent: false,
    signal,
  };
  if (url.protocol !== 'https:') return wholeReply(options, tooLarge);
  const trust = { verify: true, roots: systemRoots(context.env) } as const;
  const address = { host, port: Number(url.port || 443) };
  const socket = await dialTls(
    { address, alpn: ['http/1.1'], trust, env: context.env },
    context.clock,
    signal,
  );
  try {
    return await wholeReply({ ...options, createConnection: () => socket }, tooLarge);
  } finally {
    socket.destroy();
  }
}

function emptyBody({ method }: EndpointCall): Record<string, string> {
  return method !== 'GET' ? { 'content-length': '0' } : {};
}

function reason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  return code ?? (error instanceof Error ? error.message : String(error));
}
