// The way through a balancer that terminates TLS and forwards HTTP: Teleport's proxy takes a WebSocket and treats what
// comes through it as a connection of its own (joining.md 2.4). What is spoken inside is the caller's matter.
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../core/clock.js';
import { type Address, formatAddress } from './address.js';
import { dialTls, type ServerTrust, UntrustedServer } from './dial.js';
import { TeleportError } from './errors.js';

const variable = 'TELEPORT_TLS_ROUTING_CONN_UPGRADE';

/** Milliseconds for the handshake that shows whether protocols survive the way to the proxy. */
const probeMs = 5000;

/**
 * Must connections to this proxy be wrapped? The variable decides where it is set (entries with `;` or `,` in between,
 * `host:port=yes` or a bare `yes` for all others). Else a handshake tells, which offers a protocol that only Teleport
 * knows: whoever finishes it without that protocol is no Teleport. A probe that fails otherwise means no.
 * @throws TeleportError (BadParameter) naming the variable.
 */
export async function needsUpgrade(
  address: Address,
  trust: ServerTrust,
  options: {
    readonly clock: Clock;
    readonly env?: NodeJS.ProcessEnv | undefined;
    readonly signal?: AbortSignal;
  },
): Promise<boolean> {
  const said = upgradeSetting(address, options.env ?? {});
  if (said !== undefined) return said;
  const offered = 'teleport-reversetunnel';
  let socket: TLSSocket | undefined;
  try {
    socket = await dialTls(
      { address, alpn: [offered], trust, timeoutMs: probeMs, env: options.env },
      options.clock,
      options.signal,
    );
    return socket.alpnProtocol !== offered;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof UntrustedServer) throw error;
    return error instanceof TeleportError && isNoProtocol(error.cause);
  } finally {
    socket?.destroy();
  }
}

/** What the variable says of an address; undefined where it is not set. */
export function upgradeSetting(address: Address, env: NodeJS.ProcessEnv): boolean | undefined {
  const text = env[variable]?.trim();
  if (!text) return undefined;
  let others = false;
  for (const item of text.split(/[;,]/)) {
    const entry = item.trim();
    if (entry === '') continue;
    const cut = entry.lastIndexOf('=');
    const value = truth(entry.slice(cut + 1).trim());
    if (value === undefined) {
      throw new TeleportError(
        'BadParameter',
        `${variable}: "${entry}" is neither yes, no nor <host:port>=yes or no; correct or unset it`,
      );
    }
    if (cut < 0) others = value;
    else if (entry.slice(0, cut).trim() === formatAddress(address)) return value;
  }
  return others;
}

function truth(text: string): boolean | undefined {
  if (/^(?:yes|y|true|t|1|on)$/i.test(text)) return true;
  return /^(?:no|n|false|f|0|off)$/i.test(text) ? false : undefined;
}

function isNoProtocol(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return /NO_APPLICATION_PROTOCOL|no application protocol/i.test(
    `${(error as NodeJS.ErrnoException).code ?? ''} ${error.message}`,
  );
}

/**
 * Opens a WebSocket to the proxy, as a stream of bytes.
 * @param trust whom to believe on the outer hop: the balancer's web certificate.
 * @throws TeleportError (Unavailable) when what answers does not upgrade; UntrustedServer.
 */
export async function dialUpgraded(
  address: Address,
  trust: ServerTrust,
  clock: Clock,
  env: NodeJS.ProcessEnv | undefined,
  signal: AbortSignal,
): Promise<Duplex> {
  const { WebSocket, createWebSocketStream } = await import('ws');
  const outer = await dialTls({ address, alpn: [], trust, env }, clock, signal);
  outer.setNoDelay(true);
  // TLS is there already: plain ws on top of it.
  const socket = new WebSocket(`ws://${formatAddress(address)}/webapi/connectionupgrade`, ['alpn-ping'], {
    createConnection: () => outer,
    perMessageDeflate: false,
    // Servers before 17 do not unmask; with a mask of zeros there is nothing to unmask.
    generateMask: (mask) => mask.fill(0),
    maxPayload: 16 * 1024 * 1024,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      socket.once('open', () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      socket.once('unexpected-response', (_request, response) => {
        reject(new Error(`the connection upgrade was answered with HTTP ${response.statusCode}`));
      });
      socket.once('error', reject);
    });
  } catch (cause) {
    socket.on('error', () => {});
    socket.terminate();
    outer.destroy();
    signal.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TeleportError('Unavailable', `${formatAddress(address)}: ${why}`, { cause });
  }
  const stream = createWebSocketStream(socket);
  stream.on('error', () => {});
  stream.once('close', () => {
    socket.terminate();
    outer.destroy();
  });
  return stream;
}
