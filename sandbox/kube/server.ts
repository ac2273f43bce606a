// The embedded Kubernetes API server: puts the parts together behind TLS on loopback. What it leaves out stands in
// docs/sandbox.md.
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type Clock, systemClock } from '../../src/core/clock.js';
import { Authenticator, admins } from './auth/authenticate.js';
import { kubeconfig } from './auth/kubeconfig.js';
import { newAuthority } from './auth/pki.js';
import { Rbac } from './auth/rbac.js';
import { issuer, TokenSigner } from './auth/tokens.js';
import { Direct } from './direct.js';
import { OpenApi } from './discovery/openapi-v3.js';
import { Answers } from './http/answers.js';
import { type Call, CallRecord } from './http/calls.js';
import { FaultSwitches } from './http/faults.js';
import { Handler } from './http/handler.js';
import { Lists } from './http/lists.js';
import { Watches } from './http/watches.js';
import { customResourceDefinitions, typeOfCrd } from './kinds/crd.js';
import { builtins } from './kinds/index.js';
import type { ResourceType } from './kinds/resource-type.js';
import { Registry } from './registry.js';
import { Store } from './store.js';
import { Containers } from './write/containers.js';
import { Deleter } from './write/deleter.js';
import { Writer } from './write/writer.js';

export type { Direct } from './direct.js';
export type { Call } from './http/calls.js';
export type { FaultSwitches } from './http/faults.js';

export interface KubernetesOptions {
  /** CustomResourceDefinitions that are there from the start. */
  readonly crds?: readonly object[];
  /** Namespaces beside `default` and `kube-system`. */
  readonly namespaces?: readonly string[];
  readonly clock?: Clock;
  /** Default 0: one that is free. */
  readonly port?: number;
  /** Between bookmarks of a watch; default a minute, as kube-apiserver. */
  readonly bookmarkIntervalMs?: number;
  /** Events kept per resource type; default 10,000. */
  readonly historyLimit?: number;
  /** False: everybody who is known may do everything. Default true: RBAC decides. */
  readonly rbac?: boolean;
}

export interface EmbeddedKubernetes {
  /** https://127.0.0.1:port */
  readonly url: string;
  readonly port: number;
  /** PEM of the CA behind the server's certificate. */
  readonly caPem: string;
  /** YAML with an administrator's client certificate; kubectl works in the namespace, `default` without it. */
  kubeconfig(namespace?: string): string;
  /** YAML with a token of the service account, which is made if it is missing. Holds for a year. */
  kubeconfigFor(namespace: string, serviceAccount: string): string;
  /** A token of the service account, which is made if it is missing; bound to a Pod if `pod` is given. */
  token(
    namespace: string,
    serviceAccount: string,
    options?: { audience?: string; expirationSeconds?: number; pod?: string },
  ): string;
  /** The JWKS that verifies service account tokens, as JSON text. */
  jwks(): string;
  /** The stored objects, without HTTP. */
  readonly store: Direct;
  readonly faults: FaultSwitches;
  /** Every request, oldest first; tests may empty it. */
  readonly calls: Call[];
  /** One call of each sort by each client since the start; nothing empties it. */
  sorts(): Call[];
  close(): Promise<void>;
}

const year = 365 * 86_400;

/** What of a type its watches depend on. */
const servedForm = (type: ResourceType): string => JSON.stringify({ ...type, shownVerbs: undefined });

