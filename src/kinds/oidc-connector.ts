// TeleportOIDCConnector: sign-in with an OpenID Connect provider.
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import {
  OIDCConnectorSpecV3Schema,
  type OIDCConnectorV3,
  OIDCConnectorV3Schema,
} from '../gen/teleport/types/oidc_connector_pb.js';
import { type Call, call, nothing, orElse, whole } from './calls.js';
import { legacyForm } from './forms.js';
import { declareKind } from './kind.js';
import { rolesNamed } from './mentions.js';

/** What servers have that lack the conditional verbs. */
const upserts: readonly Call<OIDCConnectorV3, OIDCConnectorV3 | undefined>[] = [
  call(
    AuthService.method.upsertOIDCConnectorV2,
    (Connector: OIDCConnectorV3) => ({ Connector }),
    (stored) => stored,
  ),
  call(AuthService.method.upsertOIDCConnector, (connector: OIDCConnectorV3) => connector, nothing),
];

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
  mentions: ({ Spec: spec }) => rolesNamed(spec?.ClaimsToRoles.flatMap(({ Roles }) => Roles)),
  calls: {
    get: call(
      AuthService.method.getOIDCConnector,
      (Name: string) => ({ Name }),
      (stored) => stored,
    ),
    create: orElse(
      call(
        AuthService.method.createOIDCConnector,
        (Connector: OIDCConnectorV3) => ({ Connector }),
        (stored) => stored,
      ),
      ...upserts,
    ),
    update: orElse(
      call(
        AuthService.method.updateOIDCConnector,
        (Connector: OIDCConnectorV3) => ({ Connector }),
        (stored) => stored,
      ),
      ...upserts,
    ),
    list: whole(AuthService.method.getOIDCConnectors, {}, ({ OIDCConnectors }) => OIDCConnectors),
    delete: call(AuthService.method.deleteOIDCConnector, (Name: string) => ({ Name }), nothing),
  },
});
