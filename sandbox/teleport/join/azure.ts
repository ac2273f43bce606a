// Join method `azure`: the attested document's signature, its nonce and its chain to a root that tests supply, and the
// managed identity's access token (joining.md 4.4).
import { verify, X509Certificate } from 'node:crypto';
import { ContentInfo, SignedData } from '@peculiar/asn1-cms';
import { AsnConvert } from '@peculiar/asn1-schema';
import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose';
import { accessDenied, badParameter } from '../refusal.js';
import type { JoinMethod } from './method.js';

/** The Azure that the sandbox believes. */
export interface AzureTrust {
  /** PEM of the CA that signs the certificates of attested documents. */
  readonly documentCa: string;
  /** Keys of access tokens, by issuer. */
  readonly tokenKeys: JSONWebKeySet;
}

const audience = 'https://management.azure.com/';

interface AttestedDocument {
  readonly nonce: string;
  readonly subscriptionId: string;
  readonly vmId: string;
}

export function azureMethod(trust: () => AzureTrust | undefined): JoinMethod {
  return {
    name: 'azure',
    renewable: false,
    verify: async (state, token, _request, proof) => {
      if (proof?.form !== 'azure') throw accessDenied('this token is only valid for the Azure join method');
      const known = trust();
      if (!known) throw accessDenied('the sandbox knows no Azure');
      const document = attested(proof.attestedData, known.documentCa);
      if (document.nonce !== proof.challenge) throw accessDenied('nonce does not match challenge');
      const claims = await accessClaims(proof.accessToken, known.tokenKeys, state.clock.now());
      const named = claims['xms_az_rid'] ?? claims['xms_mirid'];
      const resource = typeof named === 'string' ? named : '';
      const [, subscription = '', group = ''] =
        /^\/subscriptions\/([^/]+)\/resource[gG]roups\/([^/]+)\//.exec(resource) ?? [];
      if (subscription !== document.subscriptionId)
        throw accessDenied('the access token and the attested document are of different subscriptions');
      const allowed = (token.Spec?.Azure?.Allow ?? []).some(
        (rule) =>
          rule.Subscription === subscription &&
          (rule.ResourceGroups.length === 0 ||
            rule.ResourceGroups.some((name) => name.toLowerCase() === group.toLowerCase())),
      );
      if (!allowed) throw accessDenied('instance did not match any allow rules in token');
      return { azure: { subscription, resource_group: group } };
    },
  };
}

function attested(data: Uint8Array, caPem: string): AttestedDocument {
  let signed: SignedData;
  try {
    const outer = JSON.parse(Buffer.from(data).toString('utf8')) as { encoding: string; signature: string };
    if (outer.encoding !== 'pkcs7') throw new Error(`encoding ${outer.encoding}`);
    const info = AsnConvert.parse(Buffer.from(outer.signature, 'base64'), ContentInfo);
    signed = AsnConvert.parse(info.content, SignedData);
  } catch (cause) {
    throw badParameter(`the attested document cannot be read: ${String(cause)}`);
  }
  const content = Buffer.from(signed.encapContentInfo.eContent?.single?.buffer ?? new ArrayBuffer(0));
  const [signer] = signed.signerInfos;
  const [certificate] = signed.certificates ?? [];
  if (!signer || !certificate?.certificate) throw badParameter('the attested document is not signed');
  const leaf = new X509Certificate(Buffer.from(AsnConvert.serialize(certificate.certificate)));
  if (!leaf.verify(new X509Certificate(caPem).publicKey))
    throw accessDenied('the attested document is not signed by Azure');
  if (!verify('sha256', content, leaf.publicKey, Buffer.from(signer.signature.buffer)))
    throw accessDenied("the attested document's signature is wrong");
  return JSON.parse(content.toString('utf8')) as AttestedDocument;
}

async function accessClaims(
  token: string,
  keys: JSONWebKeySet,
  now: number,
): Promise<Record<string, unknown>> {
  try {
    const issuer = `https://sts.windows.net/${String(decodeJwt(token)['tid'])}/`;
    const options = { audience, issuer, currentDate: new Date(now) };
    return (await jwtVerify(token, createLocalJWKSet(keys), options)).payload;
  } catch (cause) {
    throw accessDenied(`the access token is not valid: ${String(cause)}`);
  }
}
