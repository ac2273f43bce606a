// What a proxy tells everybody about itself and its cluster. An answer of this form is also the proof that a
// proxy stands behind an address (ways.ts).
import type { Clock } from '../core/clock.js';
import type { SignatureAlgorithmSuite } from '../gen/teleport/types/cluster_config_pb.js';
import { type Address, formatAddress } from './address.js';
import type { ServerTrust } from './dial.js';
import { isTeleportError } from './errors.js';
import { callJson, HttpMismatch } from './http.js';
import { parseSuite } from './keys.js';

export interface ProxyFacts {
  readonly clusterName: string;
  readonly serverVersion: string;
  /** False when the proxy's listeners are separate; the TLS pass-through to Auth is there all the same. */
  readonly tlsRouting: boolean;
  readonly suite: SignatureAlgorithmSuite;
  /** Where the proxy's gRPC tunnel to Auth is served when not on its web port. */
  readonly sshAddress: Address;
}

/**
 * Asks `GET /webapi/find`.
 * @throws TeleportError; HttpMismatch when no Teleport proxy answers there.
 */
export async function findProxy(
  address: Address,
  trust: ServerTrust,
  clock: Clock,
  signal?: AbortSignal,
  env?: NodeJS.ProcessEnv,
): Promise<ProxyFacts> {
  const reply = await callJson(
    { address, trust, alpn: [], env },
    { method: 'GET', path: '/webapi/find' },
    clock,
    signal,
  ).catch((error: unknown) => {
    // The endpoint is open to everybody: a refusal means that something else answers.
    if (isTeleportError(error, 'Unavailable', 'DeadlineExceeded', 'LimitExceeded', 'Canceled')) throw error;
    if (!isTeleportError(error)) throw error;
    throw new HttpMismatch(
      `${formatAddress(address)} answers, but not as a Teleport proxy: ${error.message}`,
      0,
      {
        cause: error,
      },
    );
  });
  const clusterName = at(reply, 'cluster_name');
  if (typeof clusterName !== 'string' || clusterName === '') {
    throw new HttpMismatch(
      `${formatAddress(address)} answers, but not as a Teleport proxy (no cluster name)`,
      200,
    );
  }
  const version = at(reply, 'server_version');
  return {
    clusterName,
    serverVersion: typeof version === 'string' ? version : '',
    tlsRouting: at(reply, 'proxy', 'tls_routing_enabled') === true,
    suite: parseSuite(at(reply, 'auth', 'signature_algorithm_suite')),
    sshAddress: sshAddress(at(reply, 'proxy', 'ssh'), address.host),
  };
}

/**
 * The SSH port, which speaks TLS too (joining.md 1.4). A listen address without a host of its own is taken to be on
 * the host that was asked.
 */
function sshAddress(ssh: unknown, asked: string): Address {
  const read = (key: string): { host: string; port: number } | undefined => {
    const value = at(ssh, key);
    const match = typeof value === 'string' ? /^\[?(.*?)\]?(?::(\d+))?$/.exec(value) : null;
    if (match === null || value === '') return undefined;
    return { host: match[1] ?? '', port: Number(match[2] ?? 0) };
  };
  const listening = read('listen_addr');
  const port = listening?.port || 3023;
  const published = read('ssh_public_addr');
  if (published?.host) return { host: published.host, port: published.port || port };
  const web = read('public_addr');
  return { host: web?.host || asked, port };
}

function at(value: unknown, ...path: string[]): unknown {
  let here = value;
  for (const key of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = (here as Record<string, unknown>)[key];
  }
  return here;
}
