// A Kubernetes client for tests, independent of the one under test: one request a call, no cache, no watch.
// Reads a kubeconfig as the launchers write it (JSON or YAML; CA, client certificate or token inline).
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { parse } from 'yaml';
import type { KubeList, KubeObject } from '../../src/kube/object.js';

/** An answer of the API server that is not 2xx. */
export class KubeStatusError extends Error {
  override readonly name = 'KubeStatusError';
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export type PatchType = 'merge' | 'json' | 'apply';

export interface KubeAdmin {
  get<T = KubeObject>(path: string): Promise<T>;
  /** undefined instead of a 404. */
  find<T = KubeObject>(path: string): Promise<T | undefined>;
  list(path: string): Promise<KubeObject[]>;
  create<T = KubeObject>(path: string, body: object): Promise<T>;
  replace<T = KubeObject>(path: string, body: object): Promise<T>;
  patch<T = KubeObject>(path: string, body: object, type?: PatchType): Promise<T>;
  /** A 404 is no error. @returns the object where finalizers keep it, else undefined */
  remove(path: string): Promise<KubeObject | undefined>;
  text(path: string): Promise<string>;
  close(): void;
}

interface Config {
  server: string;
  ca: string;
  cert?: string;
  key?: string;
  token?: string;
}

const patchTypes: Record<PatchType, string> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** Opens a client with a kubeconfig's first cluster and user. */
export function openKube(kubeconfigPath: string): KubeAdmin {
  const config = readConfig(kubeconfigPath);
  const agent = new Agent({
    keepAlive: true,
    ca: config.ca,
    ...(config.cert === undefined ? {} : { cert: config.cert, key: config.key }),
  });
  const send = (method: string, path: string, body?: object, type = 'application/json'): Promise<string> =>
    new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void => {
        // The server closed a kept connection just as it was taken: the request never reached it.
        if (error.code === 'ECONNRESET' && outgoing.reusedSocket) resolve(send(method, path, body, type));
        else reject(error);
      };
      const outgoing = request(
        new URL(path, config.server),
        {
          method,
          agent,
          headers: {
            accept: 'application/json, */*',
            'user-agent': 'test-admin',
            ...(config.token === undefined ? {} : { authorization: `Bearer ${config.token}` }),
            ...(body === undefined ? {} : { 'content-type': type }),
          },
        },
        (reply) => {
          let text = '';
          reply.setEncoding('utf8');
          reply.on('data', (chunk: string) => {
            text += chunk;
          });
          reply.on('error', reject);
          reply.on('end', () => {
            const code = reply.statusCode ?? 0;
            if (code >= 200 && code < 300) resolve(text);
            else reject(new KubeStatusError(code, `${method} ${path}: ${code} ${messageOf(text)}`));
          });
        },
      );
      outgoing.on('error', failed);
      outgoing.setTimeout(30_000, () =>
        outgoing.destroy(new Error(`${method} ${path}: no answer within 30 s`)),
      );
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  const json = async <T>(method: string, path: string, body?: object, type?: string): Promise<T> =>
    JSON.parse(await send(method, path, body, type)) as T;
  const orNothing = async <T>(work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work;
    } catch (error) {
      if (error instanceof KubeStatusError && error.code === 404) return undefined;
      throw error;
    }
  };
  return {
    get: (path) => json('GET', path),
    find: (path) => orNothing(json('GET', path)),
    list: async (path) => (await json<KubeList>('GET', path)).items,
    create: (path, body) => json('POST', path, body),
    replace: (path, body) => json('PUT', path, body),
    patch: (path, body, type = 'merge') =>
      json('PATCH', type === 'apply' ? `${path}?fieldManager=test&force=true` : path, body, patchTypes[type]),
    remove: async (path) => {
      const reply = await orNothing(json<KubeObject>('DELETE', path));
      return reply?.metadata.deletionTimestamp === undefined ? undefined : reply;
    },
    text: (path) => send('GET', path),
    close: () => agent.destroy(),
  };
}

/** Creates what may exist already. */
export async function ensure(kube: KubeAdmin, path: string, body: object): Promise<void> {
  try {
    await kube.create(path, body);
  } catch (error) {
    if (!(error instanceof KubeStatusError) || error.code !== 409) throw error;
  }
}

function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text;
  }
}

function readConfig(path: string): Config {
  const file = parse(readFileSync(path, 'utf8')) as {
    clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
    users: { user: Record<string, string> }[];
  };
  const cluster = file.clusters[0]?.cluster;
  const user = file.users[0]?.user;
  if (!cluster || !user) throw new Error(`${path}: no cluster or no user`);
  const decode = (value: string | undefined) =>
    value === undefined ? undefined : Buffer.from(value, 'base64').toString();
  const cert = decode(user['client-certificate-data']);
  const key = decode(user['client-key-data']);
  return {
    server: cluster.server,
    ca: decode(cluster['certificate-authority-data']) ?? '',
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(user['token'] === undefined ? {} : { token: user['token'] }),
  };
}
