// Contract: the ways to Auth that are not Auth's own port, as bytes on the wire: the proxy's gRPC tunnel, the connection
// upgrade, and joins in which the server speaks first.
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { expect, it } from 'vitest';
import { createWebSocketStream, WebSocket } from 'ws';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { JoinService } from '../../../src/gen/teleport/client/joinservice_pb.js';
import { TransportService } from '../../../src/gen/teleport/transport/v1/transport_service_pb.js';
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
    ['registerUsingIAMMethod', /^[A-Za-z0-9+/]{43}$/],
    ['registerUsingAzureMethod', /^[\w-]{32}$/],
  ] as const)('%s begins with a challenge', async (method, form) => {
    const socket = await secureSocket(teleport().authAddress, {
      servername: apiDomain,
      ALPNProtocols: ['h2'],
      ca: await hostCa(teleport()),
    });
    const transport = createGrpcTransport({
      baseUrl: `https://${teleport().authAddress}`,
      nodeOptions: { createConnection: () => socket },
    });
    let release: () => void = () => {};
    const silent = new Promise<void>((resolve) => {
      release = resolve;
    });
    const replies = createClient(JoinService, transport)[method](
      // The client says nothing until it is asked.
      (async function* () {
        await silent;
        yield* [];
      })(),
    );
    const { value } = await replies[Symbol.asyncIterator]().next();
    expect((value as { challenge: string }).challenge).toMatch(form);
    release();
    socket.destroy();
  });

  it('lets no token of another method join by a stream', async () => {
    const token = await teleport().addBot({ name: unique('op'), join: { method: 'token' } });
    const socket = await secureSocket(teleport().authAddress, {
      servername: apiDomain,
      ALPNProtocols: ['h2'],
      ca: await hostCa(teleport()),
    });
    const transport = createGrpcTransport({
      baseUrl: `https://${teleport().authAddress}`,
      nodeOptions: { createConnection: () => socket },
    });
    const keys = newKeys();
    const replies = createClient(JoinService, transport).registerUsingIAMMethod(
      (async function* () {
        yield {
          registerUsingTokenRequest: { Role: 'Bot', Token: token, PublicTLSKey: keys.publicKey },
          stsIdentityRequest: Buffer.from('POST / HTTP/1.1\r\nHost: example.com\r\n\r\n'),
        };
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
    socket.destroy();
  });
}

function shaken(options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect(options, () => resolve(socket));
    socket.once('error', reject);
  });
}
