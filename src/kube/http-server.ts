// A small HTTP server for probes and metrics. It answers GET and HEAD of fixed paths; what they say is in
// probes.ts and at the callers.
import type * as http from 'node:http';
import type { Logger } from '../core/log.js';
import { unforeseen } from '../core/mistake.js';
import { createServer } from '../core/node-http.js';
import { parseBindAddress } from './bind-address.js';

export interface Answer {
  readonly status: number;
  readonly contentType?: string;
  readonly body: string;
}

export type Route = (query: URLSearchParams) => Answer | Promise<Answer>;

export interface Listener {
  /** The port that is listened on, also when 0 was asked for. */
  readonly port: number;
  /** host:port, for logs. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves the routes on a Go-style address.
 * @param routes by path, such as `/healthz`
 * @returns undefined if the address means not to listen ('' or '0')
 * @throws Error if the address is malformed or can't be listened on
 */
export async function serveHttp(
  bind: string,
  routes: Readonly<Record<string, Route>>,
  log: Logger,
): Promise<Listener | undefined> {
  const wanted = parseBindAddress(bind);
  if (!wanted) return undefined;
  const server = createServer((request, response) => {
    answer(request, routes).then(
      ({ status, contentType = 'text/plain; charset=utf-8', body }) => {
        response.writeHead(status, { 'content-type': contentType, 'x-content-type-options': 'nosniff' });
        response.end(body);
      },
      (error: unknown) => {
        log.error('a request could not be answered', { path: request.url, ...unforeseen(error) });
        response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' });
        response.end('internal error\n');
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(wanted, resolve);
  });
  server.on('error', (error) => log.error('the HTTP server failed', { error }));
  const bound = server.address();
  const port = typeof bound === 'object' && bound ? bound.port : wanted.port;
  const host = wanted.host ?? '';
  return {
    port,
    address: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: http.IncomingMessage,
  routes: Readonly<Record<string, Route>>,
): Promise<Answer> {
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (!route) return { status: 404, body: 'not found\n' };
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { status: 405, body: 'only GET is answered here\n' };
  }
  return route(new URLSearchParams(query));
}
