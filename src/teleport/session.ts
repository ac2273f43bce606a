// gRPC over one HTTP/2 connection: Connect's core frames the messages, this file moves the bytes. It knows when
// a request certainly never reached the server, and says so, since only such a request may be repeated blindly.
// It does not dial, repeat or choose: connection.ts does.

import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { Code, ConnectError, type Transport } from '@connectrpc/connect';
import { createTransport } from '@connectrpc/connect/protocol-grpc';
import type { Clock } from '../core/clock.js';
import { ResponseBody } from './body.js';
import { isTeleportError } from './errors.js';
import { Keepalive } from './keepalive.js';
import { pump, toHeaders } from './pump.js';

interface Request {
  readonly url: string;
  readonly header: Headers;
  readonly body?: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
}

interface Response {
  readonly status: number;
  readonly header: Headers;
  readonly body: AsyncIterable<Uint8Array>;
  readonly trailer: Headers;
}

export interface SessionOptions {
  readonly clock: Clock;
  /** The gRPC `:authority`; Go clients send the TLS server name. */
  readonly authority: string;
  /** False where something else watches over the connection; true when absent. */
  readonly keepalive?: boolean;
}

/** Replies of lists are larger than gRPC's usual 4 MiB. */
const readMaxBytes = 256 * 1024 * 1024;
const windowBytes = 4 * 1024 * 1024;

const unsent = new WeakSet<Error>();

/** True when the call that threw this certainly did not reach the server. */
export function wasNotSent(error: unknown): boolean {
  return error instanceof Error && unsent.has(error);
}

/** A connection that speaks gRPC. Made from a socket whose handshake is done. */
export class Session {
  /** Calls go through this; connect's errors come out. */
  readonly transport: Transport;
  readonly #h2: ClientHttp2Session;
  readonly #socket: TLSSocket;
  readonly #authority: string;
  #draining = false;
  #failure: Error | undefined;
  readonly #keepalive: Keepalive | undefined;

