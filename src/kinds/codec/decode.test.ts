// What the codec sends for what is stated and for what is not, which fields it refuses, and how it tells of problems. Values are
// decode-values.test.ts’s matter, labels and the like decode-shapes.test.ts’s.
import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { options, refused, role } from '../../../test/builders/decoded.js';
import { AccessListSpecSchema } from '../../gen/teleport/accesslist/v1/accesslist_pb.js';
import { OIDCConnectorSpecV3Schema } from '../../gen/teleport/types/oidc_connector_pb.js';
import { ProvisionTokenSpecV2Schema } from '../../gen/teleport/types/provision_token_pb.js';
import { RoleSpecV6Schema } from '../../gen/teleport/types/role_pb.js';
import { ServerSpecV2Schema } from '../../gen/teleport/types/server_pb.js';
import { UserSpecV2Schema } from '../../gen/teleport/types/user_pb.js';
import { LabelValuesSchema } from '../../gen/teleport/types/wrappers_pb.js';
import { type DecodeError, fromObject } from './index.js';

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
