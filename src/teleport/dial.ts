// From an address to a finished TLS handshake. Who is trusted is said by the caller (trust.ts); what is spoken
// on top is session.ts or http.ts. A handshake proves nothing about our own certificate: Auth judges it later.
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import type { Clock } from '../core/clock.js';
import { checkIdentity } from '../core/server-identity.js';
import { Until } from '../core/until.js';
import { type Address, formatAddress } from './address.js';
import { TeleportError } from './errors.js';
import { openTcp } from './http-proxy.js';

/** Whom we believe on the other side. */
export type ServerTrust =
  /** Anyone. Only for the first contact, never where an output identity is sent. */
  | { readonly verify: false }
  /** Certificates that chain to these (PEM). */
  | { readonly verify: true; readonly roots: readonly string[] };

export interface TlsTarget {
  readonly address: Address;
  /** Name sent as SNI and demanded of the certificate; the address's host when absent. */
  readonly serverName?: string;
  /** Protocols in order of preference; Teleport's routing takes the first. Empty: none offered. */
  readonly alpn: readonly string[];
  readonly trust: ServerTrust;
  /** PEM. */
  readonly credential?: { readonly certificate: string; readonly privateKey: string };
  /** For HTTPS_PROXY and its like; none are looked for where absent. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Opens what TLS runs on, where that is no TCP connection to the address: a tunnel. */
  readonly transport?: (signal: AbortSignal) => Promise<Duplex>;
  /** Milliseconds for everything; `dialTimeoutMs` when absent. */
  readonly timeoutMs?: number;
}

/** Somebody answers, with a certificate that we do not believe. Never a reason to try again without verification. */
export class UntrustedServer extends TeleportError {}

/** Milliseconds for TCP and TLS together; as upstream's dial timeout. */
export const dialTimeoutMs = 30_000;

/**
 * Connects and shakes hands. The socket is the caller's to close.
 * @throws TeleportError (Unavailable), or the signal's reason.
 */
export async function dialTls(target: TlsTarget, clock: Clock, signal?: AbortSignal): Promise<TLSSocket> {
  const where = formatAddress(target.address);
  const timeoutMs = target.timeoutMs ?? dialTimeoutMs;
  const limit = new Until(
    clock,
    timeoutMs,
    () => new TeleportError('Unavailable', `${where}: no connection within ${timeoutMs / 1000} s`),
    signal,
  );
  let tcp: Duplex | undefined;
  let tls: TLSSocket | undefined;
  try {
    tcp = target.transport
      ? await target.transport(limit.signal)
      : await openTcp(target.address, target.env ?? {}, limit.signal);
    tls = connectTls(tlsOptions(target, tcp));
    await shakeHands(tls, limit.signal);
    return tls;
  } catch (error) {
    tls?.destroy();
    tcp?.destroy();
    if (limit.signal.aborted) throw limit.signal.reason;
    if (error instanceof TeleportError) throw error;
    const text = `${where}: ${explainDial(error, target)}`;
    if (target.trust.verify && isDistrust(error))
      throw new UntrustedServer('Unavailable', text, { cause: error });
    throw new TeleportError('Unavailable', text, { cause: error });
  } finally {
    limit.done();
  }
}

function tlsOptions(target: TlsTarget, socket: Duplex): ConnectionOptions {
  const name = target.serverName ?? target.address.host;
  return {
    socket,
    host: name,
    // SNI carries names only (RFC 6066); addresses are checked against the certificate all the same.
    ...(isIP(name) === 0 ? { servername: name } : {}),
    minVersion: 'TLSv1.2',
    rejectUnauthorized: target.trust.verify,
    checkServerIdentity: checkIdentity,
    ...(target.alpn.length > 0 ? { ALPNProtocols: [...target.alpn] } : {}),
    ...(target.trust.verify ? { ca: [...target.trust.roots] } : {}),
    ...(target.credential ? { cert: target.credential.certificate, key: target.credential.privateKey } : {}),
  };
}

function shakeHands(socket: TLSSocket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      socket.destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const settle = (done: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      done();
    };
    socket.once('secureConnect', () => settle(resolve));
    socket.once('close', () =>
      settle(() => reject(new Error('the server closed the connection during the TLS handshake'))),
    );
    socket.on('error', (error) => settle(() => reject(error)));
  });
}

const plainWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the name server does not answer',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'no answer',
  ECONNRESET: 'the server reset the connection during the TLS handshake',
  EPROTO: 'the TLS handshake failed',
};

const untrusted = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
]);

function isDistrust(error: unknown): boolean {
  const code = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? '') : '';
  return untrusted.has(code) || /^(?:CERT_|ERR_TLS_CERT_)/.test(code);
}

function explainDial(error: unknown, target: TlsTarget): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const name = target.serverName ?? target.address.host;
  if (untrusted.has(code))
    return `the certificate shown for ${name} is signed by a CA that is not trusted (${code})`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `the certificate shown is not for ${name}`;
  if (code === 'CERT_HAS_EXPIRED') return `the certificate shown for ${name} has expired`;
  if (code === 'CERT_NOT_YET_VALID')
    return `the certificate shown for ${name} is not valid yet; compare the clocks`;
  if (code.startsWith('ERR_SSL_')) return `the TLS handshake failed (${code})`;
  return plainWords[code] ?? error.message;
}
