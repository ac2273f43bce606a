// What Teleport fills in when it stores a SAML service provider (kinds.md E.10), except a descriptor that it
// makes or fetches itself.
import type { SAMLIdPServiceProviderV1 } from '../gen/teleport/types/saml_idp_service_provider_pb.js';
import { providerOf } from './saml-defaults.js';

const prefix = 'urn:oasis:names:tc:SAML:2.0:attrname-format:';
const gcpRelayState = 'https://console.cloud.google/';

/** Adds the server's defaults: the entity's name, long names of attribute formats, the preset's relay state. */
export function serviceProviderDefaults({ Spec: spec }: SAMLIdPServiceProviderV1): void {
  if (!spec) return;
  spec.EntityID ||= providerOf(spec.EntityDescriptor).issuer;
  for (const attribute of spec.AttributeMapping) {
    if (!attribute.nameFormat.startsWith(prefix)) {
      attribute.nameFormat = `${prefix}${attribute.nameFormat || 'unspecified'}`;
    }
  }
  if (spec.Preset === 'gcp-workforce') spec.RelayState ||= gcpRelayState;
}
