import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { RoleV6Schema } from '../gen/teleport/types/role_pb.js';
import { canonical } from './canonical.js';
import { changedFields } from './changes.js';

const role = (spec: object, metadata: object = {}) =>
  create(RoleV6Schema, { Kind: 'role', Metadata: { Name: 'r', ...metadata }, Spec: spec });

describe('changedFields', () => {
  it('names fields as the object does, and no values', () => {
    const before = role({ Allow: { Logins: ['a'] }, Options: { MaxSessionTTL: 1n } });
    const after = role(
      { Allow: { Logins: ['a', 'root'] }, Options: { MaxSessionTTL: 2n } },
      { Labels: { a: 'b' } },
    );
    expect(changedFields(RoleV6Schema, before, after)).toEqual([
      'metadata.labels',
      'spec.options.max_session_ttl',
      'spec.allow.logins',
    ]);
  });

  it('finds none where the canonical texts are the same', () => {
    const one = role({ Allow: {}, Options: { DesktopClipboard: { Value: true } } });
    const other = role({ Options: { DesktopClipboard: { Value: true } } });
    expect(canonical(RoleV6Schema, one)).toBe(canonical(RoleV6Schema, other));
    expect(changedFields(RoleV6Schema, one, other)).toEqual([]);
  });

  it('tells a false that is stated from one that is not', () => {
    const stated = role({ Options: { SSHFileCopy: { Value: false } } });
    const unset = role({ Options: { CertificateFormat: 'standard' } });
    expect(changedFields(RoleV6Schema, stated, unset)).toContain('spec.options.ssh_file_copy');
  });

  it('names a duration, a time or a stated flag as one value', () => {
    const before = role({
      Options: { MFAVerificationInterval: { seconds: 1n, nanos: 1 }, SSHFileCopy: { Value: true } },
    });
    const after = role({
      Options: { MFAVerificationInterval: { seconds: 2n }, SSHFileCopy: { Value: false } },
    });
    expect(changedFields(RoleV6Schema, before, after)).toEqual([
      'spec.options.ssh_file_copy',
      'spec.options.mfa_verification_interval',
    ]);
  });

  it('goes four levels deep', () => {
    const asking = (Mode: string) => role({ Allow: { Request: { Reason: { Mode } } } });
    expect(changedFields(RoleV6Schema, asking('required'), asking('optional'))).toEqual([
      'spec.allow.request.reason',
    ]);
  });

  it('leaves out what the server owns', () => {
    const [a, b] = [role({}, { Revision: '1' }), role({}, { Revision: '2' })];
    expect(changedFields(RoleV6Schema, a, b, new Set(['Metadata.Revision']))).toEqual([]);
  });
});

describe('canonical', () => {
  it('does not depend on the order of maps', () => {
    const one = role({}, { Labels: { a: '1', b: '2' } });
    const other = role({}, { Labels: { b: '2', a: '1' } });
    expect(canonical(RoleV6Schema, one)).toBe(canonical(RoleV6Schema, other));
  });

  it('tells an empty map from one whose key has an empty value', () => {
    expect(canonical(RoleV6Schema, role({}, { Labels: { a: '' } }))).not.toBe(
      canonical(RoleV6Schema, role({})),
    );
  });
});
