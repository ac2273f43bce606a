// The pool of connections to one API server: TLS with the credential's certificate, directly or through a
// CONNECT proxy. Knows nothing of requests.
import type * as http from 'node:http';
import * as https from 'node:https';
import type { Duplex } from 'node:stream';
import * as tls from 'node:tls';
import { Agent, request as httpRequest } from '../core/node-http.js';
import { checkIdentity } from '../core/server-identity.js';
import type { ClusterAccess } from './access.js';
import { hostOf } from './proxy-env.js';

/** What a pool's connections have in common. A change of it makes a new pool. */
export interface TlsMaterial {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** Connections are kept open between requests; TCP keep-alive finds those whose other end is gone. */
const pool = {
  keepAlive: true,
  keepAliveMsecs: 15_000,
  noDelay: true,
  scheduling: 'lifo',
  maxFreeSockets: 16,
} as const;

/** Makes the pool for an API server: as many connections as there are requests. `http:` servers get plain ones. */
export function createAgent(access: ClusterAccess, material: TlsMaterial): http.Agent {
  if (access.server.protocol === 'http:') return new Agent(pool);
  const secure: https.AgentOptions & { secureContext: tls.SecureContext } = {
    ...pool,
    rejectUnauthorized: !access.insecure,
    checkServerIdentity: checkIdentity,
    ...(access.tlsServerName && { servername: access.tlsServerName }),
    // Made once: parsing the CA is half of what a connection costs us.
    secureContext: tls.createSecureContext({
      ...(material.ca && { ca: material.ca }),
      ...(material.cert && material.key && { cert: material.cert, key: material.key }),
    }),
  };
  return access.proxy ? new TunnelAgent(secure, access.proxy) : new ServerAgent(secure);
}

/** Lets an agent's requests end, and keeps none of its connections for later ones. */
export function retireAgent(agent: http.Agent & { keepAlive?: boolean }): void {
  agent.keepAlive = false;
  for (const sockets of Object.values(agent.freeSockets))
    for (const socket of sockets ?? []) socket.destroy();
}

type Done = (error: Error | null, socket?: Duplex) => void;

/** How long a proxy may take to connect us; a socket that is waiting for it has no other guard. */
const proxyTimeoutMs = 20_000;

/** For one server, so that Node need not make a name of twenty options for each request to find its connections by. */
class ServerAgent extends https.Agent {
  override getName(): string {
    return 'api';
  }
}

/** Connects through a proxy: CONNECT first, then TLS to the server inside. */
class TunnelAgent extends ServerAgent {
  readonly #proxy: URL;

  constructor(options: https.AgentOptions, proxy: URL) {
    super(options);
    this.#proxy = proxy;
  }

  /** Called by Node for each new connection; the socket may come later, by `done`. */
  override createConnection(options: tls.ConnectionOptions, done: Done): undefined {
    const proxy = this.#proxy;
    const host = options.host ?? '';
    const target = `${host.includes(':') ? `[${host}]` : host}:${String(options.port)}`;
    const request = (proxy.protocol === 'https:' ? https.request : httpRequest)({
      method: 'CONNECT',
      host: hostOf(proxy),
      port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
      path: target,
      agent: false,
      checkServerIdentity: checkIdentity,
      timeout: proxyTimeoutMs,
      headers: { host: target, ...proxyAuthorization(proxy) },
    });
    const name = `proxy ${proxy.host}`;
    request.once('connect', (response, socket) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        done(failed(`${name} refused to connect to ${target}: HTTP ${response.statusCode ?? 0}`));
        return;
      }
      socket.setTimeout(0);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, pool.keepAliveMsecs);
      const secure = tls.connect({ ...options, socket, servername: options.servername ?? '' });
      const onError = (error: Error): void => done(error);
      secure.once('error', onError);
      secure.once('secureConnect', () => {
        secure.removeListener('error', onError);
        done(null, secure);
      });
    });
    request.once('timeout', () => request.destroy(failed(`${name} did not answer`)));
    request.on('error', (error) => done(failed(`${name}: ${error.message}`, error)));
    request.end();
    return undefined;
  }
}

function proxyAuthorization(proxy: URL): Record<string, string> {
  if (!proxy.username) return {};
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair, 'utf8').toString('base64')}` };
}

function failed(text: string, cause?: Error): Error {
  return Object.assign(new Error(text, { cause }), { code: 'ECONNREFUSED' });
}
