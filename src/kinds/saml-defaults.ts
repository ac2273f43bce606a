// What Teleport fills in when it stores a SAML connector (kinds.md E.5): the service provider's names, and what
// it reads off the descriptor of the identity provider.
import type { SAMLConnectorV2 } from '../gen/teleport/types/saml_connector_pb.js';

/** Adds the server's defaults, except what it fetches from URLs. */
export function samlDefaults({ Spec: spec }: SAMLConnectorV2): void {
  if (!spec) return;
  spec.ServiceProviderIssuer ||= spec.AssertionConsumerService;
  spec.Audience ||= spec.AssertionConsumerService;
  if (spec.EntityDescriptor !== '') {
    const { issuer, sso } = providerOf(spec.EntityDescriptor);
    spec.Issuer = issuer || spec.Issuer;
    spec.SSO = sso || spec.SSO;
  }
  const mfa = spec.MFASettings;
  if (mfa && mfa.entityDescriptor !== '') {
    const { issuer, sso } = providerOf(mfa.entityDescriptor);
    mfa.issuer = issuer || mfa.issuer;
    mfa.sso = sso || mfa.sso;
  }
}

/**
 * The provider's name and its first sign-in address. Not a reader of XML: descriptors are written by programs, and
 * one that this does not understand costs a write, not a mistake.
 */
export function providerOf(descriptor: string): { issuer: string; sso: string } {
  const text = descriptor.replace(/<!--[\s\S]*?-->/g, '');
  return {
    issuer: attribute(text, 'EntityDescriptor', 'entityID'),
    sso: attribute(text, 'SingleSignOnService', 'Location'),
  };
}

/** The attribute's value in the first element of that name, whatever its namespace. */
function attribute(text: string, element: string, name: string): string {
  const tag = new RegExp(`<(?:[\\w.-]+:)?${element}\\s[^>]*>`).exec(text)?.[0] ?? '';
  const quoted = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(tag);
  return unescape(quoted?.[1] ?? quoted?.[2] ?? '');
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescape(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|apos);/g, (whole, name: string) => entities[name] ?? whole);
}
