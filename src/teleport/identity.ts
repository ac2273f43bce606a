// Who we are to Teleport: a certificate, its private key, and the host CAs that prove Auth. Read from the reply
// of a join or a renewal; never written anywhere.
import { X509Certificate } from 'node:crypto';
import { certificateNames } from './der.js';
import { TeleportError } from './errors.js';

/** What a Teleport user certificate says about its owner. Times in milliseconds since the epoch. */
export interface CertificateFacts {
  readonly clusterName: string;
  readonly user: string;
  readonly roles: readonly string[];
  readonly notBefore: number;
  readonly notAfter: number;
  /** Only certificates of method `token` can be renewed without a new join. */
  readonly renewable: boolean;
  readonly botName: string | undefined;
  readonly botInstanceId: string | undefined;
  /** Counts the certificates of one bot instance; 0 where the server does not count. */
  readonly generation: number;
}

export interface Identity extends CertificateFacts {
  /** PEM, exactly one certificate: Auth refuses chains. */
  readonly certificate: string;
  /** PKCS#8 PEM; secret. */
  readonly privateKey: string;
  /**
   * PEM of the host CAs, and of nothing else: OpenSSL completes the client's chain from this list, and a user
   * CA in it would make us send two certificates, which Auth refuses without a word (observed.md A.1).
   */
  readonly hostCas: readonly string[];
}

const oids = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  renewable: '1.3.9999.1.13',
  generation: '1.3.9999.1.14',
  botName: '1.3.9999.2.18',
  botInstanceId: '1.3.9999.2.20',
} as const;

/** @throws TeleportError (Unknown) when the text is no Teleport user certificate. */
export function readCertificate(pem: string): CertificateFacts {
  let x509: X509Certificate;
  let names: ReturnType<typeof certificateNames>;
  try {
    x509 = new X509Certificate(pem);
    names = certificateNames(x509.raw);
  } catch (cause) {
    throw new TeleportError('Unknown', 'Teleport sent a certificate that cannot be read', { cause });
  }
  const subject = (oid: string): string | undefined => names.subject.find((a) => a.oid === oid)?.value;
  const clusterName = names.issuer.find((a) => a.oid === oids.organization)?.value;
  const user = subject(oids.commonName);
  if (!clusterName || !user) {
    throw new TeleportError('Unknown', 'Teleport sent a certificate without a cluster or user name');
  }
  return {
    clusterName,
    user,
    roles: names.subject.filter((a) => a.oid === oids.organization).map((a) => a.value),
    notBefore: Date.parse(x509.validFrom),
    notAfter: Date.parse(x509.validTo),
    renewable: subject(oids.renewable) === 'true',
    botName: subject(oids.botName),
    botInstanceId: subject(oids.botInstanceId),
    generation: Number(subject(oids.generation) ?? 0),
  };
}

/**
 * The identity of a join, renewal or impersonation reply.
 * @param cas CA certificates as the server sent them, host and user CAs mixed; those that signed the
 *   certificate (the user CA) are left out.
 */
export function makeIdentity(certificate: string, privateKey: string, cas: readonly string[]): Identity {
  const facts = readCertificate(certificate);
  const leaf = new X509Certificate(certificate);
  const hostCas = cas.flatMap(splitPem).filter((pem) => !leaf.verify(new X509Certificate(pem).publicKey));
  return { ...facts, certificate, privateKey, hostCas };
}

/** Every certificate of a PEM text on its own. */
export function splitPem(text: string): string[] {
  return [...text.matchAll(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g)].map(
    (match) => `${match[0]}\n`,
  );
}

/** The name under which Auth serves a cluster: hex of the name below the API domain (joining.md 2.1). */
export function encodedClusterName(clusterName: string): string {
  return `${Buffer.from(clusterName, 'utf8').toString('hex')}.${apiDomain}`;
}

/** The name in every Auth server's certificate. */
export const apiDomain = 'teleport.cluster.local';
