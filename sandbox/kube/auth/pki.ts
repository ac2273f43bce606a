// The server's own certificate authority: a server certificate for loopback and client certificates for people.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 86_400_000;

export interface KeyPair {
  /** PEM */
  readonly cert: string;
  /** PEM, PKCS#8 */
  readonly key: string;
}

export interface Authority {
  /** PEM of the CA's certificate. */
  readonly ca: string;
  server(): Promise<KeyPair>;
  client(name: string, groups: readonly string[]): Promise<KeyPair>;
}

/** @param now milliseconds since the epoch; certificates hold from a day before for a year */
export async function newAuthority(now: number): Promise<Authority> {
  x509.cryptoProvider.set(webcrypto as never);
  const validity = { notBefore: new Date(now - day), notAfter: new Date(now + 365 * day) };
  const keys = await newKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: 'CN=sandbox-kubernetes',
    ...validity,
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
    ],
  });
  const issue = async (
    subject: x509.JsonName,
    usage: x509.ExtendedKeyUsage,
    more: x509.Extension[],
  ): Promise<KeyPair> => {
    const own = await newKeys();
    const cert = await x509.X509CertificateGenerator.create({
      serialNumber: serial(),
      subject,
      issuer: ca.subject,
      ...validity,
      signingAlgorithm: algorithm,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      extensions: [new x509.ExtendedKeyUsageExtension([usage], false), ...more],
    });
    return { cert: cert.toString('pem'), key: await exportKey(own.privateKey) };
  };
  return {
    ca: ca.toString('pem'),
    server: () =>
      issue([{ CN: ['kubernetes'] }], x509.ExtendedKeyUsage.serverAuth, [
        new x509.SubjectAlternativeNameExtension([
          { type: 'ip', value: '127.0.0.1' },
          { type: 'dns', value: 'localhost' },
          { type: 'dns', value: 'kubernetes.default.svc' },
        ]),
      ]),
    client: (name, groups) =>
      issue(
        [...groups.map((group) => ({ O: [group] })), { CN: [name] }],
        x509.ExtendedKeyUsage.clientAuth,
        [],
      ),
  };
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = await webcrypto.subtle.exportKey('pkcs8', key);
  const text = Buffer.from(bytes)
    .toString('base64')
    .replaceAll(/(.{64})/g, '$1\n')
    .trim();
  return `-----BEGIN PRIVATE KEY-----\n${text}\n-----END PRIVATE KEY-----\n`;
}

function serial(): string {
  return Buffer.from(webcrypto.getRandomValues(new Uint8Array(8))).toString('hex');
}
