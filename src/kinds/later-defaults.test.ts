// The server's defaults of the kinds beyond users, roles and tokens, as Teleport's own checks set them; what a
// real server answered is test/facts/golden.
import { equals, type Message } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { accessList } from './access-list.js';
import { app } from './app.js';
import { bot } from './bot.js';
import { fromObject } from './codec/index.js';
import { database } from './database.js';
import type { AnyKind } from './kind.js';
import { samlConnector } from './saml-connector.js';
import { providerOf } from './saml-defaults.js';
import { samlIdpServiceProvider } from './saml-idp-service-provider.js';
import { trustedCluster } from './trusted-cluster.js';

function resource(kind: AnyKind, spec: unknown): Message {
  const { schema, hidden } = kind.spec;
  const message = fromObject(schema, spec, { path: 'spec', hidden });
  return kind.form.build(kind.resource, { name: 'x', description: '', labels: {} }, message);
}

const specOf = (message: Message): Message => {
  const { Spec, spec } = message as { Spec?: Message; spec?: Message } & Message;
  return (Spec ?? spec) as Message;
};

const descriptor =
  "<?xml version='1.0'?><!-- <EntityDescriptor entityID='no'> --><md:EntityDescriptor\n xmlns:md='x' entityID=\"https://idp/?a=1&amp;b=2\">" +
  '<md:IDPSSODescriptor><md:SingleSignOnService Binding="b" Location="https://idp/sso"/>' +
  '<md:SingleSignOnService Location="https://idp/other"/></md:IDPSSODescriptor></md:EntityDescriptor>';

const acs = 'https://tele/acs';
const mapped = [{ name: 'g', value: 'v', roles: ['access'] }];
const list = { title: 't', owners: [{ name: 'alice' }], grants: { roles: ['access'] } };

describe('defaults', () => {
  it.each<[string, AnyKind, object, object]>([
    ['an app of a cloud', app, { cloud: 'Azure' }, { cloud: 'Azure', uri: 'cloud://Azure' }],
    [
      'a console of AWS',
      app,
      { uri: 'https://console.aws.amazon.com/ec2' },
      { uri: 'https://console.aws.amazon.com/ec2', cloud: 'AWS' },
    ],
    ['another app', app, { uri: 'http://a' }, { uri: 'http://a' }],
    [
      'ClickHouse',
      database,
      { protocol: 'clickhouse', uri: 'db:9440' },
      { protocol: 'clickhouse', uri: 'clickhouse://db:9440' },
    ],
    [
      'ClickHouse over HTTP',
      database,
      { protocol: 'clickhouse-http', uri: 'db:8443' },
      { protocol: 'clickhouse-http', uri: 'https://db:8443' },
    ],
    [
      'a database in a domain',
      database,
      { protocol: 'sqlserver', uri: 'db:1433', ad: { domain: 'EXAMPLE.COM' } },
      { protocol: 'sqlserver', uri: 'db:1433', ad: { domain: 'EXAMPLE.COM', krb5_file: '/etc/krb5.conf' } },
    ],
    [
      'a trusted cluster',
      trustedCluster,
      { enabled: true, web_proxy_addr: 'root:443' },
      { enabled: true, web_proxy_addr: 'root:443', tunnel_addr: 'root:443' },
    ],
    [
      'an access list',
      accessList,
      list,
      {
        ...list,
        owners: [{ name: 'alice', membership_kind: 'MEMBERSHIP_KIND_USER' }],
        audit: {
          recurrence: { frequency: '6months', day_of_month: '1' },
          notifications: { start: '336h' },
        },
      },
    ],
    [
      'a SAML connector',
      samlConnector,
      { acs, issuer: 'i', sso: 's', attributes_to_roles: mapped },
      {
        acs,
        issuer: 'i',
        sso: 's',
        attributes_to_roles: mapped,
        service_provider_issuer: acs,
        audience: acs,
      },
    ],
    [
      'a service provider',
      samlIdpServiceProvider,
      {
        entity_descriptor: descriptor,
        preset: 'gcp-workforce',
        attribute_mapping: [
          { name: 'a', value: 'v' },
          { name: 'b', name_format: 'uri', value: 'v' },
        ],
      },
      {
        entity_descriptor: descriptor,
        entity_id: 'https://idp/?a=1&b=2',
        preset: 'gcp-workforce',
        relay_state: 'https://console.cloud.google/',
        attribute_mapping: [
          {
            name: 'a',
            name_format: 'urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified',
            value: 'v',
          },
          { name: 'b', name_format: 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri', value: 'v' },
        ],
      },
    ],
    [
      'a bot',
      bot,
      {
        roles: ['a'],
        traits: [
          { name: 'z', values: ['1'] },
          { name: 'b', values: ['2'] },
          { name: 'c', values: [] },
        ],
      },
      {
        roles: ['a'],
        max_session_ttl: '43200s',
        traits: [
          { name: 'b', values: ['2'] },
          { name: 'z', values: ['1'] },
        ],
      },
    ],
  ])('completes %s, once', (_what, kind, given, wanted) => {
    const made = resource(kind, given);
    kind.defaults(made);
    const expected = resource(kind, wanted);
    const same = (left: Message, right: Message) => equals(kind.spec.schema, specOf(left), specOf(right));
    expect(same(made, expected)).toBe(true);
    kind.defaults(expected);
    expect(same(made, expected)).toBe(true);
  });

  it('takes each owner of an access list once', () => {
    const made = resource(accessList, { ...list, owners: [{ name: 'a' }, { name: 'b' }, { name: 'a' }] });
    accessList.defaults(made);
    const { owners } = specOf(made) as unknown as { owners: { name: string }[] };
    expect(owners.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('reads a SAML descriptor as Teleport does: the first sign-in address, no comments', () => {
    expect(providerOf(descriptor)).toEqual({ issuer: 'https://idp/?a=1&b=2', sso: 'https://idp/sso' });
    expect(providerOf('no descriptor')).toEqual({ issuer: '', sso: '' });
  });
});
