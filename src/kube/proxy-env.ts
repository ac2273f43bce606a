// Which proxy the environment names for a server, by the rules of Go's net/http: HTTPS_PROXY, HTTP_PROXY,
// NO_PROXY, upper case first. Connecting through it is in transport.ts.
import { BlockList, isIP } from 'node:net';
import { KubeConfigError } from './access.js';

export type Env = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for `server`, or undefined. Loopback addresses and `localhost` never go through one.
 * @throws KubeConfigError for a proxy address that can't be used.
 */
export function proxyFromEnv(server: URL, env: Env): URL | undefined {
  const name = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const value = env[name] || env[name.toLowerCase()];
  if (!value || bypasses(server, env.NO_PROXY || env.no_proxy || '')) return undefined;
  return parseProxy(value, `environment variable ${name}`);
}

/** Reads a proxy address; `where` names its place in errors. A missing scheme means http. */
export function parseProxy(value: string, where: string): URL {
  let url: URL;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`);
  } catch {
    throw new KubeConfigError(`${where}: not a proxy address; write http://host:port or https://host:port`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new KubeConfigError(
      `${where}: proxies of the form ${url.protocol}// are not supported; use an http:// or https:// proxy`,
    );
  }
  return url;
}

/** The host of a URL without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function bypasses(server: URL, noProxy: string): boolean {
  const host = hostOf(server).toLowerCase();
  if (host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))) return true;
  const port = server.port || (server.protocol === 'https:' ? '443' : '80');
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== '' && matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return inRange(entry, host);
  const withPort = /^\[?([^\]]*?)\]?:(\d+)$/.exec(entry);
  const isAddress = isIP(entry) > 0;
  if (withPort && !isAddress && withPort[2] !== port) return false;
  const name = isAddress ? entry : (withPort?.[1] ?? entry);
  if (isIP(name)) return name === host;
  const plain = name.replace(/^\*?\./, '');
  return host.endsWith(`.${plain}`) || (plain === name && host === plain);
}

function inRange(entry: string, host: string): boolean {
  const [address = '', bits = ''] = entry.split('/');
  const family = isIP(address);
  if (!family || isIP(host) !== family || !/^\d+$/.test(bits)) return false;
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(address, Number(bits), type);
  return list.check(host, type);
}
