// TeleportOIDCConnector: sign-in with an OpenID Connect provider.
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import {
  OIDCConnectorSpecV3Schema,
  type OIDCConnectorV3,
  OIDCConnectorV3Schema,
} from '../gen/teleport/types/oidc_connector_pb.js';
import { call, nothing } from './calls.js';
import { legacyForm } from './forms.js';
import { declareKind } from './kind.js';

export const oidcConnector = declareKind({
  object: {
    kind: 'TeleportOIDCConnector',
    plural: 'teleportoidcconnectors',
    shortNames: ['oidcconnector', 'oidcconnectors'],
    versions: [{ name: 'v3', storage: true }],
    columns: [{ name: 'Issuer', jsonPath: '.spec.issuer_url', type: 'string' }],
    description:
      'An OpenID Connect connector: who may sign in with that provider, and which roles their claims give them.',
  },
  resource: { kind: 'oidc', version: 'v3' },
  schema: OIDCConnectorV3Schema,
  form: legacyForm(OIDCConnectorV3Schema),
  spec: { schema: OIDCConnectorSpecV3Schema, hidden: [] },
  needs: ['OIDC'],
  calls: {
    get: call(
      AuthService.method.getOIDCConnector,
      (Name: string) => ({ Name }),
      (stored) => stored,
    ),
    create: call(
      AuthService.method.createOIDCConnector,
      (Connector: OIDCConnectorV3) => ({ Connector }),
      (stored) => stored,
    ),
    update: call(
      AuthService.method.updateOIDCConnector,
      (Connector: OIDCConnectorV3) => ({ Connector }),
      (stored) => stored,
    ),
    delete: call(AuthService.method.deleteOIDCConnector, (Name: string) => ({ Name }), nothing),
  },
});
