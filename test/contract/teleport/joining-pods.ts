// Contract: joining with the method kubernetes, at Auth and over HTTP at the proxy.
import { X509Certificate } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { expect, it } from 'vitest';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { JoinService } from '../../../src/gen/teleport/client/joinservice_pb.js';
import type { RunningTeleport } from '../../env/types.js';
import { join, newKeys, withCerts } from './clients.js';
import { expectRefusal, unique } from './expectations.js';
import { web } from './proxy-web.js';

export function joiningPodsContract(teleport: () => RunningTeleport): void {
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
