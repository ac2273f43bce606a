// The single sign-on connectors: GitHub, and with a licence OIDC and SAML. No provider is asked anything.
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import type { GithubConnectorV3 } from '../../../src/gen/teleport/types/github_connector_pb.js';
import type { OIDCConnectorV3 } from '../../../src/gen/teleport/types/oidc_connector_pb.js';
import type { SAMLConnectorV2 } from '../../../src/gen/teleport/types/saml_connector_pb.js';
import { badParameter } from '../refusal.js';
import { githubConnectors, oidcConnectors, samlConnectors } from '../state/kinds.js';
import { resourceService, type Served } from './resource.js';
import type { Service } from './service.js';

const rpc = AuthService.method;

/** What the three have in common. */
const connector = {
  rule: 'auth_connector',
  reading: 'readnosecrets',
  oneByOne: true,
  unnamed: { get: 'missing parameter name', delete: 'missing parameter name' },
  conditional: true,
  exists: () => 'UNIQUE constraint failed: kv.key',
} as const;

const key = (type: string) => (name: string) =>
  `key "/web/connectors/${type}/connectors/${name}" is not found`;

const github: Served = {
  ...connector,
  stored: githubConnectors,
  methods: [
    rpc.getGithubConnector,
    rpc.getGithubConnectors,
    rpc.createGithubConnector,
    rpc.updateGithubConnector,
    rpc.upsertGithubConnectorV2,
    rpc.upsertGithubConnector,
    rpc.deleteGithubConnector,
  ],
  missing: { get: (name) => `github connector "${name}" is not configured`, delete: key('github') },
  check: (given: GithubConnectorV3) => {
    given.Kind = 'github';
    given.Version ||= 'v3';
    if ((given.Spec?.TeamsToRoles ?? []).length === 0 && (given.Spec?.TeamsToLogins ?? []).length === 0) {
      throw badParameter('team_to_logins or team_to_roles mapping is invalid, no mappings defined.');
    }
  },
  blank: (found: GithubConnectorV3) => {
    if (found.Spec) found.Spec.ClientSecret = '';
  },
};

const oidc: Served = {
  ...connector,
  stored: oidcConnectors,
  methods: [
    rpc.getOIDCConnector,
    rpc.getOIDCConnectors,
    rpc.createOIDCConnector,
    rpc.updateOIDCConnector,
    rpc.upsertOIDCConnectorV2,
    rpc.upsertOIDCConnector,
    rpc.deleteOIDCConnector,
  ],
  missing: { get: (name) => `OpenID connector '${name}' is not configured`, delete: key('oidc') },
  licence: { text: 'OIDC is only available in Teleport Enterprise', of: 'writes', first: false },
  check: (given: OIDCConnectorV3) => {
    given.Kind = 'oidc';
    given.Version ||= 'v3';
    if (!given.Spec?.ClientID) throw badParameter('OIDC connector client id is missing');
    if (given.Spec.ClaimsToRoles.length === 0)
      throw badParameter(
        'claims_to_roles is empty, authorization with connector would never assign any roles',
      );
  },
  blank: (found: OIDCConnectorV3) => {
    if (!found.Spec) return;
    found.Spec.ClientSecret = '';
    found.Spec.GoogleServiceAccount = '';
  },
};

const saml: Served = {
  ...connector,
  stored: samlConnectors,
  methods: [
    rpc.getSAMLConnector,
    rpc.getSAMLConnectors,
    rpc.createSAMLConnector,
    rpc.updateSAMLConnector,
    rpc.upsertSAMLConnectorV2,
    rpc.upsertSAMLConnector,
    rpc.deleteSAMLConnector,
  ],
  missing: { get: (name) => `SAML connector "${name}" is not configured`, delete: key('saml') },
  licence: { text: 'SAML is only available in Teleport Enterprise', of: 'writes', first: true },
  check: (given: SAMLConnectorV2) => {
    given.Kind = 'saml';
    given.Version ||= 'v2';
    if (!given.Spec?.AssertionConsumerService)
      throw badParameter(
        'missing acs - assertion consumer service parameter, set service URL that will receive POST requests from SAML',
      );
    given.Spec.ServiceProviderIssuer ||= given.Spec.AssertionConsumerService;
    given.Spec.Audience ||= given.Spec.AssertionConsumerService;
  },
  blank: (found: SAMLConnectorV2) => {
    if (found.Spec?.SigningKeyPair) found.Spec.SigningKeyPair.PrivateKey = '';
    if (found.Spec?.EncryptionKeyPair) found.Spec.EncryptionKeyPair.PrivateKey = '';
  },
};

export const connectorServices: readonly Service[] = [github, oidc, saml].map(resourceService);
