// gRPC over one HTTP/2 connection: one stream a call (exchange.ts). It knows when a request certainly never reached the
// server, and says so, since only such a request may be repeated blindly. It does not dial, repeat or choose:
// connection.ts does.
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../core/clock.js';
import { isTeleportError, TeleportError } from './errors.js';
import { type End, type ExchangeOptions, follow } from './exchange.js';
import { frame } from './grpc-frame.js';
import { Keepalive } from './keepalive.js';
import { MessageQueue } from './message-queue.js';
import { pump } from './pump.js';

export interface SessionOptions {
  readonly clock: Clock;
  /** The gRPC `:authority`; Go clients send the TLS server name. */
  readonly authority: string;
  /** False where something else watches over the connection; true when absent. */
  readonly keepalive?: boolean;
}

/** One call's way. */
export interface CallRoute {
  /** `/service/method` */
  readonly method: string;
  readonly end: End;
  /** As gRPC spells it: `30000m`. */
  readonly timeout?: string;
}

const windowBytes = 4 * 1024 * 1024;

const unsent = new WeakSet<Error>();

/** True when the call that threw this certainly did not reach the server. */
export function wasNotSent(error: unknown): boolean {
  return error instanceof Error && unsent.has(error);
}

/**
 * Teleport ends some refusals with a blank (`access to app denied. User does not have permissions. `), and HTTP/2 knows no such
 * header: Node throws it away, and with it what Teleport said. Node 24.2 and later can be told to keep it.
 */
const lenient = { strictFieldWhitespaceValidation: false };

/** A connection that speaks gRPC. Made from a socket whose handshake is done. */
export class Session {
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
      ...lenient,
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

  /**
   * Ends everything, as soon as what is being read has been read; calls in flight fail with Unavailable. Whoever has just
   * got an answer is still within the reading of its frame, and Node (20 and 22 at least) corrupts the heap of the process
   * when a connection is destroyed there that carries other calls.
   */
  destroy(reason?: Error): void {
    this.#draining = true;
    this.#failure ??= reason;
    this.#keepalive?.stop();
    setImmediate(() => {
      if (!this.#h2.destroyed) this.#h2.destroy();
      this.#socket.destroy();
    });
  }

  /**
   * One message there, one back.
   * @throws TeleportError, or the end's reason
   */
  unary(message: Uint8Array, route: CallRoute): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const stream = this.#open(route);
      let reply: Uint8Array | undefined;
      follow(stream, this.#exchange(route), {
        message: (bytes) => {
          reply = bytes;
        },
        end: (error) => {
          if (error !== undefined) reject(error);
          else if (reply) resolve(reply);
          else reject(new TeleportError('Unknown', 'the answer has no message', { method: route.method }));
        },
      });
      stream.end(frame(message));
    });
  }

  /**
   * Messages there as they come, messages back as they come.
   * @throws TeleportError where the connection takes no call; later ones come with the messages
   */
  stream(messages: AsyncIterable<Uint8Array>, route: CallRoute): AsyncIterable<Uint8Array> {
    const stream = this.#open(route);
    const replies = new MessageQueue(stream);
    follow(stream, this.#exchange(route), {
      message: (bytes) => replies.push(bytes),
      end: (error) => replies.finish(error === undefined ? {} : { error }),
    });
    // What can't be encoded is no fault of the connection.
    void pump(messages, stream, (error) => replies.finish({ error }));
    return replies;
  }

  #open({ method, end, timeout }: CallRoute): ClientHttp2Stream {
    if (end.over) throw end.reason;
    try {
      if (!this.usable) throw new Error(this.#failure?.message ?? 'the connection is closing');
      return this.#h2.request({
        ':method': 'POST',
        ':scheme': 'https',
        ':authority': this.#authority,
        ':path': method,
        'content-type': 'application/grpc+proto',
        'user-agent': 'grpc-node-teleport-operator',
        te: 'trailers',
        ...(timeout !== undefined && { 'grpc-timeout': timeout }),
      });
    } catch (cause) {
      // Thrown on a connection that is going away; nothing was written.
      throw this.#lost(method, cause, true);
    }
  }

  #exchange({ method, end }: CallRoute): ExchangeOptions {
    return { method, end, lost: (rstCode, cause) => this.#closed(method, rstCode, cause) };
  }

  /** A stream that closed without a complete answer. Without a status, gRPC would call it an internal error. */
  #closed(method: string, rstCode: number | undefined, cause: unknown): TeleportError {
    if (rstCode === constants.NGHTTP2_REFUSED_STREAM)
      return this.#lost(method, new Error('the server refused the stream'), true);
    if (rstCode === constants.NGHTTP2_ENHANCE_YOUR_CALM)
      return new TeleportError('LimitExceeded', 'the server asks for fewer calls', { cause, method });
    if (isTeleportError(this.#failure, 'Canceled'))
      return new TeleportError('Canceled', this.#failure.message, { cause: this.#failure, method });
    return this.#lost(method, this.#failure ?? cause, false);
  }

  #lost(method: string, cause: unknown, notSent: boolean): TeleportError {
    const detail = cause instanceof Error ? `: ${explain(cause)}` : '';
    const text = `the connection to Teleport ended before the answer came${detail}`;
    const error = new TeleportError('Unavailable', text, { cause, method });
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
