import { createPrivateKey, createPublicKey, type JsonWebKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SignatureAlgorithmSuite as Suite } from '../gen/teleport/types/cluster_config_pb.js';
import { generateKeys, parseSuite } from './keys.js';

/** The length-prefixed parts of an SSH public key blob (RFC 4253). */
function sshParts(line: Uint8Array): Buffer[] {
  const blob = Buffer.from(Buffer.from(line).toString().split(' ')[1] ?? '', 'base64');
  const parts: Buffer[] = [];
  for (let at = 0; at < blob.length; ) {
    const length = blob.readUInt32BE(at);
    parts.push(blob.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return parts;
}

const jwkOf = (pem: Uint8Array): JsonWebKey => createPublicKey(Buffer.from(pem)).export({ format: 'jwk' });
const number = (bytes: Buffer): string => bytes.subarray(bytes[0] === 0 ? 1 : 0).toString('base64url');

describe('generateKeys', () => {
  it.each([Suite.LEGACY, Suite.UNSPECIFIED])('makes RSA 2048 for suite %s', async (suite) => {
    const keys = await generateKeys(suite);
    expect(createPrivateKey(keys.privateKey).asymmetricKeyDetails).toMatchObject({ modulusLength: 2048 });
    const jwk = jwkOf(keys.publicKey);
    const [type, e, n] = sshParts(keys.sshPublicKey);
    expect(type?.toString()).toBe('ssh-rsa');
    expect([number(e ?? Buffer.of()), number(n ?? Buffer.of())]).toEqual([jwk.e, jwk.n]);
    // A modulus starts with a set bit; without a zero before it, it would be negative.
    expect(n?.[0]).toBe(0);
  });

  it.each([Suite.BALANCED_V1, Suite.FIPS_V1, Suite.HSM_V1, 99 as Suite])(
    'makes P-256 for suite %s',
    async (suite) => {
      const keys = await generateKeys(suite);
      expect(Buffer.from(keys.publicKey).toString()).toMatch(/^-----BEGIN PUBLIC KEY-----/);
      const jwk = jwkOf(keys.publicKey);
      const [type, curve, point] = sshParts(keys.sshPublicKey);
      expect([type?.toString(), curve?.toString()]).toEqual(['ecdsa-sha2-nistp256', 'nistp256']);
      expect(point?.subarray(1).toString('base64url')).toBe(
        Buffer.concat([
          Buffer.from(jwk.x ?? '', 'base64url'),
          Buffer.from(jwk.y ?? '', 'base64url'),
        ]).toString('base64url'),
      );
      expect(point?.[0]).toBe(4);
    },
  );
});

describe('parseSuite', () => {
  it.each([
    ['legacy', Suite.LEGACY],
    ['balanced-v1', Suite.BALANCED_V1],
    ['SIGNATURE_ALGORITHM_SUITE_HSM_V1', Suite.HSM_V1],
    [3, Suite.FIPS_V1],
    ['', Suite.UNSPECIFIED],
    [undefined, Suite.UNSPECIFIED],
    ['something-new', Suite.UNSPECIFIED],
  ])('reads %s', (text, suite) => expect(parseSuite(text)).toBe(suite));
});
