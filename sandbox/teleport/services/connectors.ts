// The single sign-on connectors: GitHub, and with a licence OIDC and SAML. No provider is asked anything.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import type { GithubConnectorV3 } from '../../../src/gen/teleport/types/github_connector_pb.js';
import type { OIDCConnectorV3 } from '../../../src/gen/teleport/types/oidc_connector_pb.js';
import {
  AsymmetricKeyPairSchema,
  type SAMLConnectorSpecV2,
  type SAMLConnectorV2,
} from '../../../src/gen/teleport/types/saml_connector_pb.js';
import { badParameter } from '../refusal.js';
import { githubConnectors, oidcConnectors, roles, samlConnectors } from '../state/kinds.js';
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

/** A new key pair where there is none; a stored one is completed by its certificate. @throws BadParameter */
function signingKeys(spec: SAMLConnectorSpecV2, before: SAMLConnectorV2 | undefined): void {
  const pair = spec.SigningKeyPair;
  if (!pair) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    spec.SigningKeyPair = create(AsymmetricKeyPairSchema, {
      PrivateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      Cert: `-----BEGIN CERTIFICATE-----\n${randomUUID()}\n-----END CERTIFICATE-----\n`,
    });
    return;
  }
  if (pair.PrivateKey !== '') return;
  const stored = before?.Spec?.SigningKeyPair;
  if (!before) throw badParameter('Missing private key for signing connector.');
  if (stored?.Cert !== pair.Cert) {
    throw badParameter(
      'failed to update the SAML connector, the SAML connector has no signing key and its signing certificate does not match the existing one.',
    );
  }
  pair.PrivateKey = stored.PrivateKey;
}

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
  check: (given: SAMLConnectorV2, { before, store }) => {
    given.Kind = 'saml';
    given.Version ||= 'v2';
    if (!given.Spec?.AssertionConsumerService)
      throw badParameter(
        'missing acs - assertion consumer service parameter, set service URL that will receive POST requests from SAML',
      );
    given.Spec.ServiceProviderIssuer ||= given.Spec.AssertionConsumerService;
    given.Spec.Audience ||= given.Spec.AssertionConsumerService;
    for (const role of given.Spec.AttributesToRoles.flatMap(({ Roles }) => Roles)) {
      if (!role.includes('{{') && !store.has(roles, role)) {
        throw badParameter(`role "${role}" specified in attributes_to_roles not found`);
      }
    }
    signingKeys(given.Spec, before as SAMLConnectorV2 | undefined);
  },
  blank: (found: SAMLConnectorV2) => {
    if (found.Spec?.SigningKeyPair) found.Spec.SigningKeyPair.PrivateKey = '';
    if (found.Spec?.EncryptionKeyPair) found.Spec.EncryptionKeyPair.PrivateKey = '';
  },
};

export const connectorServices: readonly Service[] = [github, oidc, saml].map(resourceService);
