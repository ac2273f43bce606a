// TeleportClient over sessions: deadlines, errors in our words, and the one blind repeat that is safe. Calls
// carry no `version` metadata: with it Auth rewrites newer roles for older clients, or drops the connection
// (joining.md 2.6, observed.md 6); without it, roles come as they are stored.
import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodBiDiStreaming,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import type { Clock } from '../core/clock.js';
import { Until } from '../core/until.js';
import type { CallOptions, TeleportClient } from './client.js';
import type { SessionSource } from './connection.js';
import { TeleportError, type TeleportErrorKind } from './errors.js';
import { type End, endOf } from './exchange.js';
import { guardWrite } from './guard.js';
import { type Session, wasNotSent } from './session.js';

/** One finished call, for metrics. A stream is finished when it ends, however it ends. */
export interface CallReport {
  /** e.g. `proto.AuthService` */
  readonly service: string;
  /** e.g. `GetRole` */
  readonly method: string;
  readonly code: 'OK' | TeleportErrorKind;
  readonly durationMs: number;
}

export interface ClientOptions {
  readonly source: SessionSource;
  readonly clock: Clock;
  readonly onCall?: (report: CallReport) => void;
  /** Called when a unary call's deadline passed and its session received nothing in that time. */
  readonly onSilent?: (session: Session) => void;
}

/** Milliseconds for a unary call when the caller names none. */
export const defaultTimeoutMs = 30_000;

/** @see TeleportClient */
export function createClient(options: ClientOptions): TeleportClient {
  return new GrpcClient(options);
}

class GrpcClient implements TeleportClient {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    call: CallOptions = {},
  ): Promise<MessageShape<O>> {
    const name = methodName(method);
    const { clock, source, onSilent } = this.#options;
    const start = clock.monotonic();
    const limitMs = call.timeoutMs ?? defaultTimeoutMs;
    const end = new Until(clock, limitMs, () => timedOut(name, limitMs), call.signal);
    let session: Session | undefined;
    let seen = 0;
    try {
      const message = create(method.input, request);
      guardWrite(method, message);
      const bytes = encoded(method, message);
      const reply = await repeatUnsent(async () => {
        session = await source.session(end);
        if (call.maySend?.() === false)
          throw new TeleportError('Canceled', 'the call may not be sent any more');
        seen = session.bytesRead;
        const timeout = timeoutHeader(limitMs - (clock.monotonic() - start));
        return session.unary(bytes, { method: name, end, timeout });
      });
      const result = decoded(method, reply);
      this.#report(method, 'OK', start);
      return result;
    } catch (error) {
      const mapped = asTeleportError(error, name, end);
      if (mapped.kind === 'DeadlineExceeded' && session?.bytesRead === seen) onSilent?.(session);
      this.#report(method, mapped.kind, start);
      throw mapped;
    } finally {
      end.done();
    }
  }

  serverStream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageInitShape<I>,
    call: CallOptions = {},
  ): AsyncIterable<MessageShape<O>> {
    return this.#stream(method, () => one(request), call);
  }

  bidi<I extends DescMessage, O extends DescMessage>(
    method: DescMethodBiDiStreaming<I, O>,
    requests: AsyncIterable<MessageInitShape<I>>,
    call: CallOptions = {},
  ): AsyncIterable<MessageShape<O>> {
    return this.#stream(method, () => requests, call);
  }

  async *#stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O> | DescMethodBiDiStreaming<I, O>,
    requests: () => AsyncIterable<MessageInitShape<I>>,
    call: CallOptions,
  ): AsyncGenerator<MessageShape<O>, void, undefined> {
    const name = methodName(method);
    const { clock, source } = this.#options;
    const start = clock.monotonic();
    const cancel = new AbortController();
    const end = endOf(cancel.signal);
    const onAbort = (): void => cancel.abort(call.signal?.reason);
    if (call.signal?.aborted) onAbort();
    call.signal?.addEventListener('abort', onAbort, { once: true });
    const timer =
      call.timeoutMs === undefined
        ? undefined
        : clock.after(call.timeoutMs, () => cancel.abort(timedOut(name, call.timeoutMs ?? 0)));
    let code: CallReport['code'] = 'OK';
    try {
      const open = async () => {
        const session = await source.session(cancel);
        return session.stream(allEncoded(method, requests()), { method: name, end });
      };
      // The messages of a bidi caller can be read only once, so only a server stream is opened again.
      const reply = method.methodKind === 'server_streaming' ? await repeatUnsent(open) : await open();
      for await (const message of reply) yield decoded(method, message);
    } catch (error) {
      const mapped = asTeleportError(error, name, end);
      code = mapped.kind;
      throw mapped;
    } finally {
      timer?.cancel();
      call.signal?.removeEventListener('abort', onAbort);
      // Also reached when the reader breaks off: the stream must not stay open at the server.
      cancel.abort(new TeleportError('Canceled', 'the stream was no longer read', { method: name }));
      this.#report(method, code, start);
    }
  }

  #report(method: DescMethod, code: CallReport['code'], start: number): void {
    const { onCall, clock } = this.#options;
    onCall?.({
      service: method.parent.typeName,
      method: method.name,
      code,
      durationMs: clock.monotonic() - start,
    });
  }
}

