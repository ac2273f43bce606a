// A key of the test's own that signs identities: as any provider of JWTs, or as a Kubernetes cluster whose key Teleport was
// told (static_jwks). What the claims of other providers are is the matter of worlds.ts.
import type { webcrypto } from 'node:crypto';
import { exportJWK, generateKeyPair, type JSONWebKeySet, type JWTPayload, SignJWT } from 'jose';

export class Issuer {
  readonly jwks: JSONWebKeySet;
  readonly #key: webcrypto.CryptoKey;

  private constructor(jwks: JSONWebKeySet, key: webcrypto.CryptoKey) {
    this.jwks = jwks;
    this.#key = key;
  }

  static async create(): Promise<Issuer> {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
    return new Issuer({ keys: [jwk] }, privateKey);
  }

  sign(iss: string, aud: string, claims: JWTPayload): Promise<string> {
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .setIssuer(iss)
      .setAudience(aud)
      .setIssuedAt()
      .setExpirationTime('10m')
      .sign(this.#key);
  }

  /** How the operator's Pod joins, for `addBot`, where this is the cluster's key. */
  podJoin() {
    return {
      method: 'kubernetes',
      type: 'static_jwks',
      jwks: JSON.stringify(this.jwks),
      serviceAccount: 'ns:operator',
    } as const;
  }

  /** The token of the operator's Pod, for that Teleport cluster. */
  podToken(clusterName: string): Promise<string> {
    return this.sign('https://kubernetes', clusterName, {
      sub: 'system:serviceaccount:ns:operator',
      'kubernetes.io': {
        namespace: 'ns',
        serviceaccount: { name: 'operator' },
        pod: { name: 'p', uid: 'u' },
      },
    });
  }
}
