// Service account tokens: JWTs signed with RS256 by the server's own key, and the JWKS that verifies them.
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
  verify,
} from 'node:crypto';
import { isObject, type JsonObject, listOr, textOr } from '../json.js';

export interface TokenClaims extends JsonObject {
  aud: string[];
  exp: number;
  sub: string;
  jti: string;
  'kubernetes.io': {
    namespace: string;
    serviceaccount: { name: string; uid: string };
    pod?: { name: string; uid: string };
  };
}

export interface TokenOptions {
  readonly namespace: string;
  readonly serviceAccount: { readonly name: string; readonly uid: string };
  readonly pod?: { readonly name: string; readonly uid: string } | undefined;
  readonly audiences: readonly string[];
  /** seconds */
  readonly expiration: number;
}

export const issuer = 'https://kubernetes.default.svc.cluster.local';

export class TokenSigner {
  private readonly privateKey: KeyObject;
  private readonly publicKey: KeyObject;
  private readonly keyId: string;

  constructor() {
    this.privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    this.publicKey = createPublicKey(this.privateKey);
    const der = this.publicKey.export({ type: 'spki', format: 'der' });
    this.keyId = createHash('sha256').update(der).digest('base64url');
  }

  /** @param now milliseconds since the epoch */
  issue(options: TokenOptions, now: number): { token: string; expires: number; id: string } {
    const seconds = Math.floor(now / 1000);
    const { namespace, serviceAccount, pod } = options;
    const claims: TokenClaims & JsonObject = {
      aud: [...options.audiences],
      exp: seconds + options.expiration,
      iat: seconds,
      iss: issuer,
      jti: randomUUID(),
      'kubernetes.io': { namespace, ...(pod && { pod }), serviceaccount: serviceAccount },
      nbf: seconds,
      sub: `system:serviceaccount:${namespace}:${serviceAccount.name}`,
    };
    const head = encode({ alg: 'RS256', kid: this.keyId });
    const body = `${head}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(body), this.privateKey).toString('base64url');
    return { token: `${body}.${signature}`, expires: claims.exp * 1000, id: claims.jti };
  }

  /** The claims of a token of ours that still holds, or undefined. */
  verify(token: string, now: number): TokenClaims | undefined {
    const [head = '', body = '', signature = ''] = token.split('.');
    const good = verify(
      'sha256',
      Buffer.from(`${head}.${body}`),
      this.publicKey,
      Buffer.from(signature, 'base64url'),
    );
    if (!good) return undefined;
    const claims: unknown = JSON.parse(Buffer.from(body, 'base64url').toString());
    if (!isObject(claims) || typeof claims.exp !== 'number' || claims.exp * 1000 <= now) return undefined;
    return claims as TokenClaims;
  }

  /** The key set, as `/openid/v1/jwks` gives it. */
  jwks(): JsonObject {
    const { kty, n, e } = this.publicKey.export({ format: 'jwk' });
    return { keys: [{ use: 'sig', kty, kid: this.keyId, alg: 'RS256', n, e }] };
  }
}

function encode(value: JsonObject): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Whether a token is meant for one of these audiences; returns those that fit. */
export function sharedAudiences(claims: TokenClaims, audiences: readonly string[]): string[] {
  const own = new Set(listOr(claims.aud).map((audience) => textOr(audience)));
  return audiences.filter((audience) => own.has(audience));
}
