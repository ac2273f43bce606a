// The roads of a join that the embedded Teleport does not have: HTTP at Auth before 18, HTTP and trust at a proxy.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeAuth } from '../../../test/builders/fake-auth.js';
import { makeCa, type TestCa } from '../../../test/builders/teleport-certificates.js';
import { waitFor } from '../../../test/builders/wait-for.js';
import { systemClock } from '../../core/clock.js';
import { type LogFields, silentLogger } from '../../core/log.js';
import { noMetrics } from '../../core/metrics.js';
import { VirtualClock } from '../../core/virtual-clock.js';
import { SignatureAlgorithmSuite } from '../../gen/teleport/types/cluster_config_pb.js';
import { startBot } from '../bot.js';
import { generateKeys } from '../keys.js';
import { pinOf } from '../trust.js';
import { WayFinder } from '../way-finder.js';
import { findJoinMethod } from './index.js';
import { type JoinOptions, joinAtAuth, joinAtProxy } from './join.js';
import type { JoinMethod } from './method.js';

let webCa: TestCa;
let userCa: TestCa;
let folder: string;
let credentials: { cert: string; key: string };
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'join-'));
  [webCa, userCa] = await Promise.all([makeCa('web'), makeCa('test.example')]);
  writeFileSync(join(folder, 'ca.pem'), webCa.pem);
  writeFileSync(join(folder, 'jwt'), 'jwt-1\n');
  const keys = await generateKeys(SignatureAlgorithmSuite.BALANCED_V1);
  const publicKey = Buffer.from(keys.publicKey).toString();
  const cert = await webCa.issue({
    subject: [['CN', 'proxy']],
    publicKey,
    notAfter: Date.now() + 1e9,
    ips: ['127.0.0.1'],
  });
  credentials = { cert, key: keys.privateKey };
});
afterAll(() => rmSync(folder, { recursive: true }));

type Answer = { status: number; body: unknown; headers?: Record<string, string> };
let web: Server;
let posts: { path: string; body: Record<string, string> }[];
let answer: (path: string, body: Record<string, string>) => Answer | Promise<Answer>;
beforeEach(async () => {
  posts = [];
  answer = find;
  web = createServer({ ...credentials, ALPNProtocols: ['http/1.1'] }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      const text = Buffer.concat(chunks).toString();
      const body = text === '' ? {} : JSON.parse(text);
      if (request.method === 'POST') posts.push({ path, body });
      void Promise.resolve(answer(path, body)).then((reply) => {
        response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
        response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
      });
    });
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  web.closeAllConnections();
  await new Promise((resolve) => web.close(resolve));
});

async function find(path: string, body: Record<string, string>): Promise<Answer> {
  if (path === '/webapi/find') {
    return {
      status: 200,
      body: { cluster_name: 'test.example', auth: { signature_algorithm_suite: 'balanced-v1' } },
    };
  }
  if (path === '/webapi/host/credentials') return { status: 200, body: await certs(body) };
  return { status: 404, body: '404 page not found' };
}

async function certs(body: Record<string, string>) {
  const certificate = await userCa.issue({
    subject: [
      ['O', 'bot-op'],
      ['CN', 'bot-op'],
    ],
    publicKey: Buffer.from(body.public_tls_key ?? '', 'base64').toString(),
    notAfter: Date.parse(body.expires ?? ''),
  });
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return { ssh: '', tls: base64(certificate), tls_ca_certs: [base64(userCa.pem), base64(webCa.pem)] };
}

const address = () => ({ host: '127.0.0.1', port: (web.address() as AddressInfo).port });
const methodNamed = (name: string): JoinMethod => {
  const method = findJoinMethod(name);
  if (method === undefined) throw new Error(name);
  return method;
};
const options = (change: Partial<JoinOptions> = {}): JoinOptions => ({
  method: methodNamed('kubernetes'),
  token: 'kube',
  ttlMs: 600_000,
  caPins: [],
  insecure: false,
  env: { SSL_CERT_FILE: join(folder, 'ca.pem'), KUBERNETES_TOKEN_PATH: join(folder, 'jwt') },
  clock: systemClock,
  log: silentLogger,
  ...change,
});

