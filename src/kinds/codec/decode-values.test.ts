// What the codec takes as a single value, form by form, and what it says to everything else: words, numbers, times.
import { describe, expect, it } from 'vitest';
import { options, refused, role } from '../../../test/builders/decoded.js';
import { AccessListSpecSchema } from '../../gen/teleport/accesslist/v1/accesslist_pb.js';
import { DatabaseTLSSchema } from '../../gen/teleport/types/database_pb.js';
import { ProvisionTokenSpecV2Schema } from '../../gen/teleport/types/provision_token_pb.js';
import { CreateHostUserMode, RoleSpecV6Schema } from '../../gen/teleport/types/role_pb.js';
import { SAMLConnectorSpecV2Schema } from '../../gen/teleport/types/saml_connector_pb.js';
import { WebauthnDeviceSchema } from '../../gen/teleport/types/user_pb.js';
import { fromObject } from './index.js';

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