/** Tries of one call that certainly never reached the server; several, since a server may say GOAWAY again and again. */
const unsentTries = 5;

/** Again when a try certainly did not reach the server (a dead connection, a refused stream). */
async function repeatUnsent<T>(send: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await send();
    } catch (error) {
      if (!wasNotSent(error) || tries === unsentTries) throw error;
      // A GOAWAY refuses the streams before it is announced; one turn later the session is known to be ending.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

function asTeleportError(
  error: unknown,
  method: string,
  { over, reason }: Pick<End, 'over' | 'reason'>,
): TeleportError {
  if (error instanceof TeleportError) return error;
  if (over) {
    if (reason instanceof TeleportError) return reason;
    return new TeleportError('Canceled', 'the call was cancelled', { cause: reason, method });
  }
  return TeleportError.from(error, method);
}

/** Milliseconds as gRPC spells them: eight digits at most. */
function timeoutHeader(leftMs: number): string {
  return `${Math.min(99_999_999, Math.max(1, Math.ceil(leftMs)))}m`;
}

function timedOut(method: string, limitMs: number): TeleportError {
  return new TeleportError('DeadlineExceeded', `no answer from Teleport within ${limitMs / 1000} s`, {
    method,
  });
}

function methodName(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

function encoded<I extends DescMessage>(
  method: DescMethod & { readonly input: I },
  message: MessageShape<I>,
): Uint8Array {
  try {
    return toBinary(method.input, message);
  } catch (error) {
    throw unreadable(method, 'the request could not be encoded', error, { cause: error });
  }
}

async function* allEncoded<I extends DescMessage>(
  method: DescMethod & { readonly input: I },
  messages: AsyncIterable<MessageInitShape<I>>,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const message of messages) yield encoded(method, create(method.input, message));
}

function decoded<O extends DescMessage>(
  method: DescMethod & { readonly output: O },
  bytes: Uint8Array,
): MessageShape<O> {
  try {
    return fromBinary(method.output, bytes);
  } catch (error) {
    // without its cause: the decoder's RangeError would count as a mistake of the program (core/mistake.ts)
    throw unreadable(method, 'the answer could not be decoded', error);
  }
}

/** Neither the connection nor the server is to blame, so nobody shall dial again for it. */
function unreadable(
  method: DescMethod,
  what: string,
  error: unknown,
  options: ErrorOptions = {},
): TeleportError {
  const detail = error instanceof Error ? error.message : String(error);
  return new TeleportError('Unknown', `${what}: ${detail}`, { ...options, method: methodName(method) });
}

async function* one<T>(value: T): AsyncGenerator<T, void, undefined> {
  yield value;
}
