// The ways through one proxy, by what it says of itself and by how a handshake with it ends. Which of them works is
// tried by the callers (join.ts, way-finder.ts).
import type { Address } from '../address.js';
import type { ServerTrust } from '../dial.js';
import { findProxy, type ProxyFacts } from '../discovery.js';
import { systemRoots } from '../trust.js';
import { needsUpgrade, upgradeSetting } from '../upgrade.js';
import type { OpenOptions, Way } from '../ways.js';

export interface ProxyOptions extends OpenOptions {
  readonly caPins: readonly string[];
  readonly insecure: boolean;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The ways that lead through a proxy to Auth, best first: the one that a look at the proxy speaks for, then the others.
 * @throws TeleportError; HttpMismatch when no Teleport proxy answers there.
 */
export async function findProxyWays(
  address: Address,
  options: ProxyOptions,
): Promise<{ facts: ProxyFacts; ways: [ProxyWay, ...ProxyWay[]] }> {
  const facts = await askProxy(address, options);
  const outerTrust: ServerTrust = options.caPins.length > 0 ? { verify: false } : webTrust(options);
  const straight: ProxyWay = { via: 'proxy', address, clusterName: facts.clusterName };
  const wrapped: ProxyWay = { ...straight, tunnel: 'websocket', outerTrust };
  const framed: ProxyWay = { ...straight, tunnel: facts.tlsRouting ? address : facts.sshAddress };
  if (upgradeSetting(address, options.env) === true) return { facts, ways: [wrapped, framed] };
  // The look can be mistaken where something in between is picky about protocols.
  const upgrade = await needsUpgrade(address, outerTrust, options);
  return { facts, ways: upgrade ? [wrapped, straight, framed] : [straight, framed] };
}

export type ProxyWay = Way & { readonly via: 'proxy' };

/**
 * Asks a proxy about itself. With pins its web certificate does not matter: the cluster name only routes, and
 * whoever answers behind it must show the pinned CA.
 */
export function askProxy(address: Address, options: ProxyOptions): Promise<ProxyFacts> {
  const trust: ServerTrust = options.caPins.length > 0 ? { verify: false } : webTrust(options);
  return findProxy(address, trust, options.clock, options.signal, options.env);
}

/** Whom to believe with a proxy's web certificate. */
export function webTrust(options: ProxyOptions): ServerTrust {
  return options.insecure ? { verify: false } : { verify: true, roots: systemRoots(options.env) };
}
