// A small Auth server for the unit tests of src/teleport: real TLS and gRPC, scripted judgement. Whole-cluster behaviour
// is the embedded Teleport's business (sandbox/teleport); here a test needs to bend single answers.
import { X509Certificate } from 'node:crypto';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createContextKey,
  createContextValues,
} from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import type { Clock } from '../../src/core/clock.js';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { Operation } from '../../src/gen/teleport/client/event_pb.js';
import { JoinService } from '../../src/gen/teleport/client/joinservice_pb.js';
import { ClusterConfigService } from '../../src/gen/teleport/clusterconfig/v1/clusterconfig_service_pb.js';
import { BotInstanceService } from '../../src/gen/teleport/machineid/v1/bot_instance_service_pb.js';
import { SignatureAlgorithmSuite } from '../../src/gen/teleport/types/cluster_config_pb.js';
import type { Address } from '../../src/teleport/address.js';
import { readCertificate } from '../../src/teleport/identity.js';
import { generateKeys } from '../../src/teleport/keys.js';
import { makeCa, type TestCa } from './teleport-certificates.js';

const peerKey = createContextKey<X509Certificate | undefined>(undefined);

/** Who called what, in order. */
export interface SeenCall {
  readonly method: string;
  /** CN of the client certificate; `''` without one. */
  readonly user: string;
}

export interface FakeAuthOptions {
  readonly clock: Clock;
  readonly clusterName?: string;
  readonly port?: number;
  /** The CAs of an earlier server, for a restart. */
  readonly cas?: { readonly host: TestCa; readonly user: TestCa };
}

export class FakeAuth {
  readonly calls: SeenCall[] = [];
  /** Join tokens that are good; method token's are removed when used. */
  readonly tokens = new Map<string, 'token' | 'kubernetes'>();
  /** ID tokens that came with joins. */
  readonly idTokens: string[] = [];
  /** Called before each call is answered; may throw or wait. */
  hook: ((call: SeenCall) => void | Promise<void>) | undefined;
  roles: string[] = ['operator'];
  readonly #options: FakeAuthOptions;
  readonly #server: Http2SecureServer;
  readonly #sockets = new Set<Socket>();
  readonly sessions = new Set<ServerHttp2Session>();
  #instances = 0;
  #active = 0;
  /** The host CA that a rotation brings; believed beside the present one. */
  #nextHost: TestCa | undefined;
  readonly #watches = new Set<(phase: string) => void>();

  static async start(options: FakeAuthOptions): Promise<FakeAuth> {
    const clusterName = options.clusterName ?? 'test.example';
    const host = options.cas?.host ?? (await makeCa(clusterName));
    const user = options.cas?.user ?? (await makeCa(clusterName));
    const { cert, key } = await serverCertificate(host);
    const auth = new FakeAuth(options, clusterName, { host, user }, cert, key);
    await new Promise<void>((resolve) => auth.#server.listen(options.port ?? 0, '127.0.0.1', resolve));
    return auth;
  }

  private constructor(
    options: FakeAuthOptions,
    readonly clusterName: string,
    readonly cas: { host: TestCa; readonly user: TestCa },
    certificate: string,
    key: string,
  ) {
    this.#options = options;
    const adapter = connectNodeAdapter({
      routes: (router) => this.#routes(router),
      contextValues: (request) => {
        const values = createContextValues();
        const peer = (request.socket as TLSSocket).getPeerCertificate?.();
        return values.set(peerKey, peer?.raw ? new X509Certificate(peer.raw) : undefined);
      },
    });
    this.#server = createSecureServer(
      { cert: certificate, key, requestCert: true, rejectUnauthorized: false, ALPNProtocols: ['h2'] },
      adapter,
    );
    this.#server.on('session', (session) => {
      this.sessions.add(session);
      session.on('error', () => {});
      session.on('close', () => this.sessions.delete(session));
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('secureConnection', (socket: TLSSocket) => socket.on('error', () => {}));
    this.#server.on('tlsClientError', () => {});
  }

