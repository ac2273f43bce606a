// What the codec takes, form by form, and what it says to everything else.
import { create, type DescMessage } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { AccessListSpecSchema } from '../../gen/teleport/accesslist/v1/accesslist_pb.js';
import { LoginRuleSchema } from '../../gen/teleport/loginrule/v1/loginrule_pb.js';
import { DatabaseTLSSchema } from '../../gen/teleport/types/database_pb.js';
import { OIDCConnectorSpecV3Schema } from '../../gen/teleport/types/oidc_connector_pb.js';
import { ProvisionTokenSpecV2Schema } from '../../gen/teleport/types/provision_token_pb.js';
import { CreateHostUserMode, RoleSpecV6Schema } from '../../gen/teleport/types/role_pb.js';
import { SAMLConnectorSpecV2Schema } from '../../gen/teleport/types/saml_connector_pb.js';
import { ServerSpecV2Schema } from '../../gen/teleport/types/server_pb.js';
import { UserSpecV2Schema, WebauthnDeviceSchema } from '../../gen/teleport/types/user_pb.js';
import { LabelValuesSchema } from '../../gen/teleport/types/wrappers_pb.js';
import { WorkloadIdentitySpecSchema } from '../../gen/teleport/workloadidentity/v1/resource_pb.js';
import { DecodeError, fromObject } from './index.js';

const role = (spec: unknown) => fromObject(RoleSpecV6Schema, spec, { path: 'spec' });
const options = (value: Record<string, unknown>) => role({ options: value }).Options!;

