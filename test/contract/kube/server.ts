// What a case gets: the server, the operator's own client as an administrator, one for a service account, and a
// bare HTTPS request for what the operator's client does not show.
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { parse } from 'yaml';
import { systemClock } from '../../../src/core/clock.js';
import { createKubeClient, type KubeClient } from '../../../src/kube/client.js';
import { loadKubeConfig } from '../../../src/kube/config.js';
import { installCrds } from '../../env/crds.js';
import { ensure, type KubeAdmin, openKube } from '../../env/kube-admin.js';
import type { RunningKube } from '../../env/types.js';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: () => Record<string, unknown>;
}

export interface ContractServer {
  readonly running: RunningKube;
  /** The client under test, as an administrator. */
  readonly client: KubeClient;
  /** For what is set up behind the client's back. */
  readonly admin: KubeAdmin;
  /** The client under test, as a service account. */
  clientFor(namespace: string, serviceAccount: string): Promise<KubeClient>;
  raw(
    method: string,
    path: string,
    options?: { body?: unknown; type?: string; accept?: string },
  ): Promise<RawAnswer>;
  stop(): Promise<void>;
}

/** Not the operator's: what cases try is not what the operator uses. */
export const userAgent = 'contract-suite';

/** The namespace that the cases share. */
export const room = 'contract';

/** Opens a running server for the cases and installs the operator's CRDs. */
export async function openServer(running: RunningKube): Promise<ContractServer> {
  const admin = openKube(running.kubeconfigPath);
  await ensure(admin, '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: room },
  });
  await installCrds(admin);
  const clients: KubeClient[] = [];
  const open = (kubeconfig: string): KubeClient => {
    const access = loadKubeConfig({ kubeconfig, env: {}, clock: systemClock });
    const client = createKubeClient(access, { clock: systemClock, userAgent });
    clients.push(client);
    return client;
  };
  return {
    running,
    client: open(running.kubeconfigPath),
    admin,
    clientFor: async (namespace, serviceAccount) =>
      open(await running.serviceAccountKubeconfig(namespace, serviceAccount)),
    raw: (method, path, options) => send(running, method, path, options),
    stop: async () => {
      for (const client of clients) client.close();
      admin.close();
      await running.stop();
    },
  };
}

interface Kubeconfig {
  users: { user: Record<string, string> }[];
}

function send(
  running: RunningKube,
  method: string,
  path: string,
  {
    body,
    type = 'application/json',
    accept = 'application/json',
  }: { body?: unknown; type?: string; accept?: string } = {},
): Promise<RawAnswer> {
  const { users } = parse(readFileSync(running.kubeconfigPath, 'utf8')) as Kubeconfig;
  const user = users[0]?.user ?? {};
  const pem = (name: string): string | undefined =>
    user[name] === undefined ? undefined : Buffer.from(user[name], 'base64').toString();
  const cert = pem('client-certificate-data');
  const key = pem('client-key-data');
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(path, running.url),
      {
        method,
        ca: running.ca,
        ...(cert && key && { cert, key }),
        headers: { accept, 'user-agent': userAgent, ...(body !== undefined && { 'content-type': type }) },
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            text,
            json: () => JSON.parse(text) as Record<string, unknown>,
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
