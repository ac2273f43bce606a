// One HTTP exchange with the API server: the credential, the pool, the time limit, the ways it can fail. What
// the paths and bodies mean is client.ts's.
import type * as http from 'node:http';
import * as https from 'node:https';
import { deadline, isAbort } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import { request as httpRequest } from '../core/node-http.js';
import type { ClusterAccess } from './access.js';
import { createAgent, retireAgent, type TlsMaterial } from './agent.js';
import { wholeBody } from './body.js';
import type { Credential } from './credentials.js';
import { from, KubeError } from './errors.js';
import { hostOf } from './proxy-env.js';

export interface HttpRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** Asked when a connection is ready to take the request; false: nothing is sent. */
  readonly maySend?: (() => boolean) | undefined;
  /** Does not wait for other requests to end. */
  readonly atOnce?: boolean;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** Requests under way at once, and connections for them; more would only wait at the server. */
const mostRequests = 16;

type Use = 'requests' | 'streams';

/** Watches hold their connections for minutes, so they have a pool of their own, and what can't wait uses it too. */
interface Agents extends Readonly<Record<Use, http.Agent>> {
  readonly material: TlsMaterial;
}

function retire({ requests, streams }: Agents): void {
  retireAgent(requests);
  retireAgent(streams);
}

/** Sends requests to one API server. */
export class Transport {
  readonly #access: ClusterAccess;
  readonly #clock: Clock;
  readonly #userAgent: string;
  readonly #timeoutMs: number;
  #agents: Agents | undefined;
  #closed = false;

  constructor(access: ClusterAccess, options: { clock: Clock; userAgent: string; timeoutMs: number }) {
    this.#access = access;
    this.#clock = options.clock;
    this.#userAgent = options.userAgent;
    this.#timeoutMs = options.timeoutMs;
  }

  /**
   * Sends a request and reads the whole answer, whatever its status.
   * @throws KubeError (Timeout, Unavailable), or the signal's reason.
   */
  async exchange(request: HttpRequest): Promise<HttpResponse> {
    return this.#within(request, async (signal) => {
      const response = await this.#send(request, request.atOnce ? 'streams' : 'requests', signal);
      return { status: response.statusCode ?? 0, headers: response.headers, body: await wholeBody(response) };
    });
  }

  /**
   * Sends a request and returns the answer as soon as its headers are there; its body comes as a stream, until
   * `request.signal` is aborted. The time limit ends with the headers.
   */
  async open(request: HttpRequest): Promise<http.IncomingMessage> {
    const stop = new AbortController();
    const onAbort = (): void => stop.abort(request.signal?.reason);
    request.signal?.addEventListener('abort', onAbort, { once: true });
    const release = (): void => request.signal?.removeEventListener('abort', onAbort);
    try {
      const response = await this.#within(request, async (signal) => {
        const onLimit = (): void => stop.abort(signal.reason);
        signal.addEventListener('abort', onLimit, { once: true });
        try {
          return await this.#send(request, 'streams', stop.signal);
        } finally {
          signal.removeEventListener('abort', onLimit);
        }
      });
      response.once('close', release);
      return response;
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Closes idle connections and refuses new requests; what runs is ended by its own signals. */
  close(): void {
    this.#closed = true;
    if (this.#agents) retire(this.#agents);
    this.#agents = undefined;
  }

  async #within<T>(request: HttpRequest, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    request.signal?.throwIfAborted();
    const limit = deadline(
      this.#clock,
      this.#timeoutMs,
      () => new KubeError('Timeout', `no answer from the API server within ${this.#timeoutMs / 1000} s`),
      request.signal,
    );
    try {
      return await run(limit.signal);
    } catch (error) {
      if (request.signal?.aborted) throw request.signal.reason;
      if (isAbort(error)) throw error;
      throw limit.signal.aborted ? limit.signal.reason : from(error);
    } finally {
      limit.done();
    }
  }

  async #send(request: HttpRequest, use: Use, signal: AbortSignal): Promise<http.IncomingMessage> {
    const credential = await abortable(this.#access.credentials.current(), signal);
    const agent = (await this.#agentsFor(credential))[use];
    try {
      return await this.#once(request, credential, agent, signal);
    } catch (error) {
      // A kept connection may have been closed by the server just as we used it.
      const mayRepeat = error instanceof StaleConnection && request.method === 'GET' && !signal.aborted;
      if (!mayRepeat) throw error instanceof StaleConnection ? error.cause : error;
      return await this.#once(request, credential, agent, signal);
    }
  }

  #once(
    request: HttpRequest,
    credential: Credential,
    agent: http.Agent,
    signal: AbortSignal,
  ): Promise<http.IncomingMessage> {
    const { server } = this.#access;
    const headers: http.OutgoingHttpHeaders = {
      accept: 'application/json',
      'user-agent': this.#userAgent,
      ...credential.headers,
    };
    if (request.body !== undefined) {
      headers['content-type'] = request.contentType ?? 'application/json';
      headers['content-length'] = Buffer.byteLength(request.body);
    }
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const sent = (server.protocol === 'http:' ? httpRequest : https.request)({
        agent,
        method: request.method,
        host: hostOf(server),
        port: server.port || (server.protocol === 'http:' ? 80 : 443),
        path: server.pathname.replace(/\/$/, '') + request.path,
        headers,
      });
      const onAbort = (): void => void sent.destroy(asError(signal.reason));
      signal.addEventListener('abort', onAbort, { once: true });
      sent.once('close', () => signal.removeEventListener('abort', onAbort));
      sent.once('response', (response) => {
        // Whoever reads the body hears of errors; that nobody may be reading must not end the process.
        response.on('error', () => {});
        resolve(response);
      });
      sent.on('error', (error) => {
        const stale = sent.reusedSocket && 'code' in error && error.code === 'ECONNRESET';
        reject(stale ? new StaleConnection(error) : error);
      });
      whenItMayBeSent(sent, request.maySend, () => sent.end(request.body));
    });
  }

  async #agentsFor(credential: Credential): Promise<Agents> {
    const ca = await this.#access.ca();
    if (this.#closed) throw new KubeError('Unavailable', 'the Kubernetes client is closed');
    const known = this.#agents;
    const { cert, key } = credential;
    if (known?.material.ca === ca && known?.material.cert === cert && known?.material.key === key && known) {
      return known;
    }
    const material = { ca, cert, key };
    if (known) retire(known);
    this.#agents = {
      material,
      requests: createAgent(this.#access, material, mostRequests),
      streams: createAgent(this.#access, material),
    };
    return this.#agents;
  }
}

/** A request may have waited long for its connection, and the process may have been stopped meanwhile. */
function whenItMayBeSent(
  sent: http.ClientRequest,
  maySend: (() => boolean) | undefined,
  send: () => void,
): void {
  if (!maySend) {
    send();
    return;
  }
  const ask = (): void => {
    if (sent.destroyed) return;
    if (maySend()) send();
    else sent.destroy(new DOMException('the request may not be sent any more', 'AbortError'));
  };
  sent.once('socket', (socket) => {
    if (socket.connecting) socket.once('encrypted' in socket ? 'secureConnect' : 'connect', ask);
    else ask();
  });
}

class StaleConnection extends Error {
  override readonly cause: Error;

  constructor(cause: Error) {
    super(cause.message);
    this.cause = cause;
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

/** Lets go of a promise that takes no signal. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    const release = (): void => signal.removeEventListener('abort', onAbort);
    promise.then(
      (value) => {
        release();
        resolve(value);
      },
      (error: unknown) => {
        release();
        reject(asError(error));
      },
    );
  });
}
