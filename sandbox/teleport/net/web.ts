// The proxy's web API, as far as a bot uses it: find, ping and the join of methods without a challenge
// (joining.md 1.4, 3.4).
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import type { Certs } from '../../../src/gen/teleport/client/certs_pb.js';
import { RegisterUsingTokenRequestSchema } from '../../../src/gen/teleport/types/common_pb.js';
import type { Joining } from '../join/join.js';
import type { Calls } from '../rpc/calls.js';
import type { Faults } from '../rpc/faults.js';
import { majorOf } from '../services/old-versions.js';

export interface WebOptions {
  readonly clusterName: string;
  readonly serverVersion: string;
  readonly enterprise: boolean;
  readonly proxyAddress: () => string;
  readonly joining: Joining;
  readonly faults: Faults;
  readonly calls: Calls;
}

const httpStatus: Partial<Record<Code, number>> = {
  [Code.NotFound]: 404,
  [Code.AlreadyExists]: 409,
  [Code.FailedPrecondition]: 412,
  [Code.PermissionDenied]: 403,
  [Code.InvalidArgument]: 400,
  [Code.ResourceExhausted]: 429,
  [Code.Unavailable]: 504,
  [Code.Unimplemented]: 501,
};

/** Auth's own HTTP join, which 18 has no more (joining.md 3.4). */
export function legacyAuthApi(options: Omit<WebOptions, 'proxyAddress'>): RequestListener {
  return (request, response) => {
    use(options, request, (request.url ?? '').replace(/^\/v\d+\//, '/v1/'), 'Auth');
    const legacy = majorOf(options.serverVersion) < 18;
    if (!legacy || request.method !== 'POST' || !/^\/v\d+\/tokens\/register$/.test(request.url ?? '')) {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' });
      response.end('404 page not found\n');
      return;
    }
    join(options, request, response).catch((error: unknown) => refuse(response, error));
  };
}

export function webApi(options: WebOptions): RequestListener {
  return (request, response) => {
    const path = new URL(request.url ?? '/', 'https://proxy').pathname.replace(/^\/v1\//, '/');
    use(options, request, path, 'the proxy');
    const run = async (): Promise<void> => {
      if (request.method === 'GET' && path === '/webapi/find') send(response, 200, found(options));
      else if (request.method === 'GET' && path === '/webapi/ping') send(response, 200, found(options));
      else if (request.method === 'POST' && path === '/webapi/host/credentials')
        await join(options, request, response);
      else send(response, 404, notFound());
    };
    run().catch((error: unknown) => refuse(response, error));
  };
}

function use({ calls }: { calls: Calls }, { method }: IncomingMessage, path: string, where: string): void {
  calls.use(`${method ?? ''} ${path} at ${where}`);
}

function refuse(response: ServerResponse, error: unknown): void {
  const refusal = ConnectError.from(error);
  send(response, httpStatus[refusal.code] ?? 500, { error: { message: refusal.rawMessage } });
}

function found(options: WebOptions): unknown {
  const address = options.proxyAddress();
  return {
    auth: {
      type: '',
      default_session_ttl: '0s',
      has_motd: false,
      ...(majorOf(options.serverVersion) < 17 ? {} : { signature_algorithm_suite: 'balanced-v1' }),
    },
    proxy: {
      kube: { enabled: false },
      ssh: {
        listen_addr: address,
        tunnel_listen_addr: address,
        web_listen_addr: address,
        public_addr: address,
        dial_timeout: 30_000_000_000,
      },
      db: {},
      tls_routing_enabled: true,
    },
    server_version: options.serverVersion,
    min_client_version: `${Number(options.serverVersion.split('.')[0]) - 1}.0.0-aa`,
    cluster_name: options.clusterName,
    automatic_upgrades: false,
    auto_update: {
      tools_version: options.serverVersion,
      tools_auto_update: false,
      agent_version: options.serverVersion,
    },
    edition: options.enterprise ? 'ent' : 'oss',
    fips: false,
  };
}

async function join(
  options: Omit<WebOptions, 'proxyAddress'>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if ((request.headers['content-type'] ?? '').split(';')[0]?.trim() !== 'application/json') {
    throw new ConnectError('invalid request', Code.InvalidArgument);
  }
  const parts: Buffer[] = [];
  for await (const chunk of request) parts.push(chunk as Buffer);
  let body: Record<string, unknown>;
  try {
    body = JSON.parse(Buffer.concat(parts).toString('utf8')) as Record<string, unknown>;
  } catch {
    throw new ConnectError('request: unexpected end of JSON input', Code.InvalidArgument);
  }
  const path = new URL(request.url ?? '/', 'https://here').pathname.replace(/^\/v\d+\//, '/v1/');
  for (const [key, value] of Object.entries(body)) {
    if (value !== '' && value !== null) options.calls.use(`POST ${path} with ${key}`);
  }
  options.faults.checkJoin();
  const text = (key: string): string => (typeof body[key] === 'string' ? body[key] : '');
  const bytes = (key: string): Uint8Array => Buffer.from(text(key), 'base64');
  const message = create(RegisterUsingTokenRequestSchema, {
    HostID: text('hostID'),
    NodeName: text('node_name'),
    Role: text('role'),
    Token: text('token'),
    PublicTLSKey: bytes('public_tls_key'),
    PublicSSHKey: bytes('public_ssh_key'),
    IDToken: text('id_token'),
  });
  if (body['expires']) message.Expires = timestampFromMs(Date.parse(text('expires')));
  const remoteAddress = `${request.socket.remoteAddress ?? ''}:${request.socket.remotePort ?? 0}`;
  const certs = await options.joining.register({ identity: undefined, remoteAddress, expires: 0 }, message);
  send(response, 200, certsJson(certs));
}

function certsJson(certs: Certs): unknown {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return {
    ...(certs.SSH.length > 0 ? { ssh: base64(certs.SSH) } : {}),
    ...(certs.TLS.length > 0 ? { tls: base64(certs.TLS) } : {}),
    tls_ca_certs: certs.TLSCACerts.map(base64),
    ssh_ca_certs: certs.SSHCACerts.map(base64),
  };
}

function notFound(): unknown {
  return {
    error: { message: 'path not found' },
    fields: { proxyVersion: { major: 18, minor: 0, patch: 0, preRelease: '', string: '18.0.0' } },
  };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}
