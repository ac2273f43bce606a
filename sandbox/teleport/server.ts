// The embedded Teleport: Auth and a proxy with TLS routing in this process, for the try-it-now command and for
// tests. Real mTLS with its own authorities; resources in memory. What it leaves out: docs/sandbox.md.
import { generateKeyPairSync } from 'node:crypto';
import { type Clock, systemClock } from '../../src/core/clock.js';
import { Access } from './access/access.js';
import { addBot, type BotOptions } from './bots.js';
import { CertificateAuthority, lasting } from './ca/authority.js';
import { subjectOf } from './ca/identity.js';
import { type JoinWorld, joinMethods } from './join/index.js';
import { Joining } from './join/join.js';
import { AuthListener } from './net/auth-listener.js';
import { ProxyListener } from './net/proxy-listener.js';
import { legacyAuthApi, webApi } from './net/web.js';
import { Calls } from './rpc/calls.js';
import { Faults } from './rpc/faults.js';
import { GrpcServer } from './rpc/grpc-server.js';
import { authServices, licensedServices, proxyServices, routesOf } from './services/index.js';
import type { ServiceContext } from './services/service.js';
import { transportService } from './services/transport.js';
import type { AuditEntry } from './state/audit.js';
import { ClusterState } from './state/cluster.js';
import { administrator, seed } from './state/presets.js';
import { Resources } from './state/resources.js';

export interface TeleportOptions extends JoinWorld {
  /** `sandbox.local` if not said. */
  readonly clusterName?: string;
  readonly clock?: Clock;
  /** Whether there is a proxy; true if not said. */
  readonly proxy?: boolean;
  /** Whether the proxy's web port hands connections on to Auth; true if not said. */
  readonly handsOn?: boolean;
  /** Whether Ping tells of an enterprise licence. */
  readonly enterprise?: boolean;
  /** What Ping and the `version` header tell; 18.0.0 if not said. */
  readonly serverVersion?: string;
  /** Milliseconds that reads, lock checks and watches lag behind writes; 0 if not said. A real Auth: up to 1000. */
  readonly staleMs?: number;
  /** Another server's state: resources and authorities live on in this one. */
  readonly dataFrom?: ClusterState;
  /** 0, for any, if not said. */
  readonly authPort?: number;
  readonly proxyPort?: number;
}

/** Credentials for a client of this cluster, PEM. */
export interface AdminCredentials {
  readonly certPem: string;
  readonly keyPem: string;
  /** Trust for Auth's certificate; the only CA to give where a client certificate is sent. */
  readonly hostCaPem: string;
}

export interface EmbeddedTeleport {
  readonly clusterName: string;
  /** 127.0.0.1:port */
  readonly authAddress: string;
  /** 127.0.0.1:port, or empty without a proxy. */
  readonly proxyAddress: string;
  /** The CA behind the proxy's web certificate. */
  readonly proxyCaPem: string;
  readonly hostCaPem: string;
  readonly caPins: readonly string[];
  readonly state: ClusterState;
  readonly resources: Resources;
  readonly audit: readonly AuditEntry[];
  readonly calls: Calls;
  readonly faults: Faults;
  /** RPCs that would have killed a real Auth: writes without their resource. */
  readonly crashes: readonly string[];
  /** Makes the bot, its roles and a join token. @returns the token's name */
  addBot(options: BotOptions): string;
  /** A certificate that may do everything, valid for a day. */
  admin(): Promise<AdminCredentials>;
  /** Ends every connection at once, without a word. */
  closeConnections(): void;
  /** GOAWAY on every connection to Auth. */
  goaway(): void;
  /** Ends connections and refuses new ones; ports and state stay. */
  stopListening(): Promise<void>;
  listenAgain(): Promise<void>;
  close(): Promise<void>;
}

const day = 24 * 3600_000;

