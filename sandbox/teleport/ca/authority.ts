// A certificate authority of the embedded cluster: a self-signed ECDSA certificate and what it signs. The
// user CA and the host CA have the same O and CN and differ in serialNumber alone, as real ones do.

import { createHash, createPublicKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import type { Clock } from '../../../src/core/clock.js';
import { sshLine } from './ssh.js';
import * as x509 from './x509.js';

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

type Key = webcrypto.CryptoKey;

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const day = 24 * 3600_000;

/** From a day ago for ten years, by the machine's clock as well as by the given one. */
export function lasting(clock: Clock): { notBefore: Date; notAfter: Date } {
  const times = [Date.now(), clock.now()];
  return {
    notBefore: new Date(Math.min(...times) - day),
    notAfter: new Date(Math.max(...times) + 3650 * day),
  };
}

export interface LeafOptions {
  readonly subject: x509.JsonNameParams;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

export class CertificateAuthority {
  readonly #key: Key;
  readonly #certificate: x509.X509Certificate;
  readonly pem: string;
  /** `sha256:` and the lower-case hex digest of the public key info (joining.md 2.2). */
  readonly pin: string;
  /** For verifying signatures with node:crypto. */
  readonly node: X509Certificate;

  private constructor(key: Key, certificate: x509.X509Certificate) {
    this.#key = key;
    this.#certificate = certificate;
    this.pem = `${certificate.toString('pem')}\n`;
    this.node = new X509Certificate(this.pem);
    const spki = this.node.publicKey.export({ type: 'spki', format: 'der' });
    this.pin = `sha256:${createHash('sha256').update(spki).digest('hex')}`;
  }

  /**
   * @param clock beside the machine's: both OpenSSL, which knows the machine's alone, and a client in virtual time
   * must find the certificate valid
   */
  static async create(clusterName: string, clock: Clock): Promise<CertificateAuthority> {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const serial = BigInt(`0x${randomBytes(16).toString('hex')}`);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serial.toString(16).padStart(32, '0'),
      name: new x509.Name([
        { '2.5.4.10': [{ utf8String: clusterName }] },
        { '2.5.4.3': [{ utf8String: clusterName }] },
        { '2.5.4.5': [{ printableString: serial.toString(10) }] },
      ]),
      ...lasting(clock),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature,
          true,
        ),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new CertificateAuthority(keys.privateKey, certificate);
  }

  /** @returns the certificate, PEM, one block */
  async issue(options: LeafOptions): Promise<string> {
    const names = [
      ...(options.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
      ...(options.ipAddresses ?? []).map((value) => ({ type: 'ip' as const, value })),
    ];
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: randomBytes(16).toString('hex'),
      subject: new x509.Name([...options.subject]),
      issuer: this.#certificate.subjectName,
      notBefore: options.notBefore,
      notAfter: options.notAfter,
      signingKey: this.#key,
      publicKey: new x509.PublicKey(new Uint8Array(options.publicKey)),
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([
          x509.ExtendedKeyUsage.serverAuth,
          x509.ExtendedKeyUsage.clientAuth,
        ]),
        await x509.AuthorityKeyIdentifierExtension.create(this.#certificate),
        ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      ],
    });
    return `${certificate.toString('pem')}\n`;
  }

  /** Whether this authority signed the certificate; says nothing of its dates. */
  signed(certificate: X509Certificate): boolean {
    return certificate.checkIssued(this.node) && certificate.verify(this.node.publicKey);
  }

  /** The authority's key as a line of authorized_keys: stands for the SSH CA key in replies. */
  get sshLine(): string {
    return sshLine(createPublicKey(this.pem).export({ format: 'jwk' }));
  }
}
