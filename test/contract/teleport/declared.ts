// Contract: RPCs that kinds declare beside those of kinds.ts. What an open source server without a network refuses is
// tried by its refusal; every list that the operator reads is read.
import type { DescMethodUnary, Message } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { LoginRuleService } from '../../../src/gen/teleport/loginrule/v1/loginrule_service_pb.js';
import { TrustService } from '../../../src/gen/teleport/trust/v1/trust_service_pb.js';
import { kinds } from '../../../src/kinds/index.js';
import type { TeleportClient } from '../../../src/teleport/client.js';
import type { TeleportErrorKind } from '../../../src/teleport/errors.js';
import type { RunningTeleport } from '../../env/types.js';
import { enterpriseServices } from './coverage.js';
import { expectRefusal } from './expectations.js';

const auth = AuthService.method;
const Metadata = { Name: 'x' };
const github = { Version: 'v3', Metadata, Spec: {} };
const oidc = { Version: 'v3', Metadata, Spec: {} };
const saml = { Version: 'v2', Metadata, Spec: {} };
const trusted = {
  Version: 'v2',
  Metadata,
  Spec: { Token: 't', ProxyAddress: '127.0.0.1:1', RoleMap: [{ Remote: 'a', Local: ['nothing'] }] },
};
const loginRule = { version: 'v1', metadata: Metadata, traitsExpression: 'external' };

const noTeams = 'team_to_logins or team_to_roles mapping is invalid, no mappings defined.';
const noOidc = 'OIDC is only available in Teleport Enterprise';
const noSaml = 'SAML is only available in Teleport Enterprise';
const noRole = 'a role "nothing" referenced in a mapping a:[nothing] is not defined';
const noRules = 'this feature requires Teleport Enterprise';

type Refusal = readonly [
  DescMethodUnary,
  TeleportErrorKind,
  string,
  (client: TeleportClient) => Promise<Message>,
];

const refusals: readonly Refusal[] = [
  [
    auth.updateGithubConnector,
    'BadParameter',
    noTeams,
    (c) => c.unary(auth.updateGithubConnector, { Connector: github }),
  ],
  [
    auth.upsertGithubConnectorV2,
    'BadParameter',
    noTeams,
    (c) => c.unary(auth.upsertGithubConnectorV2, { Connector: github }),
  ],
  [auth.upsertGithubConnector, 'BadParameter', noTeams, (c) => c.unary(auth.upsertGithubConnector, github)],
  [
    auth.updateOIDCConnector,
    'AccessDenied',
    noOidc,
    (c) => c.unary(auth.updateOIDCConnector, { Connector: oidc }),
  ],
  [
    auth.upsertOIDCConnectorV2,
    'AccessDenied',
    noOidc,
    (c) => c.unary(auth.upsertOIDCConnectorV2, { Connector: oidc }),
  ],
  [auth.upsertOIDCConnector, 'AccessDenied', noOidc, (c) => c.unary(auth.upsertOIDCConnector, oidc)],
  [
    auth.updateSAMLConnector,
    'AccessDenied',
    noSaml,
    (c) => c.unary(auth.updateSAMLConnector, { Connector: saml }),
  ],
  [
    auth.upsertSAMLConnectorV2,
    'AccessDenied',
    noSaml,
    (c) => c.unary(auth.upsertSAMLConnectorV2, { Connector: saml }),
  ],
  [auth.upsertSAMLConnector, 'AccessDenied', noSaml, (c) => c.unary(auth.upsertSAMLConnector, saml)],
  [
    TrustService.method.createTrustedCluster,
    'NotFound',
    noRole,
    (c) => c.unary(TrustService.method.createTrustedCluster, { trustedCluster: trusted }),
  ],
  [auth.upsertTrustedCluster, 'NotFound', noRole, (c) => c.unary(auth.upsertTrustedCluster, trusted)],
  [
    LoginRuleService.method.createLoginRule,
    'AccessDenied',
    noRules,
    (c) => c.unary(LoginRuleService.method.createLoginRule, { loginRule }),
  ],
  [
    LoginRuleService.method.upsertLoginRule,
    'AccessDenied',
    noRules,
    (c) => c.unary(LoginRuleService.method.upsertLoginRule, { loginRule }),
  ],
];

/** RPCs of kinds, and those of older servers. */
const all = kinds.flatMap(({ calls: { get, create, update, delete: remove, list } }) => [
  ...[get, create, update, remove].flatMap(({ method, older = [] }) => [method, ...older]),
  ...(list ? [list.method] : []),
]);

export function declaredContract(teleport: () => RunningTeleport): void {
  it.each(refusals.map((row) => [row[0].name, row] as const))('refuses %s', async (_name, row) => {
    const [, kind, text, call] = row;
    await expectRefusal(call(teleport().admin), kind, text);
  });

  it.each(enterpriseServices.map((one) => [one.typeName, one] as const))(
    'has no %s without a licence',
    async (name, one) => {
      for (const method of all.filter(({ parent }) => parent.typeName === one.typeName)) {
        await expectRefusal(teleport().admin.unary(method, {}), 'NotImplemented', `unknown service ${name}`);
      }
    },
  );

  it.each(kinds.filter(({ calls }) => calls.list).map((kind) => [kind.resource.kind, kind] as const))(
    'lists every %s',
    async (_name, { calls: { list }, form, needs }) => {
      if (!list) return;
      const { signal } = new AbortController();
      const names: string[] = [];
      try {
        for await (const page of list.pages(teleport().admin, signal))
          names.push(...page.map((one) => form.head(one).name));
      } catch (error) {
        // Enterprise services, and login rules.
        expect(needs.length, String(error)).toBeGreaterThan(0);
        expect(error).toMatchObject({
          kind: expect.stringMatching(/^(NotImplemented|AccessDenied)$/) as string,
        });
      }
      expect(new Set(names).size).toBe(names.length);
    },
  );
}
