// Auth or proxy, found by trying: a proxy of twenty lines hands TLS on to Auth by the protocol that is asked for.
import { createServer as createHttps, type Server as HttpsServer } from 'node:https';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeAuth } from '../../test/builders/fake-auth.js';
import { makeCa } from '../../test/builders/teleport-certificates.js';
import { systemClock } from '../core/clock.js';
import { type Logger, silentLogger } from '../core/log.js';
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import { SignatureAlgorithmSuite } from '../gen/teleport/types/cluster_config_pb.js';
import { UntrustedServer } from './dial.js';
import type { JoinOptions } from './join/join.js';
import { token } from './join/token.js';
import { generateKeys } from './keys.js';
import { pinOf } from './trust.js';
import { WayFinder } from './way-finder.js';
import { clientOn } from './ways.js';

class FakeProxy {
  /** ClientHellos that were handed on to Auth. */
  handedOn = 0;
  /** Paths that its web server was asked for. */
  readonly asked: string[] = [];
  readonly #web: HttpsServer;
  readonly #front: Server;
  readonly #sockets = new Set<Socket>();

  static async start(auth: FakeAuth, port = 0): Promise<FakeProxy> {
    const ca = await makeCa('web');
    const keys = await generateKeys(SignatureAlgorithmSuite.BALANCED_V1);
    const publicKey = Buffer.from(keys.publicKey).toString();
    const cert = await ca.issue({
      subject: [['CN', 'w']],
      publicKey,
      notAfter: Date.now() + 1e9,
      ips: ['127.0.0.1'],
    });
    const proxy = new FakeProxy(auth, cert, keys.privateKey);
    await new Promise<void>((resolve) => proxy.#web.listen(0, '127.0.0.1', resolve));
    await new Promise<void>((resolve) => proxy.#front.listen(port, '127.0.0.1', resolve));
    return proxy;
  }

  private constructor(auth: FakeAuth, cert: string, key: string) {
    this.#web = createHttps({ cert, key, ALPNProtocols: ['http/1.1'] }, (request, response) => {
      this.asked.push(request.url ?? '');
      const known = request.url === '/webapi/find';
      response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
      response.end(known ? JSON.stringify({ cluster_name: auth.clusterName }) : '{}');
    });
    this.#front = createServer((client) => {
      this.#keep(client);
      client.once('data', (hello) => {
        const toAuth = hello.includes('teleport-auth@');
        if (toAuth) this.handedOn++;
        const port = toAuth ? auth.address.port : (this.#web.address() as AddressInfo).port;
        const server = connect(port, '127.0.0.1');
        this.#keep(server);
        server.write(hello);
        client.pipe(server).pipe(client);
      });
    });
  }

  get port(): number {
    return (this.#front.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#web.closeAllConnections();
    await Promise.all(
      [this.#web, this.#front].map((server) => new Promise((resolve) => server.close(resolve))),
    );
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
  }
}

let auth: FakeAuth;
let proxy: FakeProxy;
let found: unknown[];
const log: Logger = { ...silentLogger, info: (_, fields) => void found.push(fields?.server) };

beforeEach(async () => {
  found = [];
  auth = await FakeAuth.start({ clock: systemClock });
  auth.tokens.set('t', 'kubernetes');
  proxy = await FakeProxy.start(auth);
});
afterEach(async () => {
  await proxy.stop();
  await auth.stop();
});

const options = (): JoinOptions => ({
  method: token,
  token: 't',
  ttlMs: 600_000,
  caPins: [pinOf(auth.cas.host.pem)],
  insecure: false,
  env: {},
  clock: systemClock,
  log: silentLogger,
});
const finder = (address: string, flag: 'authServer' | 'proxyServer' = 'authServer') =>
  new WayFinder(
    {
      authServer: '',
      [flag]: address,
      joinMethod: 'token',
      token: 't',
      caPins: [],
      insecure: false,
      certificateTtlMs: 1,
      renewalIntervalMs: 1,
      env: {},
    },
    log,
  );

describe('WayFinder', () => {
  it('finds Auth', async () => {
    const ways = finder(`127.0.0.1:${auth.address.port}`);
    await ways.join(options());
    expect(ways.way).toEqual({ via: 'auth', address: auth.address });
  });

  it('finds a proxy, verifies Auth through it by the pins, and calls through it', async () => {
    const ways = finder(`127.0.0.1:${proxy.port}`);
    const { identity } = await ways.join(options());
    expect(ways.way).toMatchObject({ via: 'proxy', clusterName: 'test.example' });
    const { session } = await ways.open(identity, options());
    const role = await clientOn(session, options()).unary(AuthService.method.getRole, { Name: 'x' });
    expect(role.Metadata?.Name).toBe('x');
    expect(auth.callsOf('GetRole')).toEqual([{ method: 'GetRole', user: 'bot-op' }]);
    expect(proxy.handedOn).toBe(3);
    session.destroy();
  });

  it('takes -proxy-server for a proxy and nothing else', async () => {
    await expect(finder(`127.0.0.1:${auth.address.port}`, 'proxyServer').join(options())).rejects.toThrow(
      /^Teleport cannot be reached; as a proxy: [^;]*$/,
    );
    expect(auth.calls).toEqual([]);
  });

  it('tells of both readings when nobody is there', async () => {
    await expect(finder('127.0.0.1:1').join(options())).rejects.toThrow(
      'Teleport cannot be reached; as Auth: 127.0.0.1:1: connection refused: nothing listens there; as a proxy: 127.0.0.1:1',
    );
  });

  it('takes a refusal of Teleport as final: the other reading is not tried', async () => {
    auth.tokens.clear();
    await expect(finder(`127.0.0.1:${auth.address.port}`).join(options())).rejects.toMatchObject({
      kind: 'AccessDenied',
    });
  });

  it('shows the proof of a later join to no stranger in the place of Auth, also with -insecure', async () => {
    const { port } = auth.address;
    const first = { ...options(), caPins: [], insecure: true };
    const ways = finder(`127.0.0.1:${port}`);
    const { identity } = await ways.join(first);
    await auth.stop();
    await proxy.stop();
    proxy = await FakeProxy.start(auth, port);
    await expect(ways.join({ ...first, knownHostCas: identity.hostCas })).rejects.toMatchObject({
      kind: 'Unavailable',
      message: expect.stringMatching(/^Teleport cannot be reached; as Auth: [^;]*$/),
    });
    expect(proxy.asked).toEqual([]);
    auth = await FakeAuth.start({ clock: systemClock });
  });

  it('remembers the way, doubts it after three failures, and finds another', async () => {
    const { port } = auth.address;
    const ways = finder(`127.0.0.1:${port}`);
    const { identity } = await ways.join(options());
    (await ways.open(identity, options())).session.destroy();
    const { cas } = auth;
    await auth.stop();
    auth = await FakeAuth.start({ clock: systemClock, cas });
    await proxy.stop();
    proxy = await FakeProxy.start(auth, port);
    for (let failures = 0; failures < 3; failures++) {
      await expect(ways.open(identity, options())).rejects.toMatchObject({ kind: 'Unavailable' });
    }
    const { session } = await ways.open(identity, options());
    session.destroy();
    expect(ways.way?.via).toBe('proxy');
    expect(found).toEqual([`Auth at 127.0.0.1:${port}`, `the proxy at 127.0.0.1:${port}`]);
  });

  it('tells that who answers is not believed, also after the way was doubted', async () => {
    const { port } = auth.address;
    const ways = finder(`127.0.0.1:${port}`);
    const { identity } = await ways.join(options());
    (await ways.open(identity, options())).session.destroy();
    await auth.stop();
    for (let failures = 0; failures < 4; failures++)
      await expect(ways.open(identity, options())).rejects.not.toBeInstanceOf(UntrustedServer);
    auth = await FakeAuth.start({ clock: systemClock, port });
    await expect(ways.open(identity, options())).rejects.toBeInstanceOf(UntrustedServer);
    await proxy.stop();
    await auth.stop();
    auth = await FakeAuth.start({ clock: systemClock });
    proxy = await FakeProxy.start(auth, port);
    await expect(ways.open(identity, options())).rejects.toBeInstanceOf(UntrustedServer);
  });
});
