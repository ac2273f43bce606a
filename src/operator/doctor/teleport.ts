// The doctor's questions about Teleport: name, port and TLS chain, the way in, the join, the clocks, and what the
// bot's roles allow against what the kinds need.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { PeerCertificate } from 'node:tls';
import type { Clock } from '../../core/clock.js';
import { silentLogger } from '../../core/log.js';
import { AuthService } from '../../gen/teleport/client/authservice_pb.js';
import type { RoleV6 } from '../../gen/teleport/types/role_pb.js';
import type { AnyKind } from '../../kinds/kind.js';
import { teleportAllow } from '../../kinds/permissions.js';
import { type Address, formatAddress, parseAddress } from '../../teleport/address.js';
import { impersonate } from '../../teleport/certify.js';
import { dialTls } from '../../teleport/dial.js';
import { TeleportError } from '../../teleport/errors.js';
import { proxyFor } from '../../teleport/http-proxy.js';
import type { Identity } from '../../teleport/identity.js';
import { findJoinMethod } from '../../teleport/join/index.js';
import type { JoinOptions } from '../../teleport/join/join.js';
import type { BotSettings } from '../../teleport/settings.js';
import { WayFinder } from '../../teleport/way-finder.js';
import { clientOn, describeWay } from '../../teleport/ways.js';
import { type Finding, failed, ok, skipped, warning } from './findings.js';

/** Milliseconds by which clocks may differ: JWTs and certificates allow a minute. */
const clockLimitMs = 30_000;
/** How long before its issue Auth dates a certificate (joining.md 5.1). */
const backdateMs = 60_000;

