// Sends requests until there is an answer that counts: knows when one may be sent again, and counts them. One exchange
// is transport.ts's; what is asked, and what the answer means, client.ts's.
import type { IncomingMessage } from 'node:http';
import { sleep } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import type { Metrics } from '../core/metrics.js';
import type { ClusterAccess } from './access.js';
import { wholeBody } from './body.js';
import { fromResponse, KubeError } from './errors.js';
import type { ApiResource } from './object.js';
import { type HttpRequest, type HttpResponse, Transport } from './transport.js';

/** One request that was answered, for tests that count and for contract suites. */
export interface ObservedCall {
  readonly verb: string;
  readonly resource: ApiResource;
  readonly subresource?: string;
  readonly status: number;
}

export interface SenderOptions {
  readonly clock: Clock;
  readonly metrics?: Metrics;
  /** `teleport-operator` by default. */
  readonly userAgent?: string;
  /** Limit for one request, milliseconds; 30 s by default. A watch has it for its headers only. */
  readonly timeoutMs?: number;
  readonly observe?: (call: ObservedCall) => void;
}

/** What a request is about. */
export interface Target {
  readonly verb: string;
  readonly resource: ApiResource;
  readonly subresource?: string | undefined;
}

/** Requests that the server turned away unread (429, 503) are sent this often in all. */
const sends = 3;
/** A longer Retry-After is the caller's to wait for. */
const longestRetryAfterMs = 10_000;

export class Sender {
  readonly #access: ClusterAccess;
  readonly #options: SenderOptions;
  readonly #transport: Transport;
  readonly #count: (code: string, method: string) => void;

  constructor(access: ClusterAccess, options: SenderOptions) {
    this.#access = access;
    this.#options = options;
    this.#transport = new Transport(access, {
      clock: options.clock,
      userAgent: options.userAgent ?? 'teleport-operator',
      timeoutMs: options.timeoutMs ?? 30_000,
    });
    const requests = options.metrics?.counter(
      'rest_client_requests_total',
      'Requests to the Kubernetes API, by status code, method and host.',
      ['code', 'method', 'host'],
    );
    this.#count = (code, method) => requests?.inc({ code, method, host: access.server.host });
  }

  /**
   * The answer's JSON.
   * @throws KubeError, or the signal's reason.
   */
  async json<T>(target: Target, request: HttpRequest): Promise<T> {
    const { body } = await this.#sending(target, request, () =>
      // The Lease must be renewed in time, however much work is under way.
      this.#transport.exchange({ ...request, atOnce: target.resource.plural === 'leases' }),
    );
    try {
      const parsed: T = JSON.parse(body);
      return parsed;
    } catch (error) {
      throw new KubeError('Unavailable', 'the answer of the API server is not JSON', { cause: error });
    }
  }

  /**
   * The answer as a stream, once its headers are there.
   * @throws KubeError, or the signal's reason.
   */
  async stream(target: Target, request: HttpRequest): Promise<IncomingMessage> {
    const answer = await this.#sending(target, request, async () => {
      const response = await this.#transport.open(request);
      const status = response.statusCode ?? 0;
      if (status === 200) return { status, headers: response.headers, body: '', stream: response };
      return { status, headers: response.headers, body: await wholeBody(response) };
    });
    if ('stream' in answer && answer.stream) return answer.stream;
    throw new KubeError('Unknown', `a watch was answered with HTTP ${answer.status}`);
  }

  close(): void {
    this.#transport.close();
  }

  /** Sends until there is an answer that counts: renews a refused credential once, waits where it is told to. */
  async #sending<T extends HttpResponse>(
    target: Target,
    { method, signal }: HttpRequest,
    send: () => Promise<T>,
  ): Promise<T> {
    let renewed = false;
    for (let sent = 1; ; sent++) {
      const answer = await this.#counted(target, method, send);
      if (answer.status >= 200 && answer.status < 300) return answer;
      if (answer.status === 401 && !renewed && this.#access.credentials.refused()) {
        renewed = true;
        continue;
      }
      const error = fromResponse(answer.status, answer.body, answer.headers['retry-after']);
      const wait = error.retryAfterMs;
      const turnedAway = answer.status === 429 || answer.status === 503;
      if (!turnedAway || wait === undefined || wait > longestRetryAfterMs || sent >= sends) throw error;
      await sleep(this.#options.clock, wait, signal);
    }
  }

  async #counted<T extends HttpResponse>(target: Target, method: string, send: () => Promise<T>): Promise<T> {
    try {
      const answer = await send();
      this.#count(String(answer.status), method);
      this.#options.observe?.({
        verb: target.verb,
        resource: target.resource,
        status: answer.status,
        ...(target.subresource && { subresource: target.subresource }),
      });
      return answer;
    } catch (error) {
      this.#count('<error>', method);
      throw error;
    }
  }
}
