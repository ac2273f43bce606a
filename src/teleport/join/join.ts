// Joining: a fresh key, the method's proof, and one request to Auth or to a proxy, on the road that the settings
// allow to trust. Gives the bot's identity; what is done with it is bot.ts's business.
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Logger } from '../../core/log.js';
import { AuthService } from '../../gen/teleport/client/authservice_pb.js';
import type { Certs } from '../../gen/teleport/client/certs_pb.js';
import { JoinService } from '../../gen/teleport/client/joinservice_pb.js';
import type { SignatureAlgorithmSuite } from '../../gen/teleport/types/cluster_config_pb.js';
import type { Address } from '../address.js';
import type { TeleportClient } from '../client.js';
import { dialTls, type ServerTrust, UntrustedServer } from '../dial.js';
import { isTeleportError, TeleportError } from '../errors.js';
import { callJson, HttpMismatch } from '../http.js';
import { type Identity, makeIdentity } from '../identity.js';
import { generateKeys } from '../keys.js';
import { Session } from '../session.js';
import { checkPins, readPins } from '../trust.js';
import { clientOn, describeWay, type Opened, type OpenOptions, openAnonymous, type Way } from '../ways.js';
import { explainJoin } from './explain.js';
import { certsFromJson, joinRequestToJson } from './json.js';
import type { JoinContext, JoinMethod, JoinRequest, MethodSettings, StateStore } from './method.js';
import { findProxyWays, type ProxyWay, webTrust } from './proxy-ways.js';
import { readToken } from './token.js';

export interface JoinOptions extends OpenOptions {
  readonly method: JoinMethod;
  /** As in the settings: text or absolute path. */
  readonly token: string;
  readonly ttlMs: number;
  readonly caPins: readonly string[];
  readonly insecure: boolean;
  readonly kubernetesTokenPath?: string;
  readonly methodSettings?: MethodSettings;
  readonly store?: StateStore;
  /** Host CAs of an earlier join: whoever answers now must be the same cluster, pins or not. */
  readonly knownHostCas?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly log: Logger;
}

export interface Joined {
  readonly identity: Identity;
  readonly way: Way;
  /** Auth itself answered on this way; absent after a join that the proxy passed on. */
  readonly proven?: true;
}

/** How a proxy is asked; `http` is what every version has, challenge methods need `grpc`. */
export type ProxyJoin = 'http' | 'grpc';

/**
 * Joins at Auth, reached by `way`: with pins verified by them, otherwise (as the Go operator) unverified.
 * @throws TeleportError
 */
export async function joinAtAuth(way: Way, options: JoinOptions): Promise<Joined> {
  const { session, ping, trust } = await openFirst(way, options);
  try {
    if (!trust.verify) warnUnverified(way, options);
    const register = (request: JoinRequest) =>
      registerAtAuth(clientOn(session, options), way, trust, request, options);
    return { way, proven: true, identity: await takePart(ping.signatureAlgorithmSuite, register, options) };
  } finally {
    session.drain();
  }
}

/**
 * Joins at a proxy: through it at Auth when there are pins to verify Auth with, otherwise at the proxy itself,
 * whose web certificate the system's roots verify.
 * @throws TeleportError; HttpMismatch or Unavailable when there is no proxy.
 */
export async function joinAtProxy(address: Address, options: JoinOptions, form?: ProxyJoin): Promise<Joined> {
  const trust = webTrust(options);
  const { facts, ways } = await findProxyWays(address, options);
  if (options.caPins.length > 0 && form === undefined) return joinThroughProxy(ways, options);
  if (options.insecure) options.log.warn('joining at a proxy whose certificate is not verified');
  // What is wrapped reaches Auth itself; the balancer's certificate has vouched for the road.
  if (options.method.form === 'challenge' && ways[0].tunnel === 'websocket' && form === undefined)
    return joinThroughProxy(ways, options);
  const way: Way = { via: 'proxy', address, clusterName: facts.clusterName };
  const grpc = (request: JoinRequest) => registerAtProxyGrpc(address, trust, request, options);
  const http = (request: JoinRequest) => registerAtProxyHttp(address, trust, request, options);
  const chosen = form ?? (options.method.form === 'challenge' ? 'grpc' : 'http');
  const register =
    chosen === 'grpc'
      ? grpc
      : async (request: JoinRequest) => {
          try {
            return await http(request);
          } catch (error) {
            // Whoever names a time to wait is there, and busy: another form would not be answered better.
            const isBusy = error instanceof HttpMismatch && error.retryAfterMs !== undefined;
            if (!isBusy && (error instanceof HttpMismatch || isTeleportError(error, 'NotImplemented')))
              return grpc(request);
            throw error;
          }
        };
  return { way, identity: await takePart(facts.suite, register, options) };
}

/** Joins at Auth on the first of the ways that leads there; those that need a certificate are left out. */
async function joinThroughProxy(ways: readonly ProxyWay[], options: JoinOptions): Promise<Joined> {
  let failure: unknown;
  for (const way of ways.filter(({ tunnel }) => tunnel === undefined || tunnel === 'websocket')) {
    try {
      return await joinAtAuth(way, options);
    } catch (error) {
      if (!isTeleportError(error, 'Unavailable', 'DeadlineExceeded') || error instanceof UntrustedServer)
        throw error;
      failure ??= error;
    }
  }
  throw failure;
}

/**
 * Joins again on a connection that carries the present certificate, so that the bot instance stays the same.
 * @param client speaks to Auth as the bot.
 * @throws TeleportError
 */
export function rejoin(
  client: TeleportClient,
  suite: SignatureAlgorithmSuite,
  options: JoinOptions,
): Promise<Identity> {
  return takePart(suite, (request) => registerOver(client, request, options), options);
}

