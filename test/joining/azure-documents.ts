// Attested documents as Azure's metadata service makes them: PKCS #7 over JSON, signed by a certificate of a CA of the
// test's own.
import { sign, X509Certificate } from 'node:crypto';
import {
  CertificateChoices,
  CertificateSet,
  CMSVersion,
  ContentInfo,
  EncapsulatedContent,
  EncapsulatedContentInfo,
  IssuerAndSerialNumber,
  SignedData,
  SignerIdentifier,
  SignerInfo,
  SignerInfos,
} from '@peculiar/asn1-cms';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { AlgorithmIdentifier, Certificate } from '@peculiar/asn1-x509';
import type { KeyPair } from '../env/certificates.js';

const oids = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  sha256: '2.16.840.1.101.3.4.2.1',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
};

/** The body that the service answers with. */
export function attestedDocument(content: object, signer: KeyPair): string {
  const bytes = Buffer.from(JSON.stringify(content));
  const certificate = AsnConvert.parse(new X509Certificate(signer.cert).raw, Certificate);
  const signature = sign('sha256', bytes, signer.key);
  const signed = new SignedData({
    version: CMSVersion.v1,
    encapContentInfo: new EncapsulatedContentInfo({
      eContentType: oids.data,
      eContent: new EncapsulatedContent({ single: new OctetString(bytes) }),
    }),
    certificates: new CertificateSet([new CertificateChoices({ certificate })]),
    signerInfos: new SignerInfos([
      new SignerInfo({
        version: CMSVersion.v1,
        sid: new SignerIdentifier({
          issuerAndSerialNumber: new IssuerAndSerialNumber({
            issuer: certificate.tbsCertificate.issuer,
            serialNumber: certificate.tbsCertificate.serialNumber,
          }),
        }),
        digestAlgorithm: new AlgorithmIdentifier({ algorithm: oids.sha256 }),
        signatureAlgorithm: new AlgorithmIdentifier({ algorithm: oids.ecdsaWithSha256 }),
        signature: new OctetString(signature),
      }),
    ]),
  });
  const info = new ContentInfo({ contentType: oids.signedData, content: AsnConvert.serialize(signed) });
  return JSON.stringify({
    encoding: 'pkcs7',
    signature: Buffer.from(AsnConvert.serialize(info)).toString('base64'),
  });
}
