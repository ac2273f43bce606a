// A wire tap between the operator and an API server: an HTTPS server that hands every request on, remembers
// it, and fails those that a rule says. Works before every server, and no part of the operator knows of it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority } from './certificates.js';

export interface TappedRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  /** Of the answer; 0 where there was none. */
  status: number;
}

/**
 * What happens to a request: `hang` leaves it unanswered, `reset` drops its connection, `lost` hands it on and
 * drops the connection instead of the answer, a status is answered in the server's place; undefined lets it
 * through.
 */
export type Fault = 'hang' | 'reset' | 'lost' | { readonly status: number } | undefined;

export interface KubeWire {
  readonly url: string;
  readonly ca: string;
  readonly requests: TappedRequest[];
  /** Asked about each request, in order; replaced as a whole. */
  rule: (request: TappedRequest) => Fault;
  /** Closes every open connection once. */
  cut(): void;
  stop(): Promise<void>;
}

/** @param target the API server's URL and its CA */
export async function startKubeWire(target: { url: string; ca: string }): Promise<KubeWire> {
  const authority = await createAuthority('test-wire');
  const agent = new Agent({ ca: target.ca, keepAlive: true });

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of incoming) body += String(chunk);
    const entry: TappedRequest = { method: incoming.method ?? '', path: incoming.url ?? '', body, status: 0 };
    wire.requests.push(entry);
    const fault = wire.rule(entry);
    if (fault === 'hang') return;
    if (fault === 'reset') incoming.socket.destroy();
    else if (typeof fault === 'object') answer(outgoing, entry, fault.status);
    else handOn(incoming, outgoing, entry, fault === 'lost');
  };

  const handOn = (
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    entry: TappedRequest,
    lost: boolean,
  ): void => {
    const { host: _, ...headers } = incoming.headers;
    const options = { method: entry.method, headers, agent };
    const onward = request(new URL(entry.path, target.url), options, (reply) => {
      entry.status = reply.statusCode ?? 0;
      if (lost) {
        reply.resume();
        incoming.socket.destroy();
        return;
      }
      outgoing.writeHead(entry.status, reply.headers);
      outgoing.flushHeaders();
      reply.pipe(outgoing);
      reply.on('error', () => outgoing.destroy());
    });
    onward.on('error', () => outgoing.destroy());
    // a write goes on though its sender has died; a watch ends
    if (entry.method === 'GET') outgoing.on('close', () => onward.destroy());
    onward.end(entry.body === '' ? undefined : entry.body);
  };

  const server = createServer(await authority.server(), (incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const wire: KubeWire = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: authority.cert,
    requests: [],
    rule: () => undefined,
    cut: () => server.closeAllConnections(),
    stop: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return wire;
}

function answer(outgoing: ServerResponse, entry: TappedRequest, code: number): void {
  entry.status = code;
  const reason = code === 403 ? 'Forbidden' : code === 429 ? 'TooManyRequests' : 'InternalError';
  const message = 'made to fail by a test';
  outgoing.writeHead(code, {
    'content-type': 'application/json',
    ...(code === 429 ? { 'retry-after': '1' } : {}),
  });
  outgoing.end(
    JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message, reason }),
  );
}

const bookkeeping = /\/(leases|events)(\/|\?|$)/;

/** The writes that a user's objects cost: all but Lease and Events. */
export function objectWrites(requests: readonly TappedRequest[]): TappedRequest[] {
  return requests.filter(({ method, path }) => method !== 'GET' && !bookkeeping.test(path));
}
