// Certificates for unit tests of TLS: a CA and what it signs. The operator never loads it.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface TestAuthority {
  /** PEM of the CA. */
  readonly ca: string;
  /** A certificate for a server of these names and addresses. */
  server(...names: string[]): Promise<TestCertificate>;
  client(commonName: string): Promise<TestCertificate>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A CA that lives as long as the test. */
export async function testAuthority(): Promise<TestAuthority> {
  const keys = await newKeys();
  const name = 'CN=test CA';
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    name,
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true)],
  });
  const sign = async (subject: string, extensions: x509.Extension[]): Promise<TestCertificate> => {
    const own = await newKeys();
    const cert = await x509.X509CertificateGenerator.create({
      subject,
      issuer: name,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      extensions,
    });
    const key = await webcrypto.subtle.exportKey('pkcs8', own.privateKey);
    return { cert: cert.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') };
  };
  return {
    ca: authority.toString('pem'),
    server: (...names) =>
      sign('CN=server', [
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }) as const),
        ),
      ]),
    client: (commonName) => sign(`CN=${commonName}`, []),
  };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}
