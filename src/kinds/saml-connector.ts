// TeleportSAMLConnector: sign-in with a SAML provider. The server makes a signing key pair where the object
// states none; it is kept, so that no update makes another.
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import {
  SAMLConnectorSpecV2Schema,
  type SAMLConnectorV2,
  SAMLConnectorV2Schema,
} from '../gen/teleport/types/saml_connector_pb.js';
import { call, nothing } from './calls.js';
import { legacyForm } from './forms.js';
import { declareKind } from './kind.js';

export const samlConnector = declareKind({
  object: {
    kind: 'TeleportSAMLConnector',
    plural: 'teleportsamlconnectors',
    shortNames: ['samlconnector', 'samlconnectors'],
    versions: [{ name: 'v2', storage: true }],
    columns: [],
    description:
      'A SAML connector: who may sign in with that identity provider, and which roles their attributes give them.',
  },
  resource: { kind: 'saml', version: 'v2' },
  schema: SAMLConnectorV2Schema,
  form: legacyForm(SAMLConnectorV2Schema),
  spec: { schema: SAMLConnectorSpecV2Schema, hidden: [] },
  needs: ['SAML'],
  kept: ['Spec.SigningKeyPair'],
  serverOwned: ['Spec.SigningKeyPair'],
  calls: {
    get: call(
      AuthService.method.getSAMLConnector,
      (Name: string) => ({ Name }),
      (stored) => stored,
    ),
    create: call(
      AuthService.method.createSAMLConnector,
      (Connector: SAMLConnectorV2) => ({ Connector }),
      (stored) => stored,
    ),
    update: call(
      AuthService.method.updateSAMLConnector,
      (Connector: SAMLConnectorV2) => ({ Connector }),
      (stored) => stored,
    ),
    delete: call(AuthService.method.deleteSAMLConnector, (Name: string) => ({ Name }), nothing),
  },
});
