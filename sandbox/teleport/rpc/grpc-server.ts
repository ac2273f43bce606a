// gRPC over http2 for connections that something else accepted (net/): the services behind recording, faults,
// the `version` header's rules and the authorization that precedes every call.
import {
  constants,
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type Http2Session,
  type ServerHttp2Session,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { Message } from '@bufbuild/protobuf';
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createContextKey,
  createContextValues,
  type Interceptor,
} from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import type { Clock } from '../../../src/core/clock.js';
import type { Access } from '../access/access.js';
import { type Caller, callerKey, callerName } from '../access/caller.js';
import { isAbsent, majorOf } from '../services/old-versions.js';
import type { Calls } from './calls.js';
import type { Faults } from './faults.js';
import { requestFields } from './request-fields.js';

export interface GrpcServerOptions {
  readonly routes: (router: ConnectRouter) => void;
  readonly access: Access;
  readonly calls: Calls;
  readonly faults: Faults;
  readonly clock: Clock;
  readonly serverVersion: string;
  /** Where it stands, for the record of calls: the same service behind another door is another use. */
  readonly place: 'auth' | 'proxy';
  /** Whether pings more often than once a minute are punished, as Auth does (joining.md 2.6). */
  readonly countsPings: boolean;
}

const tooManyPings = 11;
const shortestPingGap = 60_000;

export class GrpcServer {
  readonly #http2: Http2Server;
  readonly #sessions = new Map<ServerHttp2Session, Caller>();
  readonly #options: GrpcServerOptions;
  /** Full names of the services served here. */
  readonly #services = new Set<string>();

  constructor(options: GrpcServerOptions) {
    this.#options = options;
    const adapter = connectNodeAdapter({
      routes: (router) => {
        options.routes(router);
        for (const handler of router.handlers) this.#services.add(handler.service.typeName);
      },
      grpc: true,
      grpcWeb: false,
      connect: false,
      interceptors: [this.#interceptor()],
      contextValues: (request) =>
        createContextValues()
          .set(callerKey, this.#callerOf(request as Http2ServerRequest))
          .set(dropKey, () => destroy((request as Http2ServerRequest).stream?.session)),
      fallback: (request, response) =>
        unknownMethod(this.#services, request as Http2ServerRequest, response as Http2ServerResponse),
    });
    this.#http2 = createServer({ settings: { maxConcurrentStreams: 1000 } }, (request, response) => {
      // Its connection was dropped in this very moment.
      if (!this.#sessions.has(request.stream.session as ServerHttp2Session)) {
        request.stream.close(constants.NGHTTP2_REFUSED_STREAM);
        return;
      }
      if (isRefusedVersion(request.headers['version'])) {
        void destroy(request.stream.session);
        return;
      }
      response.setHeader('version', options.serverVersion);
      adapter(request, response);
    });
    this.#http2.on('sessionError', () => {});
  }

  /** Serves a connection whose TLS handshake is done. */
  serve(socket: TLSSocket, caller: Caller): void {
    this.#http2.once('session', (session: ServerHttp2Session) => {
      this.#sessions.set(session, caller);
      session.on('error', () => {});
      session.once('close', () => this.#sessions.delete(session));
      if (this.#options.countsPings) this.#punishPings(session);
    });
    this.#http2.emit('connection', socket);
  }

  /** Asks every client to go elsewhere; calls in flight end as they would. */
  goaway(): void {
    for (const session of this.#sessions.keys()) {
      session.goaway(0);
      session.close();
    }
  }

  #callerOf(request: Http2ServerRequest): Caller {
    const session = request.stream?.session;
    const caller = session && this.#sessions.get(session as ServerHttp2Session);
    if (!caller) throw new Error('a call came on a connection that nobody accepted');
    return caller;
  }

  #interceptor(): Interceptor {
    const { access, calls, faults, place, serverVersion } = this.#options;
    return (next) => async (request) => {
      const caller = request.contextValues.get(callerKey);
      const method = `/${request.service.typeName}/${request.method.name}`;
      const user = callerName(caller);
      const record = calls.begin(method, user, caller.identity?.roles ?? []);
      if (place !== 'auth') calls.use(`${method} at the ${place}`, user);
      const note = (message: Message): void => {
        for (const field of requestFields(request.method.input, message))
          calls.use(`${method} with ${field}`, user);
      };
      const noted = request.stream ? { ...request, message: each(request.message, note) } : request;
      if (!request.stream) note(request.message);
      const call = { method, user, signal: request.signal, drop: request.contextValues.get(dropKey) };
      try {
        if (isAbsent(majorOf(serverVersion), method)) {
          const text = `unknown method ${request.method.name} for service ${request.service.typeName}`;
          throw new ConnectError(text, Code.Unimplemented);
        }
        await faults.before(call);
        if (request.service.typeName === 'proto.JoinService') faults.checkJoin();
        else access.authorize(caller);
        const response = await next(noted);
        if (!response.stream) {
          record.code = 0;
          await faults.after(call);
        }
        return response;
      } catch (error) {
        record.code ??= ConnectError.from(error).code;
        throw error;
      }
    };
  }

  /** The third ping that comes too early ends the connection. */
  #punishPings(session: ServerHttp2Session): void {
    let last = -Infinity;
    let strikes = 0;
    session.on('ping', () => {
      const now = this.#options.clock.monotonic();
      if (now - last < shortestPingGap) strikes += 1;
      last = now;
      if (strikes < 3) return;
      session.goaway(tooManyPings, 0, Buffer.from('too_many_pings'));
      session.close();
    });
  }
}

const dropKey = createContextKey<() => Promise<void>>(async () => {}, { description: 'ends the connection' });

/** The messages of a stream, each shown to somebody on its way. */
async function* each<T extends Message>(
  messages: AsyncIterable<T>,
  show: (message: T) => void,
): AsyncIterable<T> {
  for await (const message of messages) {
    show(message);
    yield message;
  }
}

/**
 * Ends a connection; resolves when that is done. Not at once: what called is a frame that nghttp2 is reading, and Node
 * 20 frees the session under its hands then (heap corruption, now and then).
 */
function destroy(session: Http2Session | undefined): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => {
      session?.destroy();
      resolve();
    });
  });
}

/** Present, and older than 17 or no version at all (observed.md 6). */
function isRefusedVersion(header: string | string[] | undefined): boolean {
  if (header === undefined) return false;
  const major = /^(\d+)\.\d+\.\d+(-[\w.-]+)?$/.exec(String(header))?.[1];
  return major === undefined || Number(major) < 17;
}

/** 12, in grpc-go's words. */
function unknownMethod(
  services: ReadonlySet<string>,
  request: Http2ServerRequest,
  response: Http2ServerResponse,
): void {
  const [, service = '', method = ''] = request.url.split('/');
  const message = services.has(service)
    ? `unknown method ${method} for service ${service}`
    : `unknown service ${service}`;
  response.writeHead(200, {
    'content-type': 'application/grpc',
    'grpc-status': String(Code.Unimplemented),
    'grpc-message': encodeURIComponent(message),
  });
  response.end();
}
