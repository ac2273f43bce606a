// An HTTP server on loopback that answers as a test says, and a client of it, for the tests of src/kube/client.ts. Both end with the
// test. What Kubernetes answers is the matter of the contract suites.
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import type { ClusterAccess } from '../../src/kube/access.js';
import { type ClientOptions, createKubeClient, type KubeClient } from '../../src/kube/client.js';
import type { Credentials } from '../../src/kube/credentials.js';

export const roles = { group: 'resources.teleport.dev', version: 'v1', plural: 'teleportrolesv7' };
export const secrets = { group: '', version: 'v1', plural: 'secrets' };
export const ref = { namespace: 'ns', name: 'a' };

export interface Seen {
  method: string;
  url: string;
  headers: http.IncomingHttpHeaders;
  body: string;
}

export type Handler = (request: Seen, response: http.ServerResponse) => void;

/** A server on loopback that answers as told, and what it was asked. */
export async function serve(handler: Handler): Promise<{ url: string; seen: Seen[]; server: http.Server }> {
  const seen: Seen[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const one = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      seen.push(one);
      handler(one, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, server };
}

/** A client of that server. */
export function connect(
  url: string,
  more: Partial<ClusterAccess> = {},
  options: Partial<ClientOptions> = {},
): KubeClient {
  const credentials: Credentials = {
    current: async () => ({ headers: { authorization: 'Bearer t' } }),
    refused: () => false,
  };
  const client = createKubeClient(
    {
      server: new URL(url),
      origin: 'test',
      ca: async () => undefined,
      insecure: false,
      credentials,
      ...more,
    },
    { clock: systemClock, ...options },
  );
  onTestFinished(() => client.close());
  return client;
}

export const json = (
  response: http.ServerResponse,
  value: unknown,
  code = 200,
  headers: http.OutgoingHttpHeaders = {},
): void => {
  response.writeHead(code, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
};
export const status = (code: number, reason: string): object => ({
  kind: 'Status',
  code,
  reason,
  message: reason,
});
export const object = { apiVersion: 'resources.teleport.dev/v1', kind: 'TeleportRoleV7', metadata: ref };

export const watching = { resourceVersion: '1', allowBookmarks: true, timeoutSeconds: 300 };
/** A line of a watch. */
export const line = (type: string, name: string): string =>
  `${JSON.stringify({ type, object: { metadata: { name, managedFields: [] } } })}\n`;

/** How many connections it has. */
export function connections(server: http.Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}
