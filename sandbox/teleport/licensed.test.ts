// Kinds that need a licence: on a server that has one they are stored like any other. There is no real server of
// that edition to compare with, so this is the only test of them.
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AccessListService } from '../../src/gen/teleport/accesslist/v1/accesslist_service_pb.js';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { LoginRuleService } from '../../src/gen/teleport/loginrule/v1/loginrule_service_pb.js';
import { OktaService } from '../../src/gen/teleport/okta/v1/okta_service_pb.js';
import { type EmbeddedTeleport, startTeleport } from './server.js';

let teleport: EmbeddedTeleport;
let sessions: Http2SessionManager;

beforeEach(async () => {
  teleport = await startTeleport({ enterprise: true });
  const { certPem, keyPem, hostCaPem } = await teleport.admin();
  const tls = { cert: certPem, key: keyPem, ca: hostCaPem, servername: 'teleport.cluster.local' };
  sessions = new Http2SessionManager(`https://${teleport.authAddress}`, {}, tls);
});

afterEach(async () => {
  sessions.abort();
  await teleport.close();
});

const transport = () =>
  createGrpcTransport({ baseUrl: `https://${teleport.authAddress}`, sessionManager: sessions });

describe('with a licence', () => {
  it('says so in Ping', async () => {
    const { ServerFeatures: features } = await createClient(AuthService, transport()).ping({});
    expect(features?.AdvancedAccessWorkflows).toBe(true);
    expect(features?.entitlements['SAML']?.enabled).toBe(true);
  });

  it('keeps an OIDC connector, whose secret it shows to nobody who does not ask for it', async () => {
    const auth = createClient(AuthService, transport());
    const Connector = {
      Metadata: { Name: 'sso' },
      Spec: {
        ClientID: 'id',
        ClientSecret: 'secret',
        ClaimsToRoles: [{ Claim: 'groups', Value: 'a', Roles: ['access'] }],
      },
    };
    await auth.createOIDCConnector({ Connector });
    expect((await auth.getOIDCConnector({ Name: 'sso' })).Spec?.ClientSecret).toBe('');
    const whole = await auth.getOIDCConnector({ Name: 'sso', WithSecrets: true });
    expect(whole.Spec?.ClientSecret).toBe('secret');
    expect(whole.Version).toBe('v3');
  });

  it('keeps a SAML connector with the defaults that follow from its address', async () => {
    const auth = createClient(AuthService, transport());
    const Connector = { Metadata: { Name: 'sso' }, Spec: { AssertionConsumerService: 'https://acs' } };
    const { Spec: spec } = await auth.upsertSAMLConnectorV2({ Connector });
    expect(spec).toMatchObject({ Audience: 'https://acs', ServiceProviderIssuer: 'https://acs' });
  });

  it('keeps login rules, access lists and Okta import rules', async () => {
    const loginRules = createClient(LoginRuleService, transport());
    await loginRules.createLoginRule({
      loginRule: { metadata: { Name: 'r' }, version: 'v1', traitsExpression: 'external' },
    });
    expect((await loginRules.getLoginRule({ name: 'r' })).metadata?.Name).toBe('r');

    const accessLists = createClient(AccessListService, transport());
    const list = await accessLists.upsertAccessList({
      accessList: {
        header: { metadata: { name: 'l' } },
        spec: { title: 'List', owners: [{ name: 'alice' }] },
      },
    });
    expect(list.spec?.audit?.nextAuditDate).toBeDefined();
    await accessLists.updateAccessList({ accessList: list });
    await expect(accessLists.updateAccessList({ accessList: list })).rejects.toMatchObject({ code: 9 });

    const okta = createClient(OktaService, transport());
    await okta.createOktaImportRule({ importRule: { Header: { Metadata: { Name: 'o' } }, Spec: {} } });
    expect((await okta.getOktaImportRule({ name: 'o' })).Header?.Metadata?.Name).toBe('o');
    await okta.deleteOktaImportRule({ name: 'o' });
    await expect(okta.getOktaImportRule({ name: 'o' })).rejects.toMatchObject({ code: 5 });
  });
});