describe('at a proxy', () => {
  it('joins over HTTP with the JSON that every version reads', async () => {
    const { identity, way } = await joinAtProxy(address(), options());
    expect(way).toEqual({ via: 'proxy', address: address(), clusterName: 'test.example' });
    expect(identity).toMatchObject({ user: 'bot-op', hostCas: [webCa.pem] });
    expect(posts).toEqual([
      {
        path: '/webapi/host/credentials',
        body: {
          hostID: '',
          node_name: '',
          role: 'Bot',
          token: 'kube',
          id_token: 'jwt-1',
          public_tls_key: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/),
          public_ssh_key: expect.any(String),
          expires: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/),
        },
      },
    ]);
  });

  it('explains refusals as on the other roads', async () => {
    const message = '"" can not join the cluster with role "Bot", token expired or not found';
    answer = (path, body) =>
      path === '/webapi/find'
        ? find(path, body)
        : { status: 403, body: { error: { message }, message: 'other' } };
    await expect(joinAtProxy(address(), options())).rejects.toMatchObject({
      kind: 'AccessDenied',
      message: expect.stringContaining('never existed, has expired'),
    });
  });

  describe('that asks for fewer requests', () => {
    const limited = { status: 429, body: 'rate limit exceeded', headers: { 'retry-after': '400' } };

    it.each([
      ['its rate limit, in plain text', limited],
      ['its API, in JSON', { ...limited, body: { error: { message: 'too many requests' } } }],
    ])('is not asked again in another form: %s', async (_, reply) => {
      answer = (path, body) => (path === '/webapi/find' ? find(path, body) : reply);
      await expect(joinAtProxy(address(), options())).rejects.toMatchObject({
        kind: 'LimitExceeded',
        retryAfterMs: 400_000,
      });
      expect(posts).toHaveLength(1);
    });

    it.each([
      ['the join', '/webapi/host/credentials', limited, 400],
      ['the question who it is', '/webapi/find', limited, 400],
      ['a balancer that is overloaded', '/webapi/find', { ...limited, status: 503 }, 400],
      ['one that is so at the join', '/webapi/host/credentials', { ...limited, status: 503 }, 400],
      [
        'a wait longer than certificates last',
        '/webapi/find',
        { ...limited, headers: { 'retry-after': '99999' } },
        600,
      ],
    ])('is waited for: %s', async (_, at, reply, seconds) => {
      answer = (path, body) => (path === at ? reply : find(path, body));
      const delays: unknown[] = [];
      const log = {
        ...silentLogger,
        error: (_message: string, fields?: LogFields) => void delays.push(fields?.retryInSeconds),
      };
      const { env } = options();
      const bot = startBot({
        settings: {
          authServer: '',
          proxyServer: `127.0.0.1:${address().port}`,
          joinMethod: 'kubernetes',
          token: 'kube',
          caPins: [],
          insecure: false,
          certificateTtlMs: 3_600_000,
          renewalIntervalMs: 1_200_000,
          env,
        },
        clock: new VirtualClock(Date.now()),
        log,
        metrics: noMetrics,
        random: () => 0,
      });
      await waitFor(() => expect(delays).toEqual([seconds]));
      await bot.stop();
    });
  });

  it('shows no token to a proxy whose certificate is not trusted', async () => {
    await expect(joinAtProxy(address(), options({ env: {} }))).rejects.toThrow(
      'signed by a CA that is not trusted',
    );
    expect(posts).toEqual([]);
  });

  it('does so with -insecure, and says it', async () => {
    const warnings: string[] = [];
    const log = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
    await joinAtProxy(
      address(),
      options({ insecure: true, log, env: { KUBERNETES_TOKEN_PATH: join(folder, 'jwt') } }),
    );
    expect(warnings).toEqual(['joining at a proxy whose certificate is not verified']);
  });

  it('never falls back to an unverified Auth after the proxy could not be verified', async () => {
    const settings = {
      authServer: '',
      proxyServer: `127.0.0.1:${address().port}`,
      joinMethod: 'kubernetes',
      token: 'kube',
      caPins: [],
      insecure: false,
      certificateTtlMs: 1,
      renewalIntervalMs: 1,
      env: {},
    };
    const join = new WayFinder(settings, silentLogger).join(options({ env: {} }));
    await expect(join).rejects.toThrow(/put the CA's file into SSL_CERT_FILE; if it is Auth.*set -ca-pin/);
    expect(posts).toEqual([]);
  });

  it.each([
    ['nothing of Teleport', { status: 200, body: { hello: 'world' } }],
    ['a web page', { status: 200, body: '<html>' }],
    ['a refusal', { status: 403, body: { error: { message: 'go away' } } }],
  ])('knows that %s is no proxy', async (_, reply) => {
    answer = () => reply;
    await expect(joinAtProxy(address(), options())).rejects.toMatchObject({
      kind: 'Unavailable',
      message: expect.stringMatching(/not as a Teleport proxy|without JSON/),
    });
  });
});

describe('at Auth', () => {
  let auth: FakeAuth;
  beforeEach(async () => {
    auth = await FakeAuth.start({ clock: systemClock });
    auth.tokens.set('kube', 'kubernetes');
  });
  afterEach(() => auth.stop());

  it('offers its pins, joins, and gets host CAs without the user CA', async () => {
    const caPins = [pinOf(auth.cas.host.pem)];
    const { identity } = await joinAtAuth({ via: 'auth', address: auth.address }, options({ caPins }));
    expect(identity).toMatchObject({ user: 'bot-op', generation: 1, hostCas: [auth.cas.host.pem] });
    // Asked without verification, before anything secret was said.
    expect(auth.calls.map((call) => call.method)).toEqual([
      'Ping',
      'GetClusterCACert',
      'Ping',
      'RegisterUsingToken',
    ]);
  });

  it('tries the old HTTP endpoint when the RPC is not there, and tells when that is missing too', async () => {
    auth.hook = ({ method }) => {
      if (method === 'RegisterUsingToken') throw new ConnectError('unknown method', Code.Unimplemented);
    };
    await expect(joinAtAuth({ via: 'auth', address: auth.address }, options())).rejects.toThrow(
      `127.0.0.1:${auth.address.port}`,
    );
  });

  it('holds the conversation of a challenge method', async () => {
    const method: JoinMethod = {
      name: 'test',
      form: 'challenge',
      repeatable: true,
      register: async (client, request) => {
        const { JoinService } = await import('../../gen/teleport/client/joinservice_pb.js');
        return client.unary(JoinService.method.registerUsingToken, { ...request, IDToken: 'solution' });
      },
    };
    await joinAtAuth({ via: 'auth', address: auth.address }, options({ method }));
    expect(auth.idTokens).toEqual(['solution']);
  });
});