/** Starts the server; it listens when the promise resolves. */
export async function startKubernetes(options: KubernetesOptions = {}): Promise<EmbeddedKubernetes> {
  const clock = options.clock ?? systemClock;
  const now = (): number => clock.now();
  const authority = await newAuthority(now());
  const [own, admin] = await Promise.all([
    authority.server(),
    authority.client('kubernetes-admin', [admins]),
  ]);

  const store = new Store(options.historyLimit ?? 10_000);
  const registry = new Registry(builtins);
  const signer = new TokenSigner();
  const authenticator = new Authenticator(store, signer, randomUUID(), now);
  const rbac = new Rbac(store);
  const deleter = new Deleter(store, clock, () => containers);
  const writer = new Writer(store, clock, () => containers, deleter);
  const containers = new Containers(store, registry, ({ type, object }) => {
    const [version] = type.versions;
    const { namespace, name } = object.metadata;
    if (version) deleter.delete({ type, version, namespace, name }, {}, false);
  });
  const watches = new Watches(store, clock, options.bookmarkIntervalMs ?? 60_000);
  const lists = new Lists(store, now);
  store.listen(customResourceDefinitions, ({ kind, entry }) => {
    const { name } = entry.object.metadata;
    const before = registry.byKey(name);
    if (kind !== 'DELETED') {
      const type = typeOfCrd(entry.object);
      if (JSON.stringify(before) === JSON.stringify(type)) return;
      registry.set(type);
      // As there: the streams of the old definition end, and clients come again.
      if (before && servedForm(before) !== servedForm(type)) watches.closeType(name);
      return;
    }
    registry.delete(name);
    watches.closeType(name);
    if (before) store.drop(before);
  });
  const direct = new Direct(store, registry, writer, deleter);
  for (const name of ['default', 'kube-system', ...(options.namespaces ?? [])]) direct.ensureNamespace(name);
  for (const crd of options.crds ?? []) direct.put(crd);

  const sockets = new Set<Socket>();
  let refused = false;
  const faults = new FaultSwitches({
    dropWatches: (match) => watches.cut(match),
    silence: (match) => watches.silence(match),
    compact: () => store.compact(),
    refuse: (on) => {
      refused = on;
      if (on) for (const socket of sockets) socket.destroy();
    },
  });
  const record = new CallRecord();
  let url = '';
  const answers = new Answers({
    store,
    registry,
    writer,
    deleter,
    lists,
    watches,
    plain: { registry, openApi: new OpenApi(registry), jwks: () => signer.jwks(), issuer, url: () => url },
    questions: { store, signer, authenticator, rbac, now },
  });
  const handler = new Handler({
    clock,
    registry,
    authenticator,
    rbac,
    enforce: options.rbac ?? true,
    faults,
    record,
    answers,
  });
  const server = createServer(
    {
      cert: own.cert,
      key: own.key,
      ca: authority.ca,
      requestCert: true,
      rejectUnauthorized: false,
      keepAliveTimeout: 60_000,
    },
    (request, response) => void handler.handle(request, response),
  );
  server.on('connection', (socket: Socket) => {
    if (refused) {
      socket.destroy();
      return;
    }
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  // A client that does not trust us, or a cut connection: its business.
  server.on('tlsClientError', () => undefined);
  const port = await listen(server, options.port ?? 0);
  url = `https://127.0.0.1:${port}`;

  const token: EmbeddedKubernetes['token'] = (
    namespace,
    name,
    { audience, expirationSeconds = year, pod } = {},
  ) => {
    const account = direct.ensureServiceAccount(namespace, name);
    const bound = pod === undefined ? undefined : direct.ensurePod(namespace, pod, name);
    return signer.issue(
      {
        namespace,
        serviceAccount: { name, uid: account.metadata.uid },
        pod: bound && { name: bound.metadata.name, uid: bound.metadata.uid },
        audiences: [audience ?? issuer],
        expiration: expirationSeconds,
      },
      now(),
    ).token;
  };
  return {
    url,
    port,
    caPem: authority.ca,
    kubeconfig: (namespace = 'default') =>
      kubeconfig({ url, ca: authority.ca, namespace, user: 'kubernetes-admin', credentials: admin }),
    kubeconfigFor: (namespace, name) =>
      kubeconfig({
        url,
        ca: authority.ca,
        namespace,
        user: name,
        credentials: { token: token(namespace, name) },
      }),
    token,
    jwks: () => JSON.stringify(signer.jwks()),
    store: direct,
    faults,
    calls: record.calls,
    sorts: () => record.sorts(),
    close: () => close(server, sockets, watches),
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function close(server: Server, sockets: Set<Socket>, watches: Watches): Promise<void> {
  watches.cut({});
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}
