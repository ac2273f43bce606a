// Contract: the proxy as a way in: joining over HTTP and gRPC there, being passed on to Auth, the protocols that it knows.
import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { JoinService } from '../../../src/gen/teleport/client/joinservice_pb.js';
import type { TeleportClient } from '../../../src/teleport/client.js';
import { authorizedKey } from '../../../src/teleport/keys.js';
import type { RunningTeleport } from '../../env/types.js';
import { apiDomain, hostCa, newKeys, overSocket, secureSocket } from './clients.js';
import { expectRefusal, unique } from './expectations.js';
import { spent } from './joining.js';
import { web } from './proxy-web.js';

export function joiningProxyContract(teleport: () => RunningTeleport): void {
  const newBot = () => teleport().addBot({ name: unique('op'), join: { method: 'token' } });

  it('joins over HTTP at the proxy, with the same refusals', async () => {
    const address = teleport().proxyAddress;
    const find = await web(address, teleport().proxyCa, 'GET', '/webapi/find');
    expect(find.status).toBe(200);
    expect(find.body).toMatchObject({
      cluster_name: teleport().clusterName,
      auth: { type: '', signature_algorithm_suite: 'balanced-v1' },
      proxy: { tls_routing_enabled: true, ssh: { public_addr: address, web_listen_addr: address } },
      edition: 'oss',
      min_client_version: '17.0.0-aa',
    });
    const post = (body: object | string, type = 'application/json; charset=utf-8') =>
      web(address, teleport().proxyCa, 'POST', '/webapi/host/credentials', body, type);
    const body = {
      role: 'Bot',
      token: 'unknown',
      public_tls_key: Buffer.from(newKeys().publicKey).toString('base64'),
    };
    expect(await post(body)).toMatchObject({ status: 403, body: { error: { message: spent } } });
    expect(await post({ ...body, token: '' })).toMatchObject({ status: 400 });
    expect(await post(body, '')).toMatchObject({
      status: 400,
      body: { error: { message: 'invalid request' } },
    });
    expect(await post('{')).toMatchObject({
      status: 400,
      body: { error: { message: 'request: unexpected end of JSON input' } },
    });
    const sshKey = authorizedKey(generateKeyPairSync('ed25519').publicKey);
    const joined = await post({
      ...body,
      token: await newBot(),
      public_ssh_key: Buffer.from(sshKey).toString('base64'),
      expires: new Date(Date.now() + 600_000).toISOString(),
    });
    expect(joined.status).toBe(200);
    const certs = joined.body as {
      tls: string;
      ssh?: string;
      tls_ca_certs: string[];
      ssh_ca_certs: string[];
    };
    expect(Buffer.from(certs.tls, 'base64').toString()).toContain('BEGIN CERTIFICATE');
    expect(certs.tls_ca_certs).toHaveLength(2);
    expect(Buffer.from(certs.ssh ?? '', 'base64').toString()).toContain('-cert-v01@openssh.com ');
    expect(await web(address, teleport().proxyCa, 'GET', '/webapi/nothing')).toMatchObject({
      status: 404,
      body: { error: { message: 'path not found' } },
    });
  });

  it('joins over gRPC at the proxy, where nothing else is served', async () => {
    const unary = await proxyGrpc(teleport());
    const certs = await unary(JoinService.method.registerUsingToken, {
      Role: 'Bot',
      Token: await newBot(),
      PublicTLSKey: newKeys().publicKey,
    });
    expect(certs.TLSCACerts).toHaveLength(2);
    await expectRefusal(
      unary(JoinService.method.registerUsingToken, {
        Role: 'Bot',
        Token: 'unknown',
        PublicTLSKey: newKeys().publicKey,
      }),
      'AccessDenied',
      spent,
    );
    await expectRefusal(
      unary(AuthService.method.ping, {}),
      'NotImplemented',
      'unknown service proto.AuthService',
    );
  });

  it('reaches Auth through the proxy, without a certificate and with one', async () => {
    const encoded = `${Buffer.from(teleport().clusterName).toString('hex')}.${apiDomain}`;
    const ca = await hostCa(teleport());
    const ALPNProtocols = [`teleport-auth@${encoded}`, 'h2'];
    const socket = await secureSocket(teleport().proxyAddress, { ca, servername: encoded, ALPNProtocols });
    expect(socket.alpnProtocol).toBe('h2');
    const unary = overSocket(socket, teleport().proxyAddress);
    expect((await unary(AuthService.method.ping, {})).ClusterName).toBe(teleport().clusterName);
    const keys = newKeys();
    const certs = await unary(JoinService.method.registerUsingToken, {
      Role: 'Bot',
      Token: await newBot(),
      PublicTLSKey: keys.publicKey,
    });
    socket.destroy();
    const cert = Buffer.from(certs.TLS).toString();
    const own = await secureSocket(teleport().proxyAddress, {
      ca,
      servername: encoded,
      ALPNProtocols,
      cert,
      key: keys.key,
    });
    await overSocket(own, teleport().proxyAddress)(AuthService.method.ping, {});
    own.destroy();
  });

  it('takes the protocol of the reverse tunnel at the proxy, by which one sees that protocols arrive', async () => {
    const socket = await secureSocket(teleport().proxyAddress, {
      ca: teleport().proxyCa,
      servername: 'localhost',
      ALPNProtocols: ['teleport-reversetunnel'],
    });
    expect(socket.alpnProtocol).toBe('teleport-reversetunnel');
    socket.destroy();
  });

  it('resets a connection to the proxy whose protocols it does not know', async () => {
    const options = { ca: teleport().proxyCa, servername: 'localhost' };
    const unknown = secureSocket(teleport().proxyAddress, { ...options, ALPNProtocols: ['nonsense'] });
    await expect(unknown).rejects.toMatchObject({ code: 'ECONNRESET' });
    const elsewhere = secureSocket(teleport().proxyAddress, {
      ...options,
      ALPNProtocols: [`teleport-auth@abcd.${apiDomain}`, 'h2'],
    });
    await expect(elsewhere).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
}

async function proxyGrpc(teleport: RunningTeleport): Promise<TeleportClient['unary']> {
  const socket = await secureSocket(teleport.proxyAddress, {
    ca: teleport.proxyCa,
    servername: 'localhost',
    ALPNProtocols: ['teleport-proxy-grpc', 'h2'],
  });
  expect(socket.alpnProtocol).toBe('h2');
  return overSocket(socket, teleport.proxyAddress);
}