async function takePart(
  suite: SignatureAlgorithmSuite,
  register: (request: JoinRequest) => Promise<Certs>,
  options: JoinOptions,
): Promise<Identity> {
  const { method, clock } = options;
  const keys = await generateKeys(suite);
  const request: JoinRequest = {
    Role: 'Bot',
    Token: readToken(options.token),
    PublicTLSKey: keys.publicKey,
    PublicSSHKey: keys.sshPublicKey,
    Expires: timestampFromMs(Math.round(clock.now() + options.ttlMs)),
  };
  if (method.form === 'proof') {
    const idToken = await method.idToken(context(options));
    if (idToken !== undefined) request.IDToken = idToken;
  }
  let certs: Certs;
  try {
    certs = await register(request);
  } catch (error) {
    throw error instanceof TeleportError ? explainJoin(error, method.name) : error;
  }
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
  return makeIdentity(text(certs.TLS), keys.privateKey, certs.TLSCACerts.map(text));
}

/**
 * A first session, and whom it believes: the host CAs of an earlier join, which follow rotations; else the pins; else
 * anyone.
 */
async function openFirst(way: Way, options: JoinOptions): Promise<Opened & { readonly trust: ServerTrust }> {
  const { knownHostCas: roots = [], caPins } = options;
  if (roots.length > 0) {
    const trust = { verify: true, roots } as const;
    try {
      return { trust, ...(await openAnonymous(way, trust, options)) };
    } catch (error) {
      // A rotation may have passed us by; pins that were renewed tell.
      if (!(error instanceof UntrustedServer) || caPins.length === 0) throw error;
    }
  }
  const trust = caPins.length > 0 ? await pinnedTrust(way, options) : ({ verify: false } as const);
  return { trust, ...(await openAnonymous(way, trust, options)) };
}

async function pinnedTrust(way: Way, options: JoinOptions): Promise<ServerTrust> {
  const { session } = await openAnonymous(way, { verify: false }, options);
  try {
    const reply = await clientOn(session, options).unary(AuthService.method.getClusterCACert, {});
    const pins = readPins(options.caPins);
    const roots = checkPins(Buffer.from(reply.TLSCA).toString('utf8'), pins, options.clock.now());
    return { verify: true, roots };
  } finally {
    session.drain();
  }
}

function warnUnverified(way: Way, { insecure, log }: JoinOptions): void {
  if (way.via === 'proxy' && way.outerTrust?.verify) return;
  const server = { server: describeWay(way) };
  if (insecure) log.warn('joining without verifying the server (-insecure)', server);
  else
    log.warn(
      'JOINING WITHOUT VERIFYING THE SERVER: no CA pin is set, so whoever answers could pose as Teleport; set -ca-pin ' +
        '(see `tctl status`)',
      server,
    );
}

async function registerAtAuth(
  client: TeleportClient,
  way: Way,
  trust: ServerTrust,
  request: JoinRequest,
  options: JoinOptions,
): Promise<Certs> {
  try {
    return await registerOver(client, request, options);
  } catch (error) {
    // Auth before 17 joins over HTTP only; 18 has no HTTP any more (joining.md 3.5).
    if (!isTeleportError(error, 'NotImplemented') || options.method.form !== 'proof') throw error;
    if (way.via !== 'auth') {
      throw new TeleportError(
        'BadParameter',
        'Teleport before 17 cannot be joined through a proxy with CA pins, since its proxy would have to be believed; ' +
          "give Auth's own address, or drop -ca-pin and let the proxy's web certificate be verified instead",
        { cause: error },
      );
    }
    const { env } = options;
    const target = { address: way.address, serverName: 'teleport.cluster.local', alpn: [], trust, env };
    const body = joinRequestToJson(request);
    const reply = await callJson(
      target,
      { method: 'POST', path: '/v2/tokens/register', body },
      options.clock,
      options.signal,
    );
    return certsFromJson(reply);
  }
}

async function registerAtProxyHttp(
  address: Address,
  trust: ServerTrust,
  request: JoinRequest,
  options: JoinOptions,
): Promise<Certs> {
  const call = {
    method: 'POST',
    path: '/webapi/host/credentials',
    body: joinRequestToJson(request),
  } as const;
  return certsFromJson(
    await callJson({ address, trust, alpn: [], env: options.env }, call, options.clock, options.signal),
  );
}

async function registerAtProxyGrpc(
  address: Address,
  trust: ServerTrust,
  request: JoinRequest,
  options: JoinOptions,
): Promise<Certs> {
  const target = { address, trust, alpn: ['teleport-proxy-grpc', 'h2'], env: options.env };
  const socket = await dialTls(target, options.clock, options.signal);
  const session = new Session(socket, {
    clock: options.clock,
    authority: address.host.includes(':') ? `[${address.host}]` : address.host,
  });
  try {
    return await registerOver(clientOn(session, options), request, options);
  } finally {
    session.drain();
  }
}

function registerOver(client: TeleportClient, request: JoinRequest, options: JoinOptions): Promise<Certs> {
  const { method } = options;
  if (method.form === 'challenge') return method.register(client, request, context(options));
  return client.unary(
    JoinService.method.registerUsingToken,
    request,
    options.signal ? { signal: options.signal } : {},
  );
}

function context(options: JoinOptions): JoinContext {
  const { env, clock, log, kubernetesTokenPath, methodSettings, store, signal } = options;
  return {
    env,
    clock,
    log,
    ...(methodSettings ? { settings: methodSettings } : {}),
    ...(store ? { store } : {}),
    ...(kubernetesTokenPath ? { kubernetesTokenPath } : {}),
    ...(signal ? { signal } : {}),
  };
}
