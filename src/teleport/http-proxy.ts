// A TCP connection, straight or through the HTTP proxy that the environment names (HTTPS_PROXY, HTTP_PROXY,
// NO_PROXY, as Go reads them). TLS on top is dial.ts's matter, so a proxy sees nothing but an address.
import { BlockList, connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { checkIdentity } from '../core/server-identity.js';
import { type Address, formatAddress } from './address.js';
import { TeleportError } from './errors.js';
import { systemRoots } from './trust.js';

/**
 * Connects. The socket is the caller's to close.
 * @throws the socket's error; TeleportError (BadParameter) for a variable that holds no usable proxy; the signal's reason.
 */
export async function openTcp(
  address: Address,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Socket> {
  const proxy = proxyFor(address, env);
  if (proxy === undefined) return connect(address, signal);
  const where = {
    host: bare(proxy.hostname),
    port: Number(proxy.port || (proxy.protocol === 'https:' ? 443 : 80)),
  };
  const tcp = await connect(where, signal).catch((cause: unknown) => {
    if (signal.aborted) throw signal.reason;
    throw new TeleportError('Unavailable', `the HTTP proxy ${formatAddress(where)}: ${reason(cause)}`, {
      cause,
    });
  });
  const socket = proxy.protocol === 'https:' ? secured(tcp, where, env) : tcp;
  try {
    await askForTunnel(socket, address, proxy, signal);
    return socket;
  } catch (cause) {
    socket.destroy();
    tcp.destroy();
    if (signal.aborted) throw signal.reason;
    if (cause instanceof TeleportError) throw cause;
    throw new TeleportError('Unavailable', `the HTTP proxy ${formatAddress(where)}: ${reason(cause)}`, {
      cause,
    });
  }
}

/**
 * The proxy for an address, by Go's rules: HTTPS_PROXY, then HTTP_PROXY, lower case as well; never for this machine
 * itself, nor for what NO_PROXY names (hosts, .suffixes, addresses, CIDR ranges, each with a port or without; `*`).
 * @throws TeleportError (BadParameter) naming the variable.
 */
export function proxyFor(address: Address, env: NodeJS.ProcessEnv): URL | undefined {
  if (isOwnMachine(address.host) || isExempt(address, env.NO_PROXY || env.no_proxy || '')) return undefined;
  const name = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].find((key) => env[key]?.trim());
  if (name === undefined) return undefined;
  const text = env[name]?.trim() ?? '';
  const url = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(url)) {
    throw new TeleportError(
      'BadParameter',
      `${name} is no URL; give one such as http://proxy.example.com:3128`,
    );
  }
  const parsed = new URL(url);
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    throw new TeleportError(
      'BadParameter',
      `${name} names a proxy that speaks ${parsed.protocol.slice(0, -1)}; http and https proxies are supported`,
    );
  }
  return parsed;
}

function isOwnMachine(host: string): boolean {
  return host === 'localhost' || host.startsWith('127.') || host === '::1';
}

function isExempt({ host, port }: Address, list: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return list.split(',').some((item) => {
    let entry = item.trim().toLowerCase();
    if (entry === '') return false;
    if (entry === '*') return true;
    const range = /^([\da-f.:]+)\/(\d+)$/.exec(entry);
    if (range) return inRange(name, range[1] ?? '', Number(range[2]));
    const withPort = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(entry);
    if (withPort) {
      if (Number(withPort[3]) !== port) return false;
      entry = withPort[1] ?? withPort[2] ?? '';
    }
    entry = bare(entry);
    if (isIP(entry) !== 0) return entry === name;
    if (entry.startsWith('*.')) entry = entry.slice(1);
    return entry.startsWith('.') ? name.endsWith(entry) : name === entry || name.endsWith(`.${entry}`);
  });
}

function inRange(host: string, network: string, bits: number): boolean {
  const family = (text: string) => ({ 4: 'ipv4', 6: 'ipv6' })[isIP(text)] as 'ipv4' | 'ipv6' | undefined;
  const ours = family(host);
  if (ours === undefined || ours !== family(network) || bits > (ours === 'ipv4' ? 32 : 128)) return false;
  const block = new BlockList();
  block.addSubnet(network, bits, ours);
  return block.check(host, ours);
}

function connect(address: Address, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    // Several addresses of a name, IPv6 among them, are tried in turn (RFC 8305).
    const socket = connectTcp({
      host: address.host,
      port: address.port,
      noDelay: true,
      autoSelectFamily: true,
    });
    const onAbort = (): void => {
      socket.destroy();
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => {
      signal.removeEventListener('abort', onAbort);
      resolve(socket);
    });
    // Stays attached: a socket without a listener would end the process when it fails later.
    socket.on('error', (error) => {
      signal.removeEventListener('abort', onAbort);
      reject(error);
    });
  });
}

function secured(socket: Socket, { host }: Address, env: NodeJS.ProcessEnv): Socket {
  const tls = connectTls({
    socket,
    host,
    ca: systemRoots(env),
    checkServerIdentity: checkIdentity,
    ...(isIP(host) === 0 ? { servername: host } : {}),
  });
  tls.on('error', () => {});
  return tls;
}

/** CONNECT (RFC 9110 9.3.6), with the name and password of the proxy's URL where there are any. */
function askForTunnel(socket: Socket, address: Address, proxy: URL, signal: AbortSignal): Promise<void> {
  const target = formatAddress(address);
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const authorization =
    proxy.username === ''
      ? ''
      : `Proxy-Authorization: Basic ${Buffer.from(credentials).toString('base64')}\r\n`;
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0);
    const settle = (done: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      socket.off('data', onData);
      socket.off('close', onClose);
      socket.off('error', onError);
      done();
    };
    const onAbort = (): void => settle(() => reject(signal.reason));
    const onClose = (): void => settle(() => reject(new Error('closed the connection')));
    const onError = (error: Error): void => settle(() => reject(error));
    const onData = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0 && head.length < 16_384) return;
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(head.toString('latin1'))?.[1];
      if (end < 0 || status === undefined) {
        settle(() => reject(new Error('answers something that is not HTTP')));
      } else if (!status.startsWith('2')) {
        const why = status === '407' ? '; put name and password into the URL of the variable' : '';
        settle(() => reject(new Error(`refuses a tunnel to ${target} with HTTP ${status}${why}`)));
      } else {
        settle(resolve);
        socket.pause();
        if (head.length > end + 4) socket.unshift(head.subarray(end + 4));
      }
    };
    socket.on('data', onData);
    socket.once('close', onClose);
    socket.once('error', onError);
    signal.addEventListener('abort', onAbort, { once: true });
    socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization}\r\n`);
  });
}

function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

function reason(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : String(error));
}
