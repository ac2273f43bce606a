// The forms in which objects are written.
import { create } from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { AccessListSpecSchema } from '../../gen/teleport/accesslist/v1/accesslist_pb.js';
import { OIDCConnectorSpecV3Schema } from '../../gen/teleport/types/oidc_connector_pb.js';
import { ProvisionTokenSpecV2Schema } from '../../gen/teleport/types/provision_token_pb.js';
import { CreateHostUserMode, RoleSpecV6Schema } from '../../gen/teleport/types/role_pb.js';
import { ServerSpecV2Schema } from '../../gen/teleport/types/server_pb.js';
import { UserSpecV2Schema } from '../../gen/teleport/types/user_pb.js';
import { WorkloadIdentitySpecSchema } from '../../gen/teleport/workloadidentity/v1/resource_pb.js';
import { fromObject, toObject } from './index.js';

/** A role spec with these options, written and reduced to its options. */
function options(
  init: NonNullable<Parameters<typeof create<typeof RoleSpecV6Schema>>[1]>['Options'],
): unknown {
  return toObject(RoleSpecV6Schema, create(RoleSpecV6Schema, { Options: init ?? {} })).options;
}

describe('toObject', () => {
  it('leaves out what says nothing', () => {
    expect(toObject(RoleSpecV6Schema, fromObject(RoleSpecV6Schema, {}, { path: 'spec' }))).toEqual({});
    expect(
      toObject(ServerSpecV2Schema, fromObject(ServerSpecV2Schema, { addr: 'a:1' }, { path: 'spec' })),
    ).toEqual({ addr: 'a:1' });
    expect(toObject(RoleSpecV6Schema, create(RoleSpecV6Schema))).toEqual({});
  });

  it('keeps presence that means something', () => {
    expect(
      options({ PortForwarding: { Value: false }, IDP: {}, RecordSession: { Desktop: { Value: true } } }),
    ).toEqual({
      port_forwarding: false,
      idp: {},
      record_session: { desktop: true },
    });
  });

  it('writes labels as Go does and traits as lists, sorted', () => {
    const one = { Values: ['x'] };
    const Labels = { Values: { b: one, a: { Values: ['1', '2'] }, none: {} } };
    const spec = create(RoleSpecV6Schema, {
      Allow: { NodeLabels: Labels, Request: { Annotations: Labels } },
    });
    const { allow } = toObject(RoleSpecV6Schema, spec);
    expect(JSON.stringify(allow)).toBe(
      '{"node_labels":{"a":["1","2"],"b":"x","none":[]},"request":{"annotations":{"a":["1","2"],"b":["x"],"none":[]}}}',
    );
  });

  it('merges access list traits of one name', () => {
    const traits = [
      { key: 'b', values: ['1'] },
      { key: 'a', values: ['2'] },
      { key: 'b', values: ['3'] },
    ];
    const spec = create(AccessListSpecSchema, { grants: { traits } });
    expect(JSON.stringify(toObject(AccessListSpecSchema, spec))).toBe(
      '{"grants":{"traits":{"a":["2"],"b":["1","3"]}}}',
    );
  });

  it('writes redirect URLs as a list and the inline age beside it, zero too', () => {
    const spec = create(OIDCConnectorSpecV3Schema, {
      RedirectURLs: { Values: ['https://a'] },
      MaxAge: { Value: 0n },
    });
    expect(toObject(OIDCConnectorSpecV3Schema, spec)).toEqual({ redirect_url: ['https://a'], max_age: '0s' });
  });

  it('writes durations as Go, or as protobuf where the wire has its type', () => {
    expect(
      options({ MaxSessionTTL: 108_000_000_000_000n, MFAVerificationInterval: { seconds: 900n } }),
    ).toEqual({
      max_session_ttl: '30h0m0s',
      mfa_verification_interval: '900s',
    });
  });

  it('writes enums as their first word, or as the number where Teleport is newer', () => {
    const mode = (CreateHostUserMode: CreateHostUserMode) => options({ CreateHostUserMode });
    expect(mode(CreateHostUserMode.HOST_USER_MODE_INSECURE_DROP)).toEqual({
      create_host_user_mode: 'insecure-drop',
    });
    expect(mode(CreateHostUserMode.HOST_USER_MODE_DROP)).toEqual({
      create_host_user_mode: 'insecure-drop',
    });
    expect(mode(77 as CreateHostUserMode)).toEqual({ create_host_user_mode: 77 });
  });

  it('writes 64-bit integers as digits where a JSON number is not exact', () => {
    expect(options({ MaxSessions: 9_007_199_254_740_993n, MaxConnections: 3n })).toEqual({
      max_connections: 3,
      max_sessions: '9007199254740993',
    });
  });

  it('writes times, 1970 among them, but not year 1', () => {
    const spec = (seconds: bigint) =>
      toObject(
        ProvisionTokenSpecV2Schema,
        create(ProvisionTokenSpecV2Schema, {
          BoundKeypair: { RotateAfter: create(TimestampSchema, { seconds }) },
        }),
      );
    expect(spec(0n)).toEqual({ bound_keypair: { rotate_after: '1970-01-01T00:00:00Z' } });
    expect(spec(-62_135_596_800n)).toEqual({ bound_keypair: {} });
    expect(() => spec(10n ** 15n)).toThrow(RangeError);
  });

  it('leaves out hidden fields', () => {
    const spec = create(UserSpecV2Schema, { Roles: ['a'], Status: { IsLocked: true } });
    expect(toObject(UserSpecV2Schema, spec, { hidden: ['status'] })).toEqual({ roles: ['a'] });
    const role = create(RoleSpecV6Schema, { Allow: { Namespaces: ['default'] } });
    expect(toObject(RoleSpecV6Schema, role)).toEqual({});
  });

  it('writes the chosen member of a oneof, empty or not', () => {
    const conditions = [{ attribute: 'a', operator: { case: 'eq' as const, value: {} } }];
    const spec = create(WorkloadIdentitySpecSchema, { rules: { allow: [{ conditions }] } });
    expect(toObject(WorkloadIdentitySpecSchema, spec)).toEqual({
      rules: { allow: [{ conditions: [{ attribute: 'a', eq: {} }] }] },
    });
  });
});