  get address(): Address {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  /** Calls being answered. */
  get active(): number {
    return this.#active;
  }

  /** Open TCP connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  callsOf(method: string): SeenCall[] {
    return this.calls.filter((call) => call.method === method);
  }

  /** A phase of a rotation of the host authority, told to whoever watches. Connections that are open stay. */
  async rotateHost(phase: 'init' | 'update_clients' | 'update_servers' | 'standby'): Promise<void> {
    if (phase === 'init') this.#nextHost = await makeCa(this.clusterName);
    if (phase === 'update_servers' && this.#nextHost) {
      const { cert, key } = await serverCertificate(this.#nextHost);
      this.#server.setSecureContext({ cert, key });
    }
    if (phase === 'standby' && this.#nextHost) {
      this.cas.host = this.#nextHost;
      this.#nextHost = undefined;
    }
    for (const tell of this.#watches) tell(phase);
  }

  get #hostCas(): TestCa[] {
    return this.#nextHost ? [this.cas.host, this.#nextHost] : [this.cas.host];
  }

  /** Cuts every connection without a word. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #routes(router: ConnectRouter): void {
    const { clock } = this.#options;
    const on =
      <Q, R>(
        method: string,
        answer: (request: Q, user: string, peer: X509Certificate | undefined) => R | Promise<R>,
      ) =>
      async (
        request: Q,
        context: { values: { get(key: typeof peerKey): X509Certificate | undefined } },
      ): Promise<R> => {
        const peer = context.values.get(peerKey);
        const user = peer ? readCertificate(peer.toString()).user : '';
        const call = { method, user };
        this.calls.push(call);
        this.#active++;
        try {
          if (peer !== undefined && Date.parse(peer.validTo) <= clock.now()) {
            throw new ConnectError('client certificate has expired', Code.Unavailable);
          }
          await this.hook?.(call);
          return await answer(request, user, peer);
        } finally {
          this.#active--;
        }
      };
    router.service(AuthService, {
      ping: on('Ping', () => ({
        ClusterName: this.clusterName,
        ServerVersion: '18.0.0',
        signatureAlgorithmSuite: SignatureAlgorithmSuite.BALANCED_V1,
      })),
      getClusterCACert: on('GetClusterCACert', () => ({
        TLSCA: Buffer.from(this.#hostCas.map(({ pem }) => pem).join('')),
      })),
      getRole: on('GetRole', (request: { Name: string }) => ({
        Metadata: { Name: request.Name },
        Spec: { Allow: { Impersonate: { Roles: this.roles } } },
      })),
      generateUserCerts: on('GenerateUserCerts', async (request, _user, peer) => {
        const now = peer && readCertificate(peer.toString());
        if (now === undefined) throw new ConnectError('access denied', Code.PermissionDenied);
        const output = request.UseRoleRequests;
        return this.#certs(request.TLSPublicKey, request.Expires ? timestampMs(request.Expires) : 0, {
          roles: output ? request.RoleRequests : [now.user],
          renewable: !output,
          instance: now.botInstanceId ?? '',
          generation: output ? 0 : now.generation + 1,
          withHostCa: !output,
        });
      }),
      watchEvents: (_request, context) => this.#watch(context.signal),
    });
    router.service(ClusterConfigService, {
      getAuthPreference: on('GetAuthPreference', () => ({
        Spec: { signatureAlgorithmSuite: SignatureAlgorithmSuite.BALANCED_V1 },
      })),
    });
    router.service(BotInstanceService, { submitHeartbeat: on('SubmitHeartbeat', () => ({})) });
    router.service(JoinService, {
      registerUsingToken: on('RegisterUsingToken', (request, _user, peer) => {
        const kind = this.tokens.get(request.Token);
        if (kind === undefined) {
          throw new ConnectError(
            '"" can not join the cluster with role "Bot", token expired or not found',
            Code.PermissionDenied,
          );
        }
        if (kind === 'token') this.tokens.delete(request.Token);
        if (request.IDToken) this.idTokens.push(request.IDToken);
        const before = peer && readCertificate(peer.toString());
        return this.#certs(request.PublicTLSKey, request.Expires ? timestampMs(request.Expires) : 0, {
          roles: ['bot-op'],
          renewable: kind === 'token',
          instance: before?.botInstanceId ?? `instance-${++this.#instances}`,
          generation: (before?.generation ?? 0) + 1,
          withHostCa: true,
        });
      }),
    });
  }

  async *#watch(signal: AbortSignal) {
    const phases: string[] = [];
    let wake: () => void = () => {};
    const tell = (phase: string): void => {
      phases.push(phase);
      wake();
    };
    this.#watches.add(tell);
    signal.addEventListener('abort', () => wake());
    try {
      yield { Resource: { case: undefined } };
      while (!signal.aborted) {
        const Phase = phases.shift();
        if (Phase === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        const Spec = { Type: 'host', ClusterName: this.clusterName, Rotation: { Phase } };
        yield { Type: Operation.PUT, Resource: { case: 'CertAuthority' as const, value: { Spec } } };
      }
    } finally {
      this.#watches.delete(tell);
    }
  }

  async #certs(
    publicKey: Uint8Array,
    notAfter: number,
    facts: { roles: string[]; renewable: boolean; instance: string; generation: number; withHostCa: boolean },
  ) {
    const certificate = await this.cas.user.issue({
      subject: [
        ...facts.roles.map((role) => ['O', role] as const),
        ['CN', 'bot-op'],
        ...(facts.renewable ? [['1.3.9999.1.13', 'true'] as const] : []),
        ...(facts.generation > 0 ? [['1.3.9999.1.14', String(facts.generation)] as const] : []),
        ['1.3.9999.2.18', 'op'],
        ['1.3.9999.2.20', facts.instance],
      ],
      publicKey: Buffer.from(publicKey).toString(),
      notBefore: this.#options.clock.now() - 60_000,
      notAfter,
    });
    const cas = facts.withHostCa
      ? [this.cas.user.pem, ...this.#hostCas.map(({ pem }) => pem)]
      : [this.cas.user.pem];
    return { TLS: Buffer.from(certificate), TLSCACerts: cas.map((pem) => Buffer.from(pem)) };
  }
}

async function serverCertificate(host: TestCa): Promise<{ cert: string; key: string }> {
  const keys = await generateKeys(SignatureAlgorithmSuite.BALANCED_V1);
  const cert = await host.issue({
    subject: [['CN', 'auth']],
    publicKey: Buffer.from(keys.publicKey).toString(),
    notAfter: Date.now() + 365 * 86_400_000,
    dnsNames: ['teleport.cluster.local', '*.teleport.cluster.local'],
  });
  return { cert, key: keys.privateKey };
}
