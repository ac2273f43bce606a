// Certificate authorities for tests, in Teleport's shape: user and host CA share O and CN, certificates carry
// Teleport's own attributes.
import 'reflect-metadata';
import { createPublicKey, type KeyObject, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export interface Issue {
  /** Distinguished name as [OID or short name, value], in order. */
  readonly subject: readonly (readonly [string, string])[];
  /** PEM (SPKI). */
  readonly publicKey: string;
  readonly notAfter: number;
  readonly notBefore?: number;
  readonly dnsNames?: readonly string[];
  readonly ips?: readonly string[];
}

export interface TestCa {
  readonly pem: string;
  issue(request: Issue): Promise<string>;
}

let serial = 0;

/** A self-signed CA whose name is the cluster's. */
export async function makeCa(clusterName: string, lifeMs = 10 * 365 * 86_400_000): Promise<TestCa> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const now = Date.now();
  const name: x509.JsonName = [
    { O: [clusterName] },
    { CN: [clusterName] },
    { '2.5.4.5': [String(++serial)] },
  ];
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: (1000 + serial).toString(16),
    name,
    keys: keys as never,
    signingAlgorithm: algorithm,
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + lifeMs),
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  return {
    pem: `${certificate.toString('pem')}\n`,
    issue: async (request) => {
      const names = [
        ...(request.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
        ...(request.ips ?? []).map((value) => ({ type: 'ip' as const, value })),
      ];
      const issued = await x509.X509CertificateGenerator.create({
        serialNumber: (100_000 + ++serial).toString(16),
        subject: request.subject.map(([type, value]) => ({ [type]: [value] })) as x509.JsonName,
        issuer: certificate.subjectName.toJSON(),
        signingKey: keys.privateKey as never,
        signingAlgorithm: algorithm,
        publicKey: spki(createPublicKey(request.publicKey)),
        notBefore: new Date(request.notBefore ?? Math.min(now, request.notAfter) - 60_000),
        notAfter: new Date(request.notAfter),
        extensions: names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : [],
      });
      return `${issued.toString('pem')}\n`;
    },
  };
}

function spki(key: KeyObject): x509.PublicKey {
  return new x509.PublicKey(key.export({ type: 'spki', format: 'der' }));
}
