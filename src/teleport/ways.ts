// Ways to Auth: straight to it, or through a proxy that hands the TLS connection on untouched. Both end in the
// same handshake with Auth; only the address and the protocol list differ. Which way works is found by trying.
import type { Clock } from '../core/clock.js';
import { AuthService, type PingResponse } from '../gen/teleport/client/authservice_pb.js';
import { type Address, formatAddress } from './address.js';
import { dialClusterTunnel } from './cluster-tunnel.js';
import { dialTls, type ServerTrust, type TlsTarget } from './dial.js';
import { isTeleportError, TeleportError } from './errors.js';
import { type CallReport, createClient } from './grpc-client.js';
import { apiDomain, encodedClusterName, type Identity } from './identity.js';
import { Session } from './session.js';
import { systemRoots } from './trust.js';
import { dialUpgraded } from './upgrade.js';

/** A way that is known to lead to Auth. */
export type Way =
  | { readonly via: 'auth'; readonly address: Address }
  | {
      readonly via: 'proxy';
      readonly address: Address;
      readonly clusterName: string;
      /**
       * What carries the connection: nothing but TCP, since the proxy hands it on; a WebSocket, where something in
       * between understands HTTP only (upgrade.ts); or the proxy's gRPC service at this address (cluster-tunnel.ts).
       */
      readonly tunnel?: 'websocket' | Address;
      /** For the outer hop of a WebSocket: whom to believe with a web certificate. */
      readonly outerTrust?: ServerTrust;
    };

/** For logs and errors. */
export function describeWay(way: Way): string {
  if (way.via === 'auth') return `Auth at ${formatAddress(way.address)}`;
  const proxy = `the proxy at ${formatAddress(way.address)}`;
  if (way.tunnel === undefined) return proxy;
  if (way.tunnel === 'websocket') return `${proxy}, by a connection upgrade`;
  return `${proxy}, by its gRPC tunnel at ${formatAddress(way.tunnel)}`;
}

export interface OpenOptions {
  readonly clock: Clock;
  /** For HTTPS_PROXY and its like. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly signal?: AbortSignal;
  readonly onCall?: (report: CallReport) => void;
}

/** A session that Auth has answered on. */
export interface Opened {
  readonly session: Session;
  readonly ping: PingResponse;
}

/**
 * Opens a session with an identity, Auth verified by the cluster's host CAs.
 * @throws TeleportError
 */
export function openAs(way: Way, identity: Identity, options: OpenOptions): Promise<Opened> {
  if (identity.hostCas.length === 0) {
    throw new TeleportError('Unavailable', 'no host CA of the cluster is known, so Auth cannot be verified');
  }
  return open(way, { verify: true, roots: identity.hostCas }, identity, options);
}

/**
 * Opens a session without a certificate; Auth then allows little more than Ping, host CAs and joining.
 * @throws TeleportError
 */
export function openAnonymous(way: Way, trust: ServerTrust, options: OpenOptions): Promise<Opened> {
  return open(way, trust, undefined, options);
}

/** Milliseconds for the Ping that proves a connection. */
const proofMs = 15_000;

async function open(
  way: Way,
  trust: ServerTrust,
  identity: Identity | undefined,
  options: OpenOptions,
): Promise<Opened> {
  const clusterName = identity?.clusterName ?? (way.via === 'proxy' ? way.clusterName : undefined);
  // Auth chooses the CAs for our certificate by this name (joining.md 2.2).
  const serverName =
    identity === undefined || clusterName === undefined ? apiDomain : encodedClusterName(clusterName);
  const socket = await dialTls(
    {
      address: way.address,
      serverName,
      // The proxy takes the first protocol that it knows, Auth speaks the second.
      alpn: handsOn(way) ? [`teleport-auth@${encodedClusterName(way.clusterName)}`, 'h2'] : ['h2'],
      trust,
      env: options.env,
      ...transportOf(way, identity, options),
      ...(identity === undefined ? {} : { credential: identity }),
    },
    options.clock,
    options.signal,
  );
  if (socket.alpnProtocol !== 'h2') {
    socket.destroy();
    throw new TeleportError(
      'Unavailable',
      `${formatAddress(way.address)} does not speak HTTP/2 with Auth's TLS protocols`,
    );
  }
  const session = new Session(socket, { clock: options.clock, authority: serverName });
  try {
    return { session, ping: await proveSession(session, options) };
  } catch (error) {
    session.destroy();
    // Every Auth has Ping; what answers otherwise is something else, such as a proxy's web server.
    if (!isTeleportError(error, 'Unknown', 'NotImplemented')) throw error;
    const text = `${formatAddress(way.address)} answers, but not as Auth: ${error.message}`;
    throw new TeleportError('Unavailable', text, { cause: error });
  }
}

/** Does the proxy look at our protocol list to know where the connection shall go? */
function handsOn(way: Way): way is Way & { via: 'proxy' } {
  return way.via === 'proxy' && (way.tunnel === undefined || way.tunnel === 'websocket');
}

function transportOf(
  way: Way,
  identity: Identity | undefined,
  options: OpenOptions,
): Pick<TlsTarget, 'transport'> {
  if (way.via === 'auth' || way.tunnel === undefined) return {};
  const { address, tunnel } = way;
  if (tunnel === 'websocket') {
    const trust: ServerTrust = way.outerTrust ?? { verify: true, roots: systemRoots(options.env ?? {}) };
    return { transport: (signal) => dialUpgraded(address, trust, options.clock, options.env, signal) };
  }
  if (identity === undefined)
    throw new TeleportError('Unavailable', `${describeWay(way)} needs a certificate; it is no way to join`);
  return { transport: (signal) => dialClusterTunnel(tunnel, identity, options, signal) };
}

/**
 * Pings over a session. A finished handshake proves nothing: Auth refuses a certificate afterwards, and a proxy
 * answers HTTP/2 too (observed.md 7).
 */
export async function proveSession(session: Session, options: OpenOptions): Promise<PingResponse> {
  const client = clientOn(session, options);
  const call = { timeoutMs: proofMs, ...(options.signal ? { signal: options.signal } : {}) };
  const ping = await client.unary(AuthService.method.ping, {}, call);
  if (ping.ClusterName === '') {
    throw new TeleportError('Unavailable', 'Auth answers without a cluster name: it is not ready yet');
  }
  return ping;
}

/** A client on one session, for as long as that lives. */
export function clientOn(session: Session, options: OpenOptions) {
  return createClient({
    source: { session: async () => session },
    clock: options.clock,
    ...(options.onCall ? { onCall: options.onCall } : {}),
  });
}
