// Key pairs for certificates, by the cluster's signature suite. Private keys stay in this process's memory.
// What is done with them: join/ and impersonate.ts.
import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { SignatureAlgorithmSuite } from '../gen/teleport/types/cluster_config_pb.js';

const generate = promisify(generateKeyPair);

/** A fresh key pair in the encodings that Teleport takes. */
export interface KeyPair {
  /** PKCS#8 PEM; secret. */
  readonly privateKey: string;
  /** PKIX PEM in a `PUBLIC KEY` block: the one form that every server version reads. */
  readonly publicKey: Uint8Array;
  /** One authorized_keys line of the same key. */
  readonly sshPublicKey: Uint8Array;
}

/**
 * RSA 2048 for the legacy suite and for servers that name none, ECDSA P-256 otherwise (joining.md 6).
 * Unknown suites of later servers get P-256, which every suite so far but legacy uses.
 */
export async function generateKeys(suite: SignatureAlgorithmSuite): Promise<KeyPair> {
  const legacy = suite === SignatureAlgorithmSuite.UNSPECIFIED || suite === SignatureAlgorithmSuite.LEGACY;
  const { publicKey, privateKey } = legacy
    ? await generate('rsa', { modulusLength: 2048 })
    : await generate('ec', { namedCurve: 'P-256' });
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: Buffer.from(publicKey.export({ type: 'spki', format: 'pem' })),
    sshPublicKey: Buffer.from(authorizedKey(publicKey)),
  };
}

/** Reads the suite's name as `/webapi/find` spells it: text, enum name or number; anything else is unspecified. */
export function parseSuite(value: unknown): SignatureAlgorithmSuite {
  const names: Record<string, SignatureAlgorithmSuite> = {
    legacy: SignatureAlgorithmSuite.LEGACY,
    'balanced-v1': SignatureAlgorithmSuite.BALANCED_V1,
    'fips-v1': SignatureAlgorithmSuite.FIPS_V1,
    'hsm-v1': SignatureAlgorithmSuite.HSM_V1,
  };
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return SignatureAlgorithmSuite.UNSPECIFIED;
  const text = value
    .replace(/^SIGNATURE_ALGORITHM_SUITE_/, '')
    .toLowerCase()
    .replaceAll('_', '-');
  return names[text] ?? SignatureAlgorithmSuite.UNSPECIFIED;
}

/** `<type> <base64>` and a newline, from RFC 4253, RFC 5656 and RFC 8709. */
export function authorizedKey(key: KeyObject): string {
  const jwk = key.export({ format: 'jwk' });
  const number = (base64url: string | undefined): Buffer => {
    const bytes = Buffer.from(base64url ?? '', 'base64url');
    // A leading bit would make the number negative.
    return (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
  };
  const parts =
    jwk.kty === 'RSA'
      ? [Buffer.from('ssh-rsa'), number(jwk.e), number(jwk.n)]
      : jwk.kty === 'OKP'
        ? [Buffer.from('ssh-ed25519'), Buffer.from(jwk.x ?? '', 'base64url')]
        : [
            Buffer.from('ecdsa-sha2-nistp256'),
            Buffer.from('nistp256'),
            Buffer.concat([
              Buffer.of(4),
              Buffer.from(jwk.x ?? '', 'base64url'),
              Buffer.from(jwk.y ?? '', 'base64url'),
            ]),
          ];
  const blob = Buffer.concat(
    parts.map((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return Buffer.concat([length, part]);
    }),
  );
  return `${parts[0]?.toString() ?? ''} ${blob.toString('base64')}\n`;
}
