// TeleportSAMLIdPServiceProviderV1: an application that signs its users in with Teleport as SAML provider.
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import {
  SAMLIdPServiceProviderSpecV1Schema,
  type SAMLIdPServiceProviderV1,
  SAMLIdPServiceProviderV1Schema,
} from '../gen/teleport/types/saml_idp_service_provider_pb.js';
import { call, nothing, paged } from './calls.js';
import { legacyHeaderForm } from './forms.js';
import { declareKind } from './kind.js';
import { serviceProviderDefaults } from './saml-idp-defaults.js';

export const samlIdpServiceProvider = declareKind({
  object: {
    kind: 'TeleportSAMLIdPServiceProviderV1',
    plural: 'teleportsamlidpserviceprovidersv1',
    shortNames: ['samlidpserviceproviderv1', 'samlidpserviceprovidersv1'],
    versions: [{ name: 'v1', storage: true }],
    columns: [{ name: 'Entity ID', jsonPath: '.spec.entity_id', type: 'string' }],
    description:
      'A SAML service provider: an application whose users sign in with Teleport as their SAML identity provider.',
  },
  resource: { kind: 'saml_idp_service_provider', version: 'v1' },
  schema: SAMLIdPServiceProviderV1Schema,
  form: legacyHeaderForm(SAMLIdPServiceProviderV1Schema),
  spec: { schema: SAMLIdPServiceProviderSpecV1Schema, hidden: [] },
  // Teleport makes a descriptor at creation where there is none, and takes no update without one. It does not make
  // a new one for another address, so that such a change would have no effect.
  kept: ['Spec.EntityDescriptor'],
  immutable: ['Spec.EntityID', 'Spec.ACSURL'],
  defaults: serviceProviderDefaults,
  seenBy: 'app_labels',
  watched: true,
  calls: {
    get: call(
      AuthService.method.getSAMLIdPServiceProvider,
      (Name: string) => ({ Name }),
      (stored) => stored,
    ),
    create: call(
      AuthService.method.createSAMLIdPServiceProvider,
      (created: SAMLIdPServiceProviderV1) => created,
      nothing,
    ),
    update: call(
      AuthService.method.updateSAMLIdPServiceProvider,
      (updated: SAMLIdPServiceProviderV1) => updated,
      nothing,
    ),
    list: paged(
      AuthService.method.listSAMLIdPServiceProviders,
      (NextKey, Limit) => ({ NextKey, Limit }),
      ({ ServiceProviders, NextKey }) => ({ items: ServiceProviders, next: NextKey }),
    ),
    delete: call(AuthService.method.deleteSAMLIdPServiceProvider, (Name: string) => ({ Name }), nothing),
  },
});
