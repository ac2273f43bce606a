// Public keys as clients send them: PEM for TLS, a line of authorized_keys for SSH.
import { createPublicKey } from 'node:crypto';
import { badParameter } from '../refusal.js';

/**
 * @param pem `PUBLIC KEY` or `RSA PUBLIC KEY`, PKIX or PKCS#1
 * @returns SubjectPublicKeyInfo, DER
 * @throws BadParameter
 */
export function publicKeyInfo(pem: Uint8Array): Uint8Array {
  const text = Buffer.from(pem).toString('utf8');
  if (!text.includes('-----BEGIN ')) throw badParameter('failed to decode public key PEM block');
  try {
    return createPublicKey(text).export({ type: 'spki', format: 'der' });
  } catch {
    throw badParameter('failed to parse public key');
  }
}

/** @throws BadParameter where the text is no SSH public key */
export function checkSshKey(line: Uint8Array): void {
  const [type, blob] = Buffer.from(line).toString('utf8').trim().split(/\s+/);
  const wanted =
    blob === undefined
      ? ''
      : Buffer.from(blob, 'base64')
          .subarray(4, 4 + (type ?? '').length)
          .toString();
  if (!type || wanted !== type) throw badParameter('ssh: no key found');
}
