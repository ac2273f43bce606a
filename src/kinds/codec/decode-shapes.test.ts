// What the codec takes where the custom resource has another shape than the wire: labels, traits, lists, oneofs, free-form objects.
import { describe, expect, it } from 'vitest';
import { refused, role } from '../../../test/builders/decoded.js';
import { AccessListSpecSchema } from '../../gen/teleport/accesslist/v1/accesslist_pb.js';
import { LoginRuleSchema } from '../../gen/teleport/loginrule/v1/loginrule_pb.js';
import { OIDCConnectorSpecV3Schema } from '../../gen/teleport/types/oidc_connector_pb.js';
import { RoleSpecV6Schema } from '../../gen/teleport/types/role_pb.js';
import { UserSpecV2Schema } from '../../gen/teleport/types/user_pb.js';
import { WorkloadIdentitySpecSchema } from '../../gen/teleport/workloadidentity/v1/resource_pb.js';
import { fromObject } from './index.js';

describe('labels, traits and strings', () => {
  it('takes one string or a list as a label value', () => {
    const { NodeLabels } = role({
      allow: { node_labels: { env: 'prod', '*': ['*'], a: ['1', '2'], none: [] } },
    }).Allow!;
    expect(NodeLabels?.Values).toMatchObject({
      env: { Values: ['prod'] },
      '*': { Values: ['*'] },
      a: { Values: ['1', '2'] },
      none: { Values: [] },
    });
  });

  it('refuses every other label value, null above all', () => {
    const node_labels = { env: 1, ok: ['x', null], gone: null, deep: {}, flag: true };
    expect(refused(RoleSpecV6Schema, { allow: { node_labels } })).toEqual([
      'spec.allow.node_labels["env"]: is an integer, must be a string or a list of strings',
      'spec.allow.node_labels["ok"][1]: is null, must be a string',
      'spec.allow.node_labels["gone"]: is null, must be a string or a list of strings',
      'spec.allow.node_labels["deep"]: is an object, must be a string or a list of strings',
      'spec.allow.node_labels["flag"]: is a boolean, must be a string or a list of strings',
    ]);
    expect(refused(RoleSpecV6Schema, { allow: { node_labels: 'x' } })).toEqual([
      'spec.allow.node_labels: is a string, must be an object from label keys to strings or lists of strings',
    ]);
    expect(refused(RoleSpecV6Schema, JSON.parse('{"allow":{"node_labels":{"__proto__":"x"}}}'))).toEqual([
      'spec.allow.node_labels["__proto__"]: is a key that cannot be used, must be renamed',
    ]);
  });

  it('takes traits as lists only', () => {
    const spec = fromObject(UserSpecV2Schema, { traits: { logins: ['root'] } }, { path: 'spec' });
    expect(spec.Traits?.Values).toMatchObject({ logins: { Values: ['root'] } });
    expect(refused(UserSpecV2Schema, { traits: { logins: 'root' } })).toEqual([
      'spec.traits["logins"]: is a string, must be a list of strings',
    ]);
  });

  it('puts traits into whatever shape the wire has', () => {
    const rule = fromObject(
      LoginRuleSchema,
      { traits_map: { a: ['x'] } },
      { path: 'spec', hidden: ['metadata'] },
    );
    expect(rule.traitsMap).toMatchObject({ a: { Values: ['x'] } });
    const list = fromObject(
      AccessListSpecSchema,
      { grants: { traits: { b: ['2'], a: ['1'] } } },
      { path: 'spec' },
    );
    expect(list.grants?.traits).toMatchObject([
      { key: 'a', values: ['1'] },
      { key: 'b', values: ['2'] },
    ]);
  });

  it('takes redirect URLs as one string or a list', () => {
    const urls = (redirect_url: unknown) =>
      fromObject(OIDCConnectorSpecV3Schema, { redirect_url }, { path: 'spec' }).RedirectURLs?.Values;
    expect(urls('https://a')).toEqual(['https://a']);
    expect(urls(['https://a', 'https://b'])).toEqual(['https://a', 'https://b']);
  });
});

describe('oneofs and free-form objects', () => {
  it('takes one member of a oneof', () => {
    const rules = (condition: unknown) => ({ rules: { allow: [{ conditions: [condition] }] } });
    const spec = fromObject(WorkloadIdentitySpecSchema, rules({ attribute: 'a', eq: {} }), { path: 'spec' });
    expect(spec.rules?.allow[0]?.conditions[0]?.operator).toMatchObject({ case: 'eq', value: { value: '' } });
    expect(refused(WorkloadIdentitySpecSchema, rules({ eq: { value: 'a' }, in: { values: [] } }))).toEqual([
      'spec.rules.allow[0].conditions[0].in: cannot stand beside eq, only one of eq, not_eq, in, not_in may be set',
    ]);
  });

  it('keeps free-form claims as they are, within reason', () => {
    const claims = (extra_claims: unknown) => ({ spiffe: { jwt: { extra_claims } } });
    const spec = fromObject(WorkloadIdentitySpecSchema, claims({ a: [1, null, { b: 'c' }] }), {
      path: 'spec',
    });
    expect(spec.spiffe?.jwt?.extraClaims).toEqual({ a: [1, null, { b: 'c' }] });
    let deep: unknown = {};
    for (let level = 0; level < 100; level += 1) deep = { deep };
    expect(refused(WorkloadIdentitySpecSchema, claims(deep))).toEqual([
      expect.stringContaining('nested too deeply'),
    ]);
    expect(refused(WorkloadIdentitySpecSchema, claims([]))).toEqual([
      'spec.spiffe.jwt.extra_claims: is a list, must be an object',
    ]);
  });
});