interface Parts {
  readonly settings: BotSettings;
  readonly kinds: readonly AnyKind[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Asks all of it, as far as each answer lets the next question be asked. */
export async function askTeleport(parts: Parts): Promise<Finding[]> {
  const { settings } = parts;
  const address = settings.proxyServer
    ? parseAddress(settings.proxyServer, '-proxy-server')
    : parseAddress(settings.authServer, '-auth-server');
  const findings = [await askName(address, settings.env)];
  const rest = ['teleport tls', 'way in', 'join', 'clocks', 'teleport permissions'];
  const goOn = (last: Finding): boolean => {
    findings.push(last);
    return last.verdict !== 'failed';
  };
  const end = (): Finding[] => {
    const done = new Set(findings.map(({ check }) => check));
    const left = rest.filter((check) => !done.has(check));
    return [...findings, ...left.map((check) => skipped(check, 'needs what failed above'))];
  };
  if (findings[0]?.verdict === 'failed') return end();
  if (!goOn(await askTls(address, parts))) return end();
  const method = findJoinMethod(settings.joinMethod);
  if (method === undefined) return end();
  if (!method.repeatable || method.name === 'bound_keypair') {
    const cost = method.repeatable ? 'one of its recoveries' : 'the one-time token';
    return [
      ...findings,
      ...rest
        .slice(1)
        .map((check) => skipped(check, `a join with method ${method.name} would spend ${cost}`)),
    ];
  }
  const finder = new WayFinder(settings, silentLogger);
  const { token, certificateTtlMs, caPins, insecure, env, kubernetesTokenPath, methodSettings, store } =
    settings;
  const options: JoinOptions = {
    method,
    token,
    ttlMs: Math.min(certificateTtlMs, 600_000),
    caPins,
    insecure,
    env,
    clock: parts.clock,
    log: silentLogger,
    signal: parts.signal,
    ...(kubernetesTokenPath ? { kubernetesTokenPath } : {}),
    ...(methodSettings ? { methodSettings } : {}),
    ...(store ? { store } : {}),
  };
  const before = parts.clock.now();
  let identity: Identity;
  try {
    ({ identity } = await finder.join(options));
  } catch (error) {
    const failure = TeleportError.from(error);
    const nowhere = ['Unavailable', 'DeadlineExceeded'].includes(failure.kind);
    if (nowhere) findings.push(failed('way in', failure.message, addressRemedy));
    else {
      findings.push(ok('way in', `${formatAddress(address)} leads to Teleport`));
      findings.push(failed('join', failure.message, joinRemedy(settings)));
    }
    return end();
  }
  const after = parts.clock.now();
  try {
    const { session, ping } = await finder.open(identity, options);
    const way = finder.way ? describeWay(finder.way) : formatAddress(address);
    findings.push(ok('way in', `${way}; Teleport ${ping.ServerVersion}, cluster ${ping.ClusterName}`));
    findings.push(ok('join', `as bot ${identity.botName ?? identity.user} with method ${method.name}`));
    findings.push(compareClocks(identity.notBefore + backdateMs, before, after));
    try {
      findings.push(await askRoles(identity, options, finder, clientOn(session, options), parts.kinds));
    } finally {
      session.drain();
    }
  } catch (error) {
    findings.push(failed('way in', TeleportError.from(error).message, addressRemedy));
  }
  return end();
}

const addressRemedy =
  'compare -auth-server or -proxy-server with the address of Auth (port 3025) or of the proxy (443 or 3080); ' +
  'behind an HTTP proxy set HTTPS_PROXY';

async function askName(address: Address, env: NodeJS.ProcessEnv): Promise<Finding> {
  const { host } = address;
  const proxy = proxyOf(address, env);
  if (proxy !== undefined) return ok('dns', `${host} is looked up by the HTTP proxy ${proxy.host}`);
  if (isIP(host) !== 0) return ok('dns', `${host} is an address`);
  try {
    const found = await lookup(host, { all: true });
    return ok('dns', `${host} is ${found.map(({ address }) => address).join(', ')}`);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return failed(
      'dns',
      `${host} is not known (${code})`,
      'compare the host of -auth-server or -proxy-server',
    );
  }
}

/** A variable that cannot be read is told by the dial. */
function proxyOf(address: Address, env: NodeJS.ProcessEnv): URL | undefined {
  try {
    return proxyFor(address, env);
  } catch {
    return undefined;
  }
}

/** The handshake alone, and who shows what; whether that is to be believed is judged by the join. */
async function askTls(address: Address, { settings, clock, signal }: Parts): Promise<Finding> {
  const check = 'teleport tls';
  try {
    const socket = await dialTls(
      { address, alpn: ['h2'], trust: { verify: false }, env: settings.env },
      clock,
      signal,
    );
    const chain = describeChain(socket.getPeerCertificate(true));
    const protocol = socket.getProtocol() ?? 'TLS';
    socket.destroy();
    return ok(check, `${protocol}; ${chain}`);
  } catch (error) {
    return failed(check, TeleportError.from(error).message, addressRemedy);
  }
}

/** Leaf first: whose, until when. */
function describeChain(leaf: PeerCertificate): string {
  const shown: string[] = [];
  let here: PeerCertificate | undefined = leaf;
  const seen = new Set<string>();
  while (here?.fingerprint256 && !seen.has(here.fingerprint256)) {
    seen.add(here.fingerprint256);
    shown.push(`${nameOf(here.subject)} until ${new Date(here.valid_to).toISOString().slice(0, 16)}Z`);
    const issuer: PeerCertificate | undefined = (
      here as PeerCertificate & { issuerCertificate?: PeerCertificate }
    ).issuerCertificate;
    if (issuer === undefined) shown.push(nameOf(here.issuer));
    here = issuer;
  }
  return shown.join(' ← ');
}

function nameOf(name: { CN?: string | string[]; O?: string | string[] } | undefined): string {
  const first = (value: string | string[] | undefined): string | undefined =>
    Array.isArray(value) ? value[0] : value;
  return first(name?.CN) ?? first(name?.O) ?? 'without a name';
}

function compareClocks(server: number, before: number, after: number): Finding {
  const off = server > after ? server - after : Math.min(0, server - before);
  // Certificates are dated to the second.
  const seconds = Math.round(off / 1000);
  if (Math.abs(off) <= clockLimitMs)
    return ok('clocks', `Teleport's differs from ours by ${Math.abs(seconds)} s at most`);
  const detail = `Teleport's clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} ours`;
  return failed('clocks', detail, 'synchronise the clocks of the nodes (NTP)');
}

async function askRoles(
  bot: Identity,
  options: JoinOptions,
  finder: WayFinder,
  asBot: ReturnType<typeof clientOn>,
  kinds: readonly AnyKind[],
): Promise<Finding> {
  const check = 'teleport permissions';
  const remedy = 'teleport-operator teleport-role | tctl create -f, then give the bot that role';
  try {
    const output = await impersonate(asBot, bot, options);
    const { session } = await finder.open(output, options);
    try {
      const client = clientOn(session, options);
      const roles = await Promise.all(
        output.roles.map((Name) => client.unary(AuthService.method.getRole, { Name })),
      );
      const missing = missingRights(roles, kinds);
      const names = output.roles.join(', ');
      if (missing.length === 0) return ok(check, `the roles ${names} allow all that the kinds need`);
      return warning(check, `the roles ${names} do not allow: ${missing.join('; ')}`, remedy);
    } finally {
      session.drain();
    }
  } catch (error) {
    return failed(check, TeleportError.from(error).message, remedy);
  }
}

/** What the kinds need and no role allows. Conditions (`where`) are taken for fulfilled; a deny rule takes away. */
export function missingRights(roles: readonly RoleV6[], kinds: readonly AnyKind[]): string[] {
  const covers = (list: readonly string[], one: string): boolean => list.includes(one) || list.includes('*');
  return teleportAllow(kinds).rules.flatMap(({ resources, verbs }) =>
    resources.flatMap((resource) => {
      const lacking = verbs.filter((verb) => {
        const rulesOf = (side: 'Allow' | 'Deny') =>
          roles
            .flatMap(({ Spec }) => Spec?.[side]?.Rules ?? [])
            .filter((rule) => covers(rule.Resources, resource));
        return (
          !rulesOf('Allow').some((rule) => covers(rule.Verbs, verb)) ||
          rulesOf('Deny').some((rule) => covers(rule.Verbs, verb))
        );
      });
      return lacking.length === 0 ? [] : [`${lacking.join(', ')} ${resource}`];
    }),
  );
}

function joinRemedy({ joinMethod, token }: BotSettings): string {
  const name = token.startsWith('/') ? 'the token' : `token/${token}`;
  return `compare \`tctl get ${name}\` with -join-method ${joinMethod}; docs/joining.md has each method's token`;
}
