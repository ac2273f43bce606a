// TeleportSAMLConnector: sign-in with a SAML provider. The server makes a signing key pair where the object
// states none; it is kept, so that no update makes another.
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import {
  SAMLConnectorSpecV2Schema,
  type SAMLConnectorV2,
  SAMLConnectorV2Schema,
} from '../gen/teleport/types/saml_connector_pb.js';
import { type Call, call, nothing, orElse, whole } from './calls.js';
import { legacyForm } from './forms.js';
import { declareKind } from './kind.js';
import { rolesRequired } from './mentions.js';
import { samlDefaults } from './saml-defaults.js';

/** What servers have that lack the conditional verbs. */
const upserts: readonly Call<SAMLConnectorV2, SAMLConnectorV2 | undefined>[] = [
  call(
    AuthService.method.upsertSAMLConnectorV2,
    (Connector: SAMLConnectorV2) => ({ Connector }),
    (stored) => stored,
  ),
  call(AuthService.method.upsertSAMLConnector, (connector: SAMLConnectorV2) => connector, nothing),
];

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
  // Without its private key, which is not shown: Teleport completes the pair where the certificate is its own.
  kept: ['Spec.SigningKeyPair'],
  defaults: samlDefaults,
  references: ({ Spec: spec }) => rolesRequired(spec?.AttributesToRoles.flatMap(({ Roles }) => Roles)),
  calls: {
    get: call(
      AuthService.method.getSAMLConnector,
      // As it is stored: otherwise Auth fetches the descriptor from its URL at each read.
      (Name: string) => ({ Name, SAMLValidationNoFollowURLs: true }),
      (stored) => stored,
    ),
    create: orElse(
      call(
        AuthService.method.createSAMLConnector,
        (Connector: SAMLConnectorV2) => ({ Connector }),
        (stored) => stored,
      ),
      ...upserts,
    ),
    update: orElse(
      call(
        AuthService.method.updateSAMLConnector,
        (Connector: SAMLConnectorV2) => ({ Connector }),
        (stored) => stored,
      ),
      ...upserts,
    ),
    list: whole(
      AuthService.method.getSAMLConnectors,
      { SAMLValidationNoFollowURLs: true },
      ({ SAMLConnectors }) => SAMLConnectors,
    ),
    delete: call(AuthService.method.deleteSAMLConnector, (Name: string) => ({ Name }), nothing),
  },
});
