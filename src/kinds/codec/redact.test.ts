import { create, type DescMessage, equals, toJsonString } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageArbitrary } from '../../../test/builders/message-arbitrary.js';
import { GithubConnectorSpecV3Schema } from '../../gen/teleport/types/github_connector_pb.js';
import { OIDCConnectorSpecV3Schema } from '../../gen/teleport/types/oidc_connector_pb.js';
import { ProvisionTokenV2Schema } from '../../gen/teleport/types/provision_token_pb.js';
import { RoleSpecV6Schema } from '../../gen/teleport/types/role_pb.js';
import { SAMLConnectorSpecV2Schema } from '../../gen/teleport/types/saml_connector_pb.js';
import { TrustedClusterSpecV2Schema } from '../../gen/teleport/types/trusted_cluster_pb.js';
import { UserV2Schema } from '../../gen/teleport/types/user_pb.js';
import { hasSensitive, withoutSensitive } from './redact.js';

const secret = 'hunter2';

describe('withoutSensitive', () => {
  it.each([
    [GithubConnectorSpecV3Schema, create(GithubConnectorSpecV3Schema, { ClientSecret: secret })],
    [
      OIDCConnectorSpecV3Schema,
      create(OIDCConnectorSpecV3Schema, {
        ClientSecret: secret,
        GoogleServiceAccount: secret,
        MFASettings: { clientSecret: secret },
      }),
    ],
    [
      SAMLConnectorSpecV2Schema,
      create(SAMLConnectorSpecV2Schema, {
        SigningKeyPair: { PrivateKey: secret },
        EncryptionKeyPair: { PrivateKey: secret },
      }),
    ],
    [TrustedClusterSpecV2Schema, create(TrustedClusterSpecV2Schema, { Token: secret })],
    [
      ProvisionTokenV2Schema,
      create(ProvisionTokenV2Schema, {
        Spec: { BoundKeypair: { Onboarding: { RegistrationSecret: secret } } },
        Status: { BoundKeypair: { RegistrationSecret: secret } },
      }),
    ],
    [
      UserV2Schema,
      create(UserV2Schema, {
        Spec: { LocalAuth: { TOTPKey: secret, MFA: [{ device: { case: 'totp', value: { key: secret } } }] } },
      }),
    ],
  ] as const)('clears the secrets of %s', (schema, message) => {
    expect(hasSensitive(schema as DescMessage, message)).toBe(true);
    const clean = withoutSensitive(schema as DescMessage, message);
    expect(toJsonString(schema as DescMessage, clean)).not.toContain(secret);
    expect(hasSensitive(schema as DescMessage, clean)).toBe(false);
    // The original is whole.
    expect(toJsonString(schema as DescMessage, message)).toContain(secret);
  });

  it('keeps all else', () => {
    fc.assert(
      fc.property(messageArbitrary(RoleSpecV6Schema), (role) => {
        return (
          !hasSensitive(RoleSpecV6Schema, role) &&
          equals(RoleSpecV6Schema, withoutSensitive(RoleSpecV6Schema, role), role)
        );
      }),
      { numRuns: 30 },
    );
    const connector = create(GithubConnectorSpecV3Schema, {
      ClientID: 'id',
      ClientSecret: secret,
      Display: 'x',
    });
    expect(withoutSensitive(GithubConnectorSpecV3Schema, connector)).toEqual(
      create(GithubConnectorSpecV3Schema, { ClientID: 'id', Display: 'x' }),
    );
  });
});

it('an empty secret is none', () => {
  expect(
    hasSensitive(GithubConnectorSpecV3Schema, create(GithubConnectorSpecV3Schema, { ClientID: 'id' })),
  ).toBe(false);
});
