// Contract: joining, with the methods token and kubernetes, at Auth and through the proxy.
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { expect, it } from 'vitest';
import { sshLine } from '../../../sandbox/teleport/ca/ssh.js';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { JoinService } from '../../../src/gen/teleport/client/joinservice_pb.js';
import type { TeleportClient } from '../../../src/teleport/client.js';
import { authorizedKey } from '../../../src/teleport/keys.js';
import { eventually } from '../../env/eventually.js';
import type { RunningTeleport } from '../../env/types.js';
import {
  apiDomain,
  hostCa,
  join,
  joinedBot,
  newKeys,
  overSocket,
  secureSocket,
  withCerts,
} from './clients.js';
import { expectRefusal, unique } from './expectations.js';

const spent = '"" can not join the cluster with role "Bot", token expired or not found';

export function joiningContract(teleport: () => RunningTeleport): void {
  const newBot = () => teleport().addBot({ name: unique('op'), join: { method: 'token' } });

  it('gives a bot a renewable certificate that says who it is', async () => {
    const name = unique('op');
    const { certs, client } = await joinedBot(teleport(), name);
    const certificate = new X509Certificate(Buffer.from(certs.TLS));
    const subject = certificate.subject.split('\n');
    expect(subject).toContain(`CN=bot-${name}`);
    expect(subject).toContain(`O=bot-${name}`);
    expect(subject).toContain(`1.3.9999.1.7=${teleport().clusterName}`);
    expect(subject).toContain('1.3.9999.1.13=true');
    expect(subject).toContain('1.3.9999.1.14=1');
    expect(subject).toContain('1.3.9999.1.20=local');
    expect(subject).toContain(`1.3.9999.2.18=${name}`);
    expect(subject).toContain('POSTALCODE=null'.replace('POSTALCODE', 'postalCode'));
    expect(certificate.subject).toMatch(/1\.3\.9999\.2\.20=[0-9a-f-]{36}/);
    expect(certificate.subject).toMatch(/L=-teleport-internal-join \+ L=-teleport-nologin-/);
    const issuer = certificate.issuer.split('\n');
    expect(issuer).toContain(`O=${teleport().clusterName}`);
    expect(issuer).toContain(`CN=${teleport().clusterName}`);
    expect(certificate.issuer).toMatch(/serialNumber=\d+/);
    expect(certs.TLSCACerts).toHaveLength(2);
    expect(certs.SSHCACerts).toHaveLength(2);
    const signers = certs.TLSCACerts.filter((pem) =>
      certificate.verify(new X509Certificate(Buffer.from(pem)).publicKey),
    );
    expect(signers).toHaveLength(1);
    const hour = 3600_000;
    const left = Date.parse(certificate.validTo) - Date.now();
    expect(left).toBeGreaterThan(0.9 * hour);
    expect(left).toBeLessThanOrEqual(hour + 5_000);
    await client.unary(AuthService.method.ping, {});
    client.close();
  });

  it('takes a secret token once', async () => {
    const token = await newBot();
    await join(teleport(), newKeys(), { Token: token });
    await eventually(() =>
      expectRefusal(join(teleport(), newKeys(), { Token: token }), 'AccessDenied', spent),
    );
  });

  it('limits the life of certificates to the bot role and to what is asked', async () => {
    const asked = await join(teleport(), newKeys(), {
      Token: await newBot(),
      Expires: timestampFromMs(Date.now() + 100 * 3600_000),
    });
    const hours = (Date.parse(new X509Certificate(Buffer.from(asked.TLS)).validTo) - Date.now()) / 3600_000;
    expect(hours).toBeGreaterThan(11.9);
    expect(hours).toBeLessThan(12.1);
  });

  it('refuses unknown and empty tokens, and other roles', async () => {
    const refused = (init: Parameters<typeof join>[2]) => join(teleport(), newKeys(), init);
    await expectRefusal(refused({ Token: 'unknown' }), 'AccessDenied', spent);
    await expectRefusal(refused({ Token: '' }), 'BadParameter', 'missing parameter Token');
    await expectRefusal(refused({ Token: 'x', Role: 'bot' }), 'BadParameter', 'missing parameter HostID');
    const node = unique('token');
    await teleport().admin.unary(AuthService.method.upsertTokenV2, {
      Token: { case: 'V2', value: { Metadata: { Name: node }, Spec: { Roles: ['Node'] } } },
    });
    await expectRefusal(
      refused({ Token: node }),
      'BadParameter',
      'node "" [] can not join the cluster, the token does not allow "Bot" role',
    );
    const nobody = unique('token');
    await teleport().admin.unary(AuthService.method.upsertTokenV2, {
      Token: {
        case: 'V2',
        value: { Metadata: { Name: nobody }, Spec: { Roles: ['Bot'], BotName: 'nobody' } },
      },
    });
    await expectRefusal(refused({ Token: nobody }), 'AccessDenied', 'access denied');
  });

  it('refuses a key that is none, and keeps the token', async () => {
    const token = await newBot();
    const garbage = join(teleport(), newKeys(), { Token: token, PublicTLSKey: Buffer.from('garbage') });
    await expectRefusal(garbage, 'BadParameter', /^failed to decode public key PEM block/);
    await join(teleport(), newKeys(), { Token: token });
  });

  it('spends the token on an SSH key alone, for which there is no TLS certificate', async () => {
    const token = await newBot();
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const certs = await join(teleport(), newKeys(), {
      Token: token,
      PublicTLSKey: new Uint8Array(),
      PublicSSHKey: Buffer.from(sshLine(publicKey.export({ format: 'jwk' }))),
    });
    expect(certs.TLS).toHaveLength(0);
    expect(Buffer.from(certs.SSH).toString()).toMatch(/^ecdsa-sha2-nistp256-cert-v01@openssh\.com /);
    expect(certs.SSHCACerts).toHaveLength(2);
    await eventually(() =>
      expectRefusal(join(teleport(), newKeys(), { Token: token }), 'AccessDenied', spent),
    );
  });

  it('keeps the instance when a bot joins again on its own connection', async () => {
    const name = unique('op');
    const { client, certs } = await joinedBot(teleport(), name);
    const token = await teleport().addBot({ name, join: { method: 'token' } });
    const again = await client.unary(JoinService.method.registerUsingToken, {
      Role: 'Bot',
      Token: token,
      PublicTLSKey: newKeys().publicKey,
    });
    const subject = (bytes: Uint8Array) => new X509Certificate(Buffer.from(bytes)).subject;
    const instance = /1\.3\.9999\.2\.20=([0-9a-f-]{36})/;
    expect(instance.exec(subject(again.TLS))?.[1]).toBe(instance.exec(subject(certs.TLS))?.[1]);
    expect(subject(again.TLS)).toContain('1.3.9999.1.14=2');
    client.close();
  });

  it('joins a pod by its service account token', async () => {
    const issuer = await tokenIssuer();
    const name = unique('op');
    const Token = await teleport().addBot({
      name,
      join: { method: 'kubernetes', type: 'static_jwks', jwks: issuer.jwks, serviceAccount: 'ns:operator' },
    });
    const sign = (claims: JWTPayload = {}) => issuer.sign({ aud: teleport().clusterName, ...claims });
    const keys = newKeys();
    const certs = await join(teleport(), keys, { Token, IDToken: await sign() });
    const { subject } = new X509Certificate(Buffer.from(certs.TLS));
    expect(subject).not.toContain('1.3.9999.1.13=true');
    expect(subject).toContain('1.3.9999.1.14=1');
    await join(teleport(), newKeys(), { Token, IDToken: await sign() });
    const client = await withCerts(teleport(), certs, keys);
    const again = await client.unary(JoinService.method.registerUsingToken, {
      Role: 'Bot',
      Token,
      IDToken: await sign(),
      PublicTLSKey: newKeys().publicKey,
    });
    expect(new X509Certificate(Buffer.from(again.TLS)).subject).toContain('1.3.9999.1.14=2');
    client.close();

    const refused = (IDToken: string) => join(teleport(), newKeys(), { Token, IDToken });
    const heading = 'reviewing kubernetes token with static_jwks';
    await expectRefusal(refused(''), 'BadParameter', 'IDToken not provided for Kubernetes join request');
    await expectRefusal(
      refused(await sign({ sub: 'system:serviceaccount:ns:other' })),
      'AccessDenied',
      'kubernetes token did not match any allow rules',
    );
    await expectRefusal(
      refused(await sign({ aud: 'elsewhere' })),
      'Unknown',
      new RegExp(`^${heading}: .*\\(aud\\)$`),
    );
    const old = Math.floor(Date.now() / 1000) - 3600;
    await expectRefusal(
      refused(await sign({ iat: old, exp: old + 600 })),
      'Unknown',
      new RegExp(`^${heading}: .*\\(exp\\)$`),
    );
    await expectRefusal(
      refused(await sign({ exp: Math.floor(Date.now() / 1000) + 3600 })),
      'BadParameter',
      `${heading}: static_jwks joining requires the use of a service account token with a TTL of less than 30m0s`,
    );
    await expectRefusal(
      refused(await sign({ 'kubernetes.io': {} })),
      'BadParameter',
      `${heading}: static_jwks joining requires the use of projected pod bound service account token`,
    );
    const stranger = await tokenIssuer();
    await expectRefusal(
      refused(await stranger.sign({ aud: teleport().clusterName })),
      'Unknown',
      new RegExp(`^${heading}: validating jwt signature: `),
    );
    await expectRefusal(refused('garbage'), 'Unknown', new RegExp(`^${heading}: parsing jwt: `));
  });

  it('refuses in_cluster when Auth runs outside of Kubernetes', async () => {
    const Token = unique('token');
    await teleport().admin.unary(AuthService.method.upsertTokenV2, {
      Token: {
        case: 'V2',
        value: {
          Metadata: { Name: Token },
          Spec: {
            Roles: ['Bot'],
            BotName: 'b',
            JoinMethod: 'kubernetes',
            Kubernetes: { Allow: [{ ServiceAccount: 'a:b' }] },
          },
        },
      },
    });
    await expectRefusal(
      join(teleport(), newKeys(), { Token, IDToken: 'jwt' }),
      'Unknown',
      /^reviewing kubernetes token with in_cluster: failed to initialize in-cluster Kubernetes config: /,
    );
  });

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

  it('joins a pod over HTTP at the proxy', async () => {
    const issuer = await tokenIssuer();
    const token = await teleport().addBot({
      name: unique('op'),
      join: { method: 'kubernetes', type: 'static_jwks', jwks: issuer.jwks, serviceAccount: 'ns:operator' },
    });
    const post = async (aud: string) =>
      web(
        teleport().proxyAddress,
        teleport().proxyCa,
        'POST',
        '/webapi/host/credentials',
        {
          role: 'Bot',
          token,
          public_tls_key: Buffer.from(newKeys().publicKey).toString('base64'),
          id_token: await issuer.sign({ aud }),
        },
        'application/json',
      );
    expect(await post(teleport().clusterName)).toMatchObject({
      status: 200,
      body: { tls: expect.any(String) },
    });
    expect((await post('elsewhere')).status).not.toBe(200);
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

/** Signs tokens as a Kubernetes API server does for a pod's service account. */
async function tokenIssuer() {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: unique('key'), use: 'sig', alg: 'RS256' };
  return {
    jwks: JSON.stringify({ keys: [jwk] }),
    sign: (claims: JWTPayload): Promise<string> => {
      const now = Math.floor(Date.now() / 1000);
      const payload = {
        iss: 'https://kubernetes.default.svc',
        sub: 'system:serviceaccount:ns:operator',
        iat: now,
        nbf: now,
        exp: now + 600,
        'kubernetes.io': {
          namespace: 'ns',
          pod: { name: 'operator-0', uid: 'u' },
          serviceaccount: { name: 'operator', uid: 'u' },
        },
        ...claims,
      };
      return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: jwk.kid }).sign(privateKey);
    },
  };
}

function web(address: string, ca: string, method: string, path: string, body?: object | string, type = '') {
  return new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
    const headers = type === '' ? {} : { 'content-type': type };
    const call = request(`https://${address}${path}`, { method, headers, ca, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode, body: JSON.parse(text) as unknown }));
    });
    call.on('error', reject);
    call.end(typeof body === 'object' ? JSON.stringify(body) : body);
  });
}