  constructor(socket: TLSSocket, options: SessionOptions) {
    this.#socket = socket;
    this.#authority = options.authority;
    socket.setNoDelay(true);
    this.#h2 = connect(`https://${options.authority}`, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: windowBytes },
      // In megabytes; Node's 10 would break a list of many large resources.
      maxSessionMemory: 512,
    });
    this.#h2.once('connect', () => {
      // Throws on a session that was closed in the same turn.
      if (!this.#h2.destroyed) this.#h2.setLocalWindowSize(2 * windowBytes);
    });
    // Permanent: an error event without a listener ends the process.
    this.#h2.on('error', (error) => {
      this.#failure ??= error;
    });
    socket.on('error', (error) => {
      this.#failure ??= error;
    });
    this.#h2.on('goaway', (code: number) => {
      this.#draining = true;
      if (code !== 0) this.#failure ??= new Error(`the server sent GOAWAY ${code}`);
    });
    this.#h2.once('close', () => {
      this.#draining = true;
      this.#keepalive?.stop();
    });
    this.#keepalive =
      options.keepalive === false
        ? undefined
        : new Keepalive(this.#h2, socket, options.clock, (reason) => this.destroy(reason));
    this.transport = createTransport({
      baseUrl: `https://${options.authority}`,
      httpClient: (request) => this.#send(request),
      useBinaryFormat: true,
      interceptors: [],
      acceptCompression: [],
      sendCompression: null,
      compressMinBytes: 0,
      readMaxBytes,
      writeMaxBytes: readMaxBytes,
    });
  }

  /** False once no new call can start; calls in flight may still end well. */
  get usable(): boolean {
    return !this.#draining && !this.#h2.closed && !this.#h2.destroyed;
  }

  /** True once the connection is gone, with every call on it. */
  get finished(): boolean {
    return this.#h2.destroyed;
  }

  /** Bytes received so far; tells a silent peer from a slow one. */
  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  /** Takes no new calls, lets those in flight finish, then closes. */
  drain(): void {
    this.#draining = true;
    if (!this.#h2.closed && !this.#h2.destroyed) this.#h2.close();
  }

  /** Ends everything now; calls in flight fail with Unavailable. */
  destroy(reason?: Error): void {
    this.#draining = true;
    this.#failure ??= reason;
    this.#keepalive?.stop();
    if (!this.#h2.destroyed) this.#h2.destroy();
    this.#socket.destroy();
  }

  #send(request: Request): Promise<Response> {
    return new Promise((resolve, reject) => {
      const { signal } = request;
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      let stream: ClientHttp2Stream;
      try {
        if (!this.usable) throw new Error(this.#failure?.message ?? 'the connection is closing');
        stream = this.#h2.request(this.#requestHeaders(request));
      } catch (cause) {
        // Thrown on a connection that is going away; nothing was written.
        reject(this.#lost(cause, true));
        return;
      }
      const body = new ResponseBody(stream);
      const trailer = new Headers();
      let answered = false;
      let complete = false;
      let ended = false;
      let cause: unknown;

      const finish = (): void => {
        if (ended && complete) body.finish({});
      };
      stream.on('response', (headers) => {
        answered = true;
        const header = toHeaders(headers);
        // A reply of headers alone carries its status there and has no trailers.
        complete ||= header.has('grpc-status') || headers[':status'] !== 200;
        resolve({ status: headers[':status'] ?? 0, header, body, trailer });
      });
      stream.on('trailers', (headers) => {
        for (const [name, value] of toHeaders(headers)) trailer.append(name, value);
        complete ||= trailer.has('grpc-status');
        finish();
      });
      stream.on('end', () => {
        ended = true;
        finish();
      });
      stream.on('error', (error) => {
        cause = error;
      });
      stream.on('close', () => {
        signal?.removeEventListener('abort', onAbort);
        if (complete && answered) {
          // The status came, and with it everything that was to come before it.
          body.finish({});
          return;
        }
        const error = signal?.aborted ? signal.reason : this.#closed(stream.rstCode, cause);
        body.finish({ error });
        reject(error);
      });
      const onAbort = (): void => {
        if (stream.closed) return;
        // Connect aborts each call when it has all of it. The stream ends by itself then; a reset for every call
        // would be taken for an attack by servers that count them (nghttp2: GOAWAY after a thousand).
        if (complete && stream.writableEnded) return;
        body.finish({ error: signal?.reason });
        reject(signal?.reason);
        stream.close(constants.NGHTTP2_CANCEL);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      // What cannot be encoded is no fault of the connection.
      void pump(request.body, stream, (error) => {
        body.finish({ error });
        reject(error);
      });
    });
  }

  #requestHeaders(request: Request): Record<string, string> {
    const headers: Record<string, string> = {};
    for (const [name, value] of request.header) headers[name] = value;
    headers[':method'] = 'POST';
    headers[':scheme'] = 'https';
    headers[':authority'] = this.#authority;
    headers[':path'] = new URL(request.url).pathname;
    return headers;
  }

  /** A stream that closed without a complete answer. Without a status, gRPC would call it an internal error. */
  #closed(rstCode: number | undefined, cause: unknown): ConnectError {
    if (rstCode === constants.NGHTTP2_REFUSED_STREAM)
      return this.#lost(new Error('the server refused the stream'), true);
    if (rstCode === constants.NGHTTP2_ENHANCE_YOUR_CALM) {
      return new ConnectError(
        'the server asks for fewer calls',
        Code.ResourceExhausted,
        undefined,
        undefined,
        cause,
      );
    }
    if (isTeleportError(this.#failure, 'Canceled')) {
      return new ConnectError(this.#failure.message, Code.Canceled, undefined, undefined, this.#failure);
    }
    return this.#lost(this.#failure ?? cause, false);
  }

  #lost(cause: unknown, notSent: boolean): ConnectError {
    const detail = cause instanceof Error ? `: ${explain(cause)}` : '';
    const text = `the connection to Teleport ended before the answer came${detail}`;
    const error = new ConnectError(text, Code.Unavailable, undefined, undefined, cause);
    if (notSent) unsent.add(error);
    return error;
  }
}

/** TLS alerts come after the handshake when Auth dislikes our certificate (observed.md 7). */
function explain(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA' || /unknown ca/.test(error.message)) {
    return 'the server does not know the CA of our certificate';
  }
  if (/alert certificate expired|CERTIFICATE_EXPIRED/i.test(`${error.message} ${code}`)) {
    return 'our certificate has expired';
  }
  if (/certificate required|CERTIFICATE_REQUIRED/i.test(`${error.message} ${code}`)) {
    return 'the server demands a client certificate';
  }
  return error.message;
}
