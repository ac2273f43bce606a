// A wire tap between the operator and an API server: an HTTPS server that hands every request on, remembers
// it, and fails those that a rule says. Works before every server, and no part of the operator knows of it.
import { Agent, createServer as createHttpsServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority } from './certificates.js';

export interface TappedRequest {
  readonly method: string;
  readonly path: string;
  readonly at: number;
  /** Of the answer; 0 where there was none. */
  status: number;
  body: string;
}

/** What happens to a request: undefined lets it through. */
export type Fault = 'hang' | 'reset' | { readonly status: number } | undefined;

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
  const server = createHttpsServer(await authority.server(), (incoming, outgoing) => {
    const entry: TappedRequest = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      at: performance.now(),
      status: 0,
      body: '',
    };
    wire.requests.push(entry);
    const fault = wire.rule(entry);
    if (fault === 'hang') return;
    if (fault === 'reset') {
      incoming.socket.destroy();
      return;
    }
    if (fault) {
      entry.status = fault.status;
      outgoing.writeHead(fault.status, { 'content-type': 'application/json' });
      outgoing.end(
        JSON.stringify({
          kind: 'Status',
          apiVersion: 'v1',
          status: 'Failure',
          code: fault.status,
          message: 'made to fail by a test',
          reason: fault.status === 403 ? 'Forbidden' : 'InternalError',
        }),
      );
      return;
    }
    const { host: _, ...headers } = incoming.headers;
    const onward = httpsRequest(
      new URL(entry.path, target.url),
      { method: entry.method, headers, agent },
      (reply) => {
        entry.status = reply.statusCode ?? 0;
        outgoing.writeHead(entry.status, reply.headers);
        outgoing.flushHeaders();
        reply.pipe(outgoing);
        reply.on('error', () => outgoing.destroy());
      },
    );
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.on('data', (chunk: Buffer) => {
      entry.body += chunk.toString();
    });
    incoming.pipe(onward);
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

const bookkeeping = /\/(leases|events)(\/|\?|$)/;

/** The writes that a user's objects cost: all but Lease and Events. */
export function objectWrites(requests: readonly TappedRequest[]): TappedRequest[] {
  return requests.filter(({ method, path }) => method !== 'GET' && !bookkeeping.test(path));
}