/** The problems of a spec, one `path: message` each; fails where there are none. */
function refused(schema: DescMessage, spec: unknown, hidden: readonly string[] = []): string[] {
  try {
    fromObject(schema, spec, { path: 'spec', hidden });
  } catch (error) {
    if (error instanceof DecodeError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  throw new Error('was not refused');
}

describe('presence', () => {
  it('sends what Go always sends, and nothing more', () => {
    const spec = role(undefined);
    expect(spec.Allow?.NodeLabels).toEqual(create(LabelValuesSchema));
    expect(spec.Deny?.WorkloadIdentityLabels).toEqual(create(LabelValuesSchema));
    expect(spec.Options?.MFAVerificationInterval).toMatchObject({ seconds: 0n, nanos: 0 });
    expect(spec.Allow?.Request).toBeUndefined();
    expect(spec.Options?.PortForwarding).toBeUndefined();
    expect(role({ allow: null, options: {} })).toEqual(spec);
  });

  it('tells a stated false and an empty object from nothing', () => {
    expect(options({ port_forwarding: false, idp: {} })).toMatchObject({
      PortForwarding: { Value: false },
      IDP: {},
    });
    const unset = options({ port_forwarding: null, idp: null });
    expect([unset.PortForwarding, unset.IDP]).toEqual([undefined, undefined]);
  });

  it('sends what the server insists on', () => {
    const list = fromObject(AccessListSpecSchema, { audit: null }, { path: 'spec' });
    expect([list.audit, list.grants, list.membershipRequires, list.ownershipRequires]).not.toContain(
      undefined,
    );
    expect([list.ownerGrants, list.audit?.recurrence]).toEqual([undefined, undefined]);
  });

  it('sends year 1, never 1970, for times that Go always sends', () => {
    const { Rotation } = fromObject(ServerSpecV2Schema, { addr: 'a:22' }, { path: 'spec' });
    expect(Rotation?.Started?.seconds).toBe(-62_135_596_800n);
    expect(Rotation?.Schedule?.Standby?.seconds).toBe(-62_135_596_800n);
  });

  it('leaves hidden fields unset, whatever Go does', () => {
    const spec = fromObject(
      UserSpecV2Schema,
      {},
      { path: 'spec', hidden: ['status', 'expires', 'created_by'] },
    );
    expect([spec.Status, spec.Expires, spec.CreatedBy]).toEqual([undefined, undefined, undefined]);
  });

  it('reads year 1 as unset', () => {
    const onboarding = { initial_public_key: 'k', must_register_before: '0001-01-01T00:00:00Z' };
    const spec = fromObject(ProvisionTokenSpecV2Schema, { bound_keypair: { onboarding } }, { path: 'spec' });
    expect(spec.BoundKeypair?.Onboarding?.MustRegisterBefore).toBeUndefined();
  });

  it('lifts an inline message into its parent', () => {
    const oidc = (spec: unknown) => fromObject(OIDCConnectorSpecV3Schema, spec, { path: 'spec' });
    expect(oidc({ max_age: '1h' }).MaxAge?.Value).toBe(3_600_000_000_000n);
    expect(oidc({ max_age: 'never' }).MaxAge?.Value).toBe(0n);
    expect(oidc({ max_age: null }).MaxAge).toBeUndefined();
    expect(oidc({}).MaxAge).toBeUndefined();
    expect(refused(OIDCConnectorSpecV3Schema, { max_age: 5, MaxAge: {} })).toEqual([
      expect.stringMatching(/^spec\.max_age: is an integer, must be a duration/),
      'spec.MaxAge: is no known field, did you mean max_age?',
    ]);
  });
});

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

describe('enums', () => {
  it('takes words, proto names and numbers', () => {
    const mode = (create_host_user_mode: unknown) => options({ create_host_user_mode }).CreateHostUserMode;
    expect([
      mode('drop'),
      mode('insecure-drop'),
      mode('HOST_USER_MODE_KEEP'),
      mode(2),
      mode(''),
      mode(false),
    ]).toEqual([
      CreateHostUserMode.HOST_USER_MODE_INSECURE_DROP,
      CreateHostUserMode.HOST_USER_MODE_INSECURE_DROP,
      CreateHostUserMode.HOST_USER_MODE_KEEP,
      CreateHostUserMode.HOST_USER_MODE_INSECURE_DROP,
      CreateHostUserMode.HOST_USER_MODE_UNSPECIFIED,
      CreateHostUserMode.HOST_USER_MODE_OFF,
    ]);
  });

  it.each([
    ['yes', 1],
    ['YEAH', 1],
    ['y', 1],
    ['true', 1],
    ['1', 1],
    ['On', 1],
    [true, 1],
    ['no', 0],
    ['nope', 0],
    ['N', 0],
    ['false', 0],
    ['0', 0],
    ['off', 0],
    [false, 0],
    ['', 0],
    ['hardware_key', 2],
    ['hardware_key_touch', 3],
    ['hardware_key_pin', 4],
    ['hardware_key_touch_and_pin', 5],
    [5, 5],
  ])('require_session_mfa %j', (word, value) => {
    expect(options({ require_session_mfa: word }).RequireMFAType).toBe(value);
  });

  it('takes the words of other kinds', () => {
    const saml = (force_authn: unknown) =>
      fromObject(SAMLConnectorSpecV2Schema, { force_authn }, { path: 'spec' }).ForceAuthn;
    expect([saml('yes'), saml('no'), saml(''), saml(true)]).toEqual([1, 2, 0, 1]);
    const tls = (mode: unknown) => fromObject(DatabaseTLSSchema, { mode }, { path: 'spec' }).Mode;
    expect([tls('verify-full'), tls('verify-ca'), tls('insecure'), tls(2)]).toEqual([0, 1, 2, 2]);
    const recurrence = (value: unknown) =>
      fromObject(AccessListSpecSchema, { audit: { recurrence: value } }, { path: 'spec' }).audit?.recurrence;
    expect(recurrence({ frequency: '6 Months', day_of_month: 'last' })).toMatchObject({
      frequency: 6,
      dayOfMonth: 31,
    });
    expect(recurrence({ frequency: '1y', day_of_month: '15' })).toMatchObject({
      frequency: 12,
      dayOfMonth: 15,
    });
    expect(recurrence({ frequency: 3, day_of_month: 1 })).toMatchObject({ frequency: 3, dayOfMonth: 1 });
  });

  it('refuses the rest with the words it takes', () => {
    expect(
      refused(RoleSpecV6Schema, {
        options: {
          create_host_user_mode: 'dorp',
          create_db_user_mode: 9,
          require_session_mfa: [],
          cert_extensions: [{ type: 1, mode: 'x' }],
        },
      }),
    ).toEqual([
      'spec.options.cert_extensions[0].type: is 1, must be one of ssh',
      'spec.options.cert_extensions[0].mode: is "x", must be one of extension',
      'spec.options.require_session_mfa: is a list, must be one of no, yes, hardware_key, hardware_key_touch, hardware_key_pin, hardware_key_touch_and_pin',
      'spec.options.create_host_user_mode: is "dorp", must be one of off, keep, insecure-drop',
      'spec.options.create_db_user_mode: is 9, must be one of off, keep, best_effort_drop',
    ]);
  });
});

describe('scalars', () => {
  it('takes 64-bit integers as numbers or digits, exactly', () => {
    expect(options({ max_sessions: 7 }).MaxSessions).toBe(7n);
    expect(options({ max_sessions: '9007199254740993' }).MaxSessions).toBe(9_007_199_254_740_993n);
    expect(options({ max_sessions: -1 }).MaxSessions).toBe(-1n);
    expect(refused(RoleSpecV6Schema, { options: { max_sessions: 2 ** 60 } })).toEqual([
      'spec.options.max_sessions: is an integer too large to be exact as a JSON number, must be written as a string of digits',
    ]);
    expect(
      refused(RoleSpecV6Schema, { options: { max_sessions: '1.5', max_connections: '9223372036854775808' } }),
    ).toHaveLength(2);
  });

  it('checks 32-bit ranges', () => {
    const policy = (count: unknown) =>
      role({ allow: { require_session_join: [{ count }] } }).Allow?.RequireSessionJoin[0]?.Count;
    expect([policy(2147483647), policy(-2147483648), policy(0)]).toEqual([2147483647, -2147483648, 0]);
    const bad = (count: unknown, approve: unknown) =>
      refused(RoleSpecV6Schema, {
        allow: { require_session_join: [{ count }], request: { thresholds: [{ approve }] } },
      });
    expect(bad(2147483648, -1)).toEqual([
      'spec.allow.request.thresholds[0].approve: is -1, must be an integer from 0 to 4294967295',
      'spec.allow.require_session_join[0].count: is 2147483648, must be an integer from -2147483648 to 2147483647',
    ]);
    expect(bad(1.5, '2')).toEqual([
      'spec.allow.request.thresholds[0].approve: is a string, must be an integer',
      'spec.allow.require_session_join[0].count: is 1.5, must be an integer from -2147483648 to 2147483647',
    ]);
  });

  it('takes booleans and their words, but no unknown word', () => {
    expect(options({ forward_agent: 'yes', ssh_file_copy: 'off' })).toMatchObject({
      ForwardAgent: true,
      SSHFileCopy: { Value: false },
    });
    expect(refused(RoleSpecV6Schema, { options: { forward_agent: 'ja', ssh_file_copy: 1 } })).toEqual([
      'spec.options.forward_agent: is "ja", must be true or false',
      'spec.options.ssh_file_copy: is an integer, must be true or false',
    ]);
  });

  it('makes no strings of other values, nor of broken text', () => {
    expect(
      refused(RoleSpecV6Schema, {
        options: { lock: 1, request_prompt: true, cert_format: {}, request_access: '\ud800' },
        allow: { logins: ['a', null, 3] },
      }),
    ).toEqual([
      'spec.options.cert_format: is an object, must be a string',
      'spec.options.request_access: is a string with broken Unicode, must be valid text',
      'spec.options.request_prompt: is a boolean, must be a string (put it in quotes)',
      'spec.options.lock: is an integer, must be a string (put it in quotes)',
      'spec.allow.logins[1]: is null, must be a string',
      'spec.allow.logins[2]: is an integer, must be a string (put it in quotes)',
    ]);
  });

  it('takes bytes as base64 and wrappers as their value', () => {
    const device = fromObject(
      WebauthnDeviceSchema,
      { aaguid: 'AQID', credential_backed_up: false },
      { path: 'spec' },
    );
    expect([...device.aaguid]).toEqual([1, 2, 3]);
    expect([device.credentialBackedUp, device.credentialBackupEligible]).toEqual([false, undefined]);
    expect(refused(WebauthnDeviceSchema, { aaguid: '!', credential_backed_up: 2 })).toEqual([
      'spec.aaguid: is not base64, must be bytes in base64',
      'spec.credential_backed_up: is an integer, must be true or false',
    ]);
  });
});

describe('durations and times', () => {
  it('takes one grammar for both wire forms of durations', () => {
    expect(options({ max_session_ttl: '1w', mfa_verification_interval: '1h30m' })).toMatchObject({
      MaxSessionTTL: 604_800_000_000_000n,
      MFAVerificationInterval: { seconds: 5400n, nanos: 0 },
    });
    expect(options({ mfa_verification_interval: '-1.5s' }).MFAVerificationInterval).toMatchObject({
      seconds: -1n,
      nanos: -500_000_000,
    });
  });

  it('refuses numbers and unknown units', () => {
    const problems = refused(RoleSpecV6Schema, {
      options: { max_session_ttl: 3600, client_idle_timeout: '', mfa_verification_interval: '5 parsecs' },
    });
    expect(problems).toEqual([
      expect.stringMatching(/^spec\.options\.max_session_ttl: is an integer, must be a duration such as /),
      expect.stringMatching(/^spec\.options\.client_idle_timeout: is "", must be a duration such as /),
      expect.stringMatching(
        /^spec\.options\.mfa_verification_interval: is "5 parsecs", must be a duration such as /,
      ),
    ]);
  });

  it('refuses what is no time', () => {
    expect(
      refused(ProvisionTokenSpecV2Schema, {
        bound_keypair: { rotate_after: 'tomorrow', onboarding: { must_register_before: 5 } },
      }),
    ).toEqual([
      'spec.bound_keypair.onboarding.must_register_before: is an integer, must be a time as RFC 3339 text, such as 2030-01-31T12:00:00Z',
      'spec.bound_keypair.rotate_after: is "tomorrow", must be a time as RFC 3339 text, such as 2030-01-31T12:00:00Z',
    ]);
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

describe('unknown fields', () => {
  it('names the field and the likely one', () => {
    expect(
      refused(RoleSpecV6Schema, { alow: {}, options: { max_sesion_ttl: '1h', zzz: null }, allow: [] }),
    ).toEqual([
      'spec.options.max_sesion_ttl: is no known field, did you mean max_session_ttl?',
      'spec.options.zzz: is no known field, must be left out',
      'spec.allow: is a list, must be an object',
      'spec.alow: is no known field, did you mean allow?',
    ]);
  });

  it('says so where the field is Teleport’s own', () => {
    expect(refused(UserSpecV2Schema, { status: { is_locked: true } }, ['status'])).toEqual([
      'spec.status: is kept by Teleport itself, must be left out',
    ]);
  });

  it('does not look into prototypes', () => {
    expect(
      refused(RoleSpecV6Schema, JSON.parse('{"__proto__": {"allow": {}}, "constructor": 1}')),
    ).toHaveLength(2);
    expect(role(Object.create({ allow: { logins: ['root'] } })).Allow?.Logins).toEqual([]);
  });
});

describe('the error', () => {
  it('tells ten problems on one line and counts the others', () => {
    const spec = {
      allow: {
        node_labels: Object.fromEntries(Array.from({ length: 13 }, (_, index) => [`k\n${index}`, 0])),
      },
    };
    const error = (() => {
      try {
        return role(spec);
      } catch (thrown) {
        return thrown;
      }
    })() as DecodeError;
    expect(error.problems).toHaveLength(13);
    expect(error.message.split('; ')).toHaveLength(11);
    expect(error.message).toMatch(/; and 3 more$/);
    expect(error.message).not.toContain('\n');
  });

  it('never shows a secret', () => {
    const secret = 'hunter2';
    const spec = {
      client_secret: [secret],
      google_service_account: { key: secret },
      mfa: { client_secret: 12345 },
    };
    const problems = refused(OIDCConnectorSpecV3Schema, spec);
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toMatch(/hunter2|12345/);
  });
});
