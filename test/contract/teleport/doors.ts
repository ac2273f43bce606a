// Contract: the ways to Auth that are not Auth's own port, as bytes on the wire: the proxy's gRPC tunnel, the connection
// upgrade, and joins in which the server speaks first.
import { generateKeyPairSync } from 'node:crypto';
import { connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { describe, expect, it } from 'vitest';
import { createWebSocketStream, WebSocket } from 'ws';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { JoinService } from '../../../src/gen/teleport/client/joinservice_pb.js';
import { TransportService } from '../../../src/gen/teleport/transport/v1/transport_service_pb.js';
import { authorizedKey } from '../../../src/teleport/keys.js';
import { ofConnect } from '../../env/connect-errors.js';
import type { RunningTeleport } from '../../env/types.js';
import { apiDomain, hostCa, joinedBot, newKeys, overSocket, secureSocket } from './clients.js';
import { expectRefusal, unique } from './expectations.js';

const encoded = (clusterName: string) => `${Buffer.from(clusterName).toString('hex')}.${apiDomain}`;

export function doorsContract(teleport: () => RunningTeleport): void {
  const transportSocket = async (): Promise<TLSSocket> => {
    const { certs, keys } = await joinedBot(teleport(), unique('op'));
    return secureSocket(teleport().proxyAddress, {
      servername: apiDomain,
      ALPNProtocols: ['teleport-proxy-ssh-grpc', 'h2'],
      ca: await hostCa(teleport()),
      cert: Buffer.from(certs.TLS).toString(),
      key: keys.key,
    });
  };
  const transportClient = (socket: TLSSocket) =>
    createClient(
      TransportService,
      createGrpcTransport({
        baseUrl: `https://${teleport().proxyAddress}`,
        nodeOptions: { createConnection: () => socket },
      }),
    );

  it('tunnels bytes to Auth in frames of ProxyCluster', async () => {
    const socket = await transportSocket();
    expect(socket.alpnProtocol).toBe('h2');
    const replies = transportClient(socket).proxyCluster(
      (async function* () {
        yield { cluster: teleport().clusterName };
        // A TLS record that is no handshake: Auth itself answers with an alert.
        yield { frame: { payload: Buffer.from([22, 3, 1, 0, 1, 0]) } };
        await new Promise((resolve) => setTimeout(resolve, 5_000).unref());
      })(),
    );
    const first = await replies[Symbol.asyncIterator]()
      .next()
      .catch(() => ({ value: undefined }));
    const payload = (first.value as { frame?: { payload: Uint8Array } } | undefined)?.frame?.payload;
    // 21 is an alert (RFC 8446 5.1); a server may also close without one.
    if (payload !== undefined) expect(payload[0]).toBe(21);
    socket.destroy();
  });

  it('refuses to tunnel to another cluster', async () => {
    const socket = await transportSocket();
    const replies = transportClient(socket).proxyCluster(
      (async function* () {
        yield { cluster: 'nope' };
      })(),
    );
    const call = (async () => {
      try {
        for await (const reply of replies) return reply;
      } catch (error) {
        throw ofConnect(error, '');
      }
    })();
    await expectRefusal(call, 'NotFound', /cluster "nope" is not found/);
    socket.destroy();
  });

  it('treats what comes through a connection upgrade as a connection of its own', async () => {
    const outer = await secureSocket(teleport().proxyAddress, { ca: teleport().proxyCa });
    const socket = new WebSocket(`ws://${teleport().proxyAddress}/webapi/connectionupgrade`, ['alpn-ping'], {
      createConnection: () => outer,
      perMessageDeflate: false,
    });
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    expect(socket.protocol).toBe('alpn-ping');
    const name = encoded(teleport().clusterName);
    const inner = await shaken({
      socket: createWebSocketStream(socket),
      servername: name,
      ALPNProtocols: [`teleport-auth@${name}`, 'h2'],
      ca: await hostCa(teleport()),
    });
    const ping = await overSocket(inner, teleport().authAddress)(AuthService.method.ping, {});
    expect(ping.ClusterName).toBe(teleport().clusterName);
    inner.destroy();
    socket.terminate();
  });

  it('shows the host certificate inside an upgraded connection where it ends TLS itself', async () => {
    const outer = await secureSocket(teleport().proxyAddress, { ca: teleport().proxyCa });
    const socket = new WebSocket(`ws://${teleport().proxyAddress}/webapi/connectionupgrade`, ['alpn'], {
      createConnection: () => outer,
      perMessageDeflate: false,
    });
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    const inner = await shaken({
      socket: createWebSocketStream(socket),
      servername: apiDomain,
      ALPNProtocols: ['teleport-proxy-grpc', 'h2'],
      ca: await hostCa(teleport()),
    });
    expect(inner.authorized).toBe(true);
    inner.destroy();
    socket.terminate();
  });

  it.each([
    ['GET', '/webapi/find'],
    ['POST', '/v2/tokens/register'],
  ])('has no %s %s at Auth: neither a web API nor the HTTP join of older servers', async (method, path) => {
    const [host, port] = teleport().authAddress.split(':');
    const options = { host, port, method, path, ca: await hostCa(teleport()), servername: apiDomain };
    const [status, text] = await new Promise<[number | undefined, string]>((resolve, reject) => {
      const call = httpsRequest(options, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => resolve([response.statusCode, body]));
      });
      call.on('error', reject);
      call.end();
    });
    expect([status, text.trim()]).toEqual([404, '404 page not found']);
  });

  it('answers no RPC on the web port of a proxy, which is how a proxy shows that it is no Auth', async () => {
    const socket = await secureSocket(teleport().proxyAddress, {
      ca: teleport().proxyCa,
      ALPNProtocols: ['h2'],
    });
    const session = connectHttp2(`https://${teleport().proxyAddress}`, { createConnection: () => socket });
    const stream = session.request({
      ':method': 'POST',
      ':path': '/proto.AuthService/Ping',
      'content-type': 'application/grpc+proto',
    });
    stream.end(Buffer.alloc(5));
    const headers = await new Promise<IncomingHttpHeaders>((resolve, reject) => {
      stream.once('response', resolve);
      stream.once('error', reject);
    });
    expect(headers[':status']).toBe(404);
    expect(headers).not.toHaveProperty('grpc-status');
    session.destroy();
  });

  /** The joins' service, at Auth or at the proxy's own gRPC door. */
  const joinsAt = async (place: 'Auth' | 'the proxy') => {
    const atAuth = place === 'Auth';
    const address = atAuth ? teleport().authAddress : teleport().proxyAddress;
    const socket = await secureSocket(address, {
      servername: atAuth ? apiDomain : 'localhost',
      ALPNProtocols: atAuth ? ['h2'] : ['teleport-proxy-grpc', 'h2'],
      ca: atAuth ? await hostCa(teleport()) : teleport().proxyCa,
    });
    const nodeOptions = { createConnection: () => socket };
    const client = createClient(
      JoinService,
      createGrpcTransport({ baseUrl: `https://${address}`, nodeOptions }),
    );
    return { client, close: () => socket.destroy() };
  };

  describe.each(['Auth', 'the proxy'] as const)('at %s', (place) => {
    it.each([
      ['registerUsingIAMMethod', /^[A-Za-z0-9+/]{43}$/],
      ['registerUsingAzureMethod', /^[\w-]{32}$/],
    ] as const)('%s begins with a challenge', async (method, form) => {
      const { client, close } = await joinsAt(place);
      let release: () => void = () => {};
      const silent = new Promise<void>((resolve) => {
        release = resolve;
      });
      const replies = client[method](
        // The client says nothing until it is asked.
        (async function* () {
          await silent;
          yield* [];
        })(),
      );
      const { value } = await replies[Symbol.asyncIterator]().next();
      expect((value as { challenge: string }).challenge).toMatch(form);
      release();
      close();
    });

    it.each([
      [
        'registerUsingIAMMethod',
        { stsIdentityRequest: Buffer.from('POST / HTTP/1.1\r\nHost: example.com\r\n\r\n') },
      ],
      ['registerUsingAzureMethod', { attestedData: Buffer.from('{}'), accessToken: 'x' }],
    ] as const)('%s lets no token of another method join', async (method, proof) => {
      const token = await teleport().addBot({ name: unique('op'), join: { method: 'token' } });
      const { client, close } = await joinsAt(place);
      const request = {
        registerUsingTokenRequest: {
          Role: 'Bot',
          Token: token,
          PublicTLSKey: newKeys().publicKey,
          PublicSSHKey: Buffer.from(authorizedKey(generateKeyPairSync('ed25519').publicKey)),
          Expires: timestampFromMs(Date.now() + 3600_000),
        },
        ...proof,
      };
      const replies = client[method](
        (async function* () {
          yield request;
        })(),
      );
      const call = (async () => {
        try {
          for await (const reply of replies) if (reply.certs) return reply;
        } catch (error) {
          throw ofConnect(error, '');
        }
      })();
      await expectRefusal(call, 'AccessDenied', /./);
      close();
    });
  });
}

function shaken(options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect(options, () => resolve(socket));
    socket.once('error', reject);
  });
}
