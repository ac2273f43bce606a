// A certificate authority for one test run: server certificates for loopback and client certificates.
// Teleport's own authorities are none of it; Teleport makes those itself.
import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const lifetimeMs = 7 * 24 * 3_600_000;

/** A certificate and its key, both PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** PEM. */
  readonly cert: string;
  /** For a server on 127.0.0.1 and localhost (and `names`). */
  server(names?: readonly string[]): Promise<KeyPair>;
  /** For a client: common name, and organizations (Kubernetes reads user and groups from them). */
  client(commonName: string, organizations: readonly string[]): Promise<KeyPair>;
}

export async function createAuthority(name: string): Promise<Authority> {
  const keys = await generate();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...frame(`CN=${name}`),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const issue = async (
    subject: x509.JsonName,
    usage: string,
    names: readonly x509.JsonGeneralName[],
  ): Promise<KeyPair> => {
    const leafKeys = await generate();
    const leaf = await x509.X509CertificateGenerator.create({
      ...frame(new x509.Name(subject).toString()),
      issuer: root.subject,
      publicKey: leafKeys.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([usage]),
        await x509.AuthorityKeyIdentifierExtension.create(root),
        ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension([...names])]),
      ],
    });
    return { cert: `${leaf.toString('pem')}\n`, key: await privatePem(leafKeys.privateKey) };
  };
  return {
    cert: `${root.toString('pem')}\n`,
    server: (names = []) =>
      issue([{ CN: ['127.0.0.1'] }], x509.ExtendedKeyUsage.serverAuth, [
        { type: 'ip', value: '127.0.0.1' },
        ...['localhost', ...names].map((value) => ({ type: 'dns' as const, value })),
      ]),
    client: (commonName, organizations) =>
      issue(
        [...organizations.map((O) => ({ O: [O] })), { CN: [commonName] }],
        x509.ExtendedKeyUsage.clientAuth,
        [],
      ),
  };
}

function frame(subject: string) {
  const now = Date.now();
  return {
    serialNumber: `01${randomBytes(8).toString('hex')}`,
    subject,
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + lifetimeMs),
  };
}

function generate() {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();
}