export async function startTeleport(options: TeleportOptions = {}): Promise<EmbeddedTeleport> {
  const serverVersion = options.serverVersion ?? '18.0.0';
  const enterprise = options.enterprise ?? false;
  const state =
    options.dataFrom ??
    (await ClusterState.create(
      options.clusterName ?? 'sandbox.local',
      options.clock ?? systemClock,
      options.staleMs,
    ));
  if (!options.dataFrom) seed(state);
  const access = new Access(state);
  const joining = new Joining(access, joinMethods(options));
  const calls = new Calls(state.clock);
  const faults = new Faults(state.clock);
  const crashes: string[] = [];
  const closeConnections = (): void => {
    auth.listener.destroyConnections();
    proxy?.listener.destroyConnections();
  };
  const context: ServiceContext = {
    access,
    joining,
    serverVersion,
    enterprise,
    proxyAddress: () => (proxy ? `127.0.0.1:${proxy.listener.port}` : ''),
    crash: (method) => {
      crashes.push(method);
      closeConnections();
      throw new Error(`${method} without its resource: a real Auth ends here`);
    },
  };
  const common = { access, calls, faults, clock: state.clock, serverVersion };
  const grpc = new GrpcServer({
    ...common,
    routes: routesOf(enterprise ? [...authServices, ...licensedServices] : authServices, context),
    place: 'auth',
    countsPings: true,
  });
  const host = await hostCertificate(state);
  const web = { clusterName: state.clusterName, serverVersion, enterprise, joining, faults, calls };
  const auth = new AuthListener(state, grpc, host, options.authPort ?? 0, legacyAuthApi(web));
  const transport = transportService(state.clusterName, () => auth.listener.port);

  const webCa = await CertificateAuthority.create('sandbox proxy', state.clock);
  let proxy: ProxyListener | undefined;
  if (options.proxy !== false) {
    const behind = { ...common, place: 'proxy', countsPings: false } as const;
    proxy = new ProxyListener({
      clusterName: state.clusterName,
      port: options.proxyPort ?? 0,
      certificate: await serverCertificate(webCa, state.clock, ['localhost']),
      hostCertificate: host,
      transport: new GrpcServer({ ...behind, routes: routesOf([transport], context) }),
      state,
      use: (door) => calls.use(door),
      handsOn: () => options.handsOn ?? true,
      authPort: () => auth.listener.port,
      grpc: new GrpcServer({ ...behind, routes: routesOf(proxyServices, context) }),
      web: webApi({ ...web, proxyAddress: context.proxyAddress }),
    });
  }
  const listen = async (): Promise<void> => {
    await auth.listener.listen();
    await proxy?.listener.listen();
  };
  const stop = async (): Promise<void> => {
    await Promise.all([auth.listener.stop(), proxy?.listener.stop()]);
  };
  await listen();

  return {
    clusterName: state.clusterName,
    authAddress: `127.0.0.1:${auth.listener.port}`,
    proxyAddress: context.proxyAddress(),
    proxyCaPem: webCa.pem,
    hostCaPem: state.hostCa.pem,
    caPins: [state.hostCa.pin],
    state,
    resources: new Resources(state.store),
    audit: state.audit.entries,
    calls,
    faults,
    crashes,
    addBot: (bot) => addBot(state, bot),
    admin: () => adminCredentials(state),
    closeConnections,
    goaway: () => grpc.goaway(),
    stopListening: stop,
    listenAgain: listen,
    close: stop,
  };
}

function hostCertificate({ hostCa, clock }: ClusterState): Promise<{ cert: string; key: string }> {
  return serverCertificate(hostCa, clock, [
    'localhost',
    '*.teleport.cluster.local',
    'teleport.cluster.local',
  ]);
}

async function serverCertificate(
  authority: CertificateAuthority,
  clock: Clock,
  dnsNames: readonly string[],
): Promise<{ cert: string; key: string }> {
  const keys = keyPair();
  const cert = await authority.issue({
    subject: [{ '2.5.4.3': [{ utf8String: dnsNames[0] ?? '' }] }],
    publicKey: keys.publicKey,
    ...lasting(clock),
    dnsNames,
    ipAddresses: ['127.0.0.1'],
  });
  return { cert, key: keys.keyPem };
}

async function adminCredentials(state: ClusterState): Promise<AdminCredentials> {
  const keys = keyPair();
  const now = state.clock.now();
  const certPem = await state.userCa.issue({
    subject: subjectOf({
      user: administrator,
      roles: [administrator],
      clusterName: state.clusterName,
      traits: {},
    }),
    publicKey: keys.publicKey,
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + day),
  });
  return { certPem, keyPem: keys.keyPem, hostCaPem: state.hostCa.pem };
}

function keyPair(): { publicKey: Uint8Array; keyPem: string } {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    publicKey: keys.publicKey.export({ type: 'spki', format: 'der' }),
    keyPem: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
