// One HTTP exchange with the API server: the credential, the pool, the time limit, the ways it can fail. What
// the paths and bodies mean is client.ts's.
import type * as http from 'node:http';
import * as https from 'node:https';
import { isAbort, whenAborted } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import { request as httpRequest } from '../core/node-http.js';
import { Until } from '../core/until.js';
import type { ClusterAccess } from './access.js';
import { createAgent, retireAgent, type TlsMaterial } from './agent.js';
import { wholeBody } from './body.js';
import type { Credential } from './credentials.js';
import { from, KubeError } from './errors.js';
import { Places } from './places.js';
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

/** What a request goes by. */
interface Route {
  readonly credential: Credential;
  readonly agent: http.Agent;
}

/** Sends requests to one API server. */
export class Transport {
  readonly #access: ClusterAccess;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** What all requests have in common. */
  readonly #server: { readonly host: string; readonly port: string | number; readonly path: string };
  readonly #headers: readonly string[];
  readonly #send: typeof https.request;
  readonly #places = new Places(mostRequests);
  #agents: Agents | undefined;
  #closed = false;

  constructor(access: ClusterAccess, options: { clock: Clock; userAgent: string; timeoutMs: number }) {
    this.#access = access;
    this.#clock = options.clock;
    this.#timeoutMs = options.timeoutMs;
    const { server } = access;
    const plain = server.protocol === 'http:';
    this.#send = plain ? httpRequest : https.request;
    const path = server.pathname.replace(/\/$/, '');
    this.#server = { host: hostOf(server), port: server.port || (plain ? 80 : 443), path };
    this.#headers = ['host', server.host, 'accept', 'application/json', 'user-agent', options.userAgent];
  }

  /**
   * Sends a request and reads the whole answer, whatever its status.
   * @throws KubeError (Timeout, Unavailable), or the signal's reason.
   */
  async exchange(request: HttpRequest): Promise<HttpResponse> {
    const until = this.#until(request);
    try {
      if (request.atOnce) return await this.#whole(request, 'streams', until);
      if (!this.#places.take()) await this.#turn(until);
      try {
        return await this.#whole(request, 'requests', until);
      } finally {
        this.#places.leave();
      }
    } catch (error) {
      throw explained(error, request, until);
    } finally {
      until.done();
    }
  }

  /**
   * Sends a request and returns the answer as soon as its headers are there; its body comes as a stream, until
   * `request.signal` is aborted. The time limit ends with the headers.
   */
  async open(request: HttpRequest): Promise<http.IncomingMessage> {
    const until = this.#until(request);
    try {
      const response = await this.#answer(request, 'streams', until);
      const { signal } = request;
      if (signal) {
        const release = whenAborted(signal, () => response.destroy(asError(signal.reason)));
        response.once('close', release);
      }
      return response;
    } catch (error) {
      throw explained(error, request, until);
    } finally {
      until.done();
    }
  }

  /** Closes idle connections and refuses new requests; what runs is ended by its own signals. */
  close(): void {
    this.#closed = true;
    if (this.#agents) retire(this.#agents);
    this.#agents = undefined;
  }

  #until({ signal }: HttpRequest): Until {
    signal?.throwIfAborted();
    const late = (): Error =>
      new KubeError('Timeout', `no answer from the API server within ${this.#timeoutMs / 1000} s`);
    return new Until(this.#clock, this.#timeoutMs, late, signal);
  }

  #turn(until: Until): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = this.#places.wait(resolve);
      until.when((reason) => {
        leave();
        reject(asError(reason));
      });
    });
  }

  async #whole(request: HttpRequest, use: Use, until: Until): Promise<HttpResponse> {
    const response = await this.#answer(request, use, until);
    return { status: response.statusCode ?? 0, headers: response.headers, body: await wholeBody(response) };
  }

  /** Until `until` is done, what ends it ends the answer's body too. */
  async #answer(request: HttpRequest, use: Use, until: Until): Promise<http.IncomingMessage> {
    const route = await until.race(this.#route(use));
    try {
      return await this.#once(request, route, until);
    } catch (error) {
      // A kept connection may have been closed by the server just as we used it.
      const mayRepeat = error instanceof StaleConnection && request.method === 'GET' && !until.over;
      if (!mayRepeat) throw error instanceof StaleConnection ? error.cause : error;
      return await this.#once(request, route, until);
    }
  }

  #once(request: HttpRequest, { credential, agent }: Route, until: Until): Promise<http.IncomingMessage> {
    const { host, port, path } = this.#server;
    return new Promise((resolve, reject) => {
      const sent = this.#send({
        agent,
        method: request.method,
        host,
        port,
        path: path + request.path,
        headers: headersOf(this.#headers, request, credential),
      });
      until.when((reason) => sent.destroy(asError(reason)));
      sent.on('response', (response) => {
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

  async #route(use: Use): Promise<Route> {
    const credential = await this.#access.credentials.current();
    const ca = await this.#access.ca();
    if (this.#closed) throw new KubeError('Unavailable', 'the Kubernetes client is closed');
    return { credential, agent: this.#agentsFor(ca, credential)[use] };
  }

  #agentsFor(ca: string | undefined, { cert, key }: Credential): Agents {
    const known = this.#agents;
    if (known?.material.ca === ca && known?.material.cert === cert && known?.material.key === key && known) {
      return known;
    }
    const material = { ca, cert, key };
    if (known) retire(known);
    this.#agents = {
      material,
      requests: createAgent(this.#access, material),
      streams: createAgent(this.#access, material),
    };
    return this.#agents;
  }
}

/** Names and values in turn, which Node writes as they are; as an object it would look at each of them several times. */
function headersOf(
  common: readonly string[],
  { body, contentType = 'application/json' }: HttpRequest,
  credential: Credential,
): string[] {
  const headers = [...common];
  for (const [name, value] of Object.entries(credential.headers)) {
    if (typeof value === 'string') headers.push(name, value);
    else for (const one of value) headers.push(name, one);
  }
  if (body !== undefined)
    headers.push('content-type', contentType, 'content-length', String(Buffer.byteLength(body)));
  return headers;
}

function explained(error: unknown, { signal }: HttpRequest, until: Until): unknown {
  if (signal?.aborted) return signal.reason;
  if (isAbort(error)) return error;
  return until.over ? until.reason : from(error);
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
