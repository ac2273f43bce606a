// The embedded Teleport over real sockets: TLS, joining, certificates, the proxy's routing.
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { JoinService } from '../../src/gen/teleport/client/joinservice_pb.js';
import { chainsUntold } from '../../test/env/node.js';
import { type EmbeddedTeleport, startTeleport } from './server.js';

let teleport: EmbeddedTeleport;

beforeEach(async () => {
  teleport = await startTeleport({ clusterName: 'test.local' });
});

afterEach(() => teleport.close());

const servername = 'teleport.cluster.local';

function transport(options: ConnectionOptions, address = teleport.authAddress) {
  return createGrpcTransport({
    baseUrl: `https://${address}`,
    nodeOptions: { servername, ca: teleport.hostCaPem, ...options },
  });
}

function keys() {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    tls: Buffer.from(pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()),
  };
}

describe('embedded Teleport', () => {
  it('answers Ping to anybody', async () => {
    const reply = await createClient(AuthService, transport({})).ping({});
    expect(reply.ClusterName).toBe('test.local');
    expect(reply.LicenseExpiry?.seconds).toBe(-62135596800n);
  });

  it('joins with a token once, renews, impersonates, and acts with the result', async () => {
    const token = teleport.addBot({ name: 'op', join: { method: 'token' } });
    const first = keys();
    const join = createClient(JoinService, transport({}));
    const request = { Role: 'Bot', Token: token, PublicTLSKey: first.tls };
    const certs = await join.registerUsingToken(request);
    const cert = Buffer.from(certs.TLS).toString();
    const subject = new X509Certificate(cert).subject;
    expect(subject).toContain('CN=bot-op');
    expect(subject).toContain('1.3.9999.1.13=true');
    expect(certs.TLSCACerts).toHaveLength(2);
    await expect(join.registerUsingToken(request)).rejects.toMatchObject({
      code: 7,
      rawMessage: '"" can not join the cluster with role "Bot", token expired or not found',
    });

    const bot = createClient(AuthService, transport({ cert, key: first.key }));
    const second = keys();
    const output = await bot.generateUserCerts({
      Username: 'bot-op',
      Expires: timestampFromMs(Date.now() + 3600_000),
      RoleRequests: ['operator'],
      UseRoleRequests: true,
      TLSPublicKey: second.tls,
    });
    expect(output.TLSCACerts).toHaveLength(1);
    const operator = createClient(
      AuthService,
      transport({ cert: Buffer.from(output.TLS).toString(), key: second.key }),
    );
    const role = await operator.upsertRoleV2({ Role: { Version: 'v99', Metadata: { Name: 'made' } } });
    expect(role.Version).toBe('v8');
    expect(teleport.resources.list('role')).toHaveLength(7);
  });

  it('passes teleport-auth@ through the proxy to Auth', async () => {
    const alpn = `teleport-auth@${Buffer.from('test.local').toString('hex')}.teleport.cluster.local`;
    const socket = await secure({ ALPNProtocols: [alpn, 'h2'], servername, ca: teleport.hostCaPem });
    expect(socket.alpnProtocol).toBe('h2');
    expect(socket.getPeerX509Certificate()?.subjectAltName).toContain('teleport.cluster.local');
    socket.destroy();
  });

  it('resets protocols that it does not know', async () => {
    const options = {
      ALPNProtocols: ['teleport-auth@abcd'],
      servername: 'localhost',
      ca: teleport.proxyCaPem,
    };
    await expect(secure(options)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('joins over the proxy, with gRPC and with HTTP', async () => {
    const token = teleport.addBot({ name: 'op', join: { method: 'token' } });
    const ca = teleport.proxyCaPem;
    const socket = await secure({
      servername: 'localhost',
      ca,
      ALPNProtocols: ['teleport-proxy-grpc', 'h2'],
    });
    const nodeOptions = { createConnection: () => socket };
    const client = createClient(
      JoinService,
      createGrpcTransport({ baseUrl: `https://${teleport.proxyAddress}`, nodeOptions }),
    );
    const certs = await client.registerUsingToken({ Role: 'Bot', Token: token, PublicTLSKey: keys().tls });
    expect(certs.TLS.length).toBeGreaterThan(0);
    socket.destroy();

    const found = await web('GET', '/webapi/find');
    expect(found).toMatchObject({ status: 200, body: { cluster_name: 'test.local' } });
    const body = { role: 'Bot', token: 'spent', public_tls_key: keys().tls.toString('base64') };
    expect(await web('POST', '/webapi/host/credentials', body)).toMatchObject({
      status: 403,
      body: { error: { message: expect.stringContaining('token expired or not found') } },
    });
    const live = { ...body, token: teleport.addBot({ name: 'op', join: { method: 'token' } }) };
    const joined = await web('POST', '/webapi/host/credentials', live);
    expect(joined).toMatchObject({ status: 200, body: { tls: expect.any(String) } });
  });

  it('joins in_cluster with the review that the test gives', async () => {
    await teleport.close();
    const reviewed: string[] = [];
    teleport = await startTeleport({
      clusterName: 'test.local',
      reviewToken: (jwt, audiences) => {
        reviewed.push(jwt, ...audiences);
        return Promise.resolve({
          authenticated: true,
          username: 'system:serviceaccount:ns:operator',
          groups: ['system:serviceaccounts'],
          extra: { 'authentication.kubernetes.io/pod-name': ['operator-0'] },
        });
      },
    });
    const join = { method: 'kubernetes', type: 'in_cluster', serviceAccount: 'ns:operator' } as const;
    const Token = teleport.addBot({ name: 'op', join });
    const client = createClient(JoinService, transport({}));
    const request = { Role: 'Bot', Token, PublicTLSKey: keys().tls };
    const certs = await client.registerUsingToken({ ...request, IDToken: 'jwt' });
    expect(new X509Certificate(Buffer.from(certs.TLS)).subject).not.toContain('1.3.9999.1.13=');
    expect(reviewed).toEqual(['jwt', 'test.local']);
    const other = teleport.addBot({ name: 'other', join: { ...join, serviceAccount: 'ns:other' } });
    await expect(
      client.registerUsingToken({ ...request, Token: other, IDToken: 'jwt' }),
    ).rejects.toMatchObject({
      code: 7,
      rawMessage: 'kubernetes token did not match any allow rules',
    });
  });

  it('closes a connection whose client sends a chain', async ({ skip }) => {
    if (chainsUntold !== undefined) skip(chainsUntold);
    const admin = await teleport.admin();
    const chain = admin.certPem + teleport.state.userCa.pem;
    const client = createClient(AuthService, transport({ cert: chain, key: admin.keyPem }));
    await expect(client.ping({})).rejects.toMatchObject({ name: 'ConnectError' });
    const alone = createClient(AuthService, transport({ cert: admin.certPem, key: admin.keyPem }));
    await alone.ping({});
  });
});

function secure(options: ConnectionOptions) {
  const [host = '', port = ''] = teleport.proxyAddress.split(':');
  return new Promise<ReturnType<typeof tlsConnect>>((resolve, reject) => {
    const socket = tlsConnect({ ...options, host, port: Number(port) }, () => resolve(socket));
    socket.once('error', reject);
  });
}

function web(method: string, path: string, body?: object) {
  return new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
    const headers = body ? { 'content-type': 'application/json; charset=utf-8' } : {};
    const url = `https://${teleport.proxyAddress}${path}`;
    const call = request(url, { method, headers, ca: teleport.proxyCaPem, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode, body: JSON.parse(text) as unknown }));
    });
    call.on('error', reject);
    call.end(body && JSON.stringify(body));
  });
}
