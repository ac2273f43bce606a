// Edges of the role defaults; what a real Teleport stores is compared in defaults-golden.test.ts.
import { clone, create, equals } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { messageArbitrary } from '../../test/builders/message-arbitrary.js';
import { RoleSpecV6Schema, type RoleV6, RoleV6Schema } from '../gen/teleport/types/role_pb.js';
import { fromObject } from './codec/index.js';
import { roleDefaults } from './role-defaults.js';

function completed(version: string, spec: unknown): RoleV6 {
  const role = create(RoleV6Schema, {
    Version: version,
    Spec: fromObject(RoleSpecV6Schema, spec, { path: 'spec' }),
  });
  roleDefaults(role);
  return role;
}

it('adds nothing to a completed role', () => {
  fc.assert(
    fc.property(
      messageArbitrary(RoleSpecV6Schema),
      fc.constantFrom('v5', 'v6', 'v7', 'v8'),
      (Spec, Version) => {
        const role = create(RoleV6Schema, { Version, Spec });
        roleDefaults(role);
        const before = clone(RoleV6Schema, role);
        roleDefaults(role);
        return equals(RoleV6Schema, role, before);
      },
    ),
    { numRuns: 50 },
  );
});

it('never overrides what is stated', () => {
  const options = {
    desktop_clipboard: false,
    ssh_file_copy: false,
    create_db_user: true,
    record_session: {},
    idp: {},
    enhanced_recording: ['disk'],
  };
  expect(completed('v7', { options }).Spec?.Options).toMatchObject({
    DesktopClipboard: { Value: false },
    SSHFileCopy: { Value: false },
    CreateDatabaseUser: { Value: true },
    RecordSession: { Default: '' },
    IDP: {},
    BPF: ['disk'],
  });
});

it.each([
  ['v5', [{ Kind: 'pod', APIGroup: '' }]],
  ['v6', []],
  ['v7', [{ Kind: '*', APIGroup: '' }]],
  ['v8', [{ Kind: '*', APIGroup: '*' }]],
])('%s: opens all Kubernetes resources only where clusters are selected', (version, resources) => {
  const allowed = (allow: unknown) => completed(version, { allow }).Spec?.Allow?.KubernetesResources;
  expect(allowed({})).toEqual([]);
  expect(allowed({ kubernetes_labels: {} })).toEqual([]);
  expect(allowed({ kubernetes_labels: { a: 'b' } })).toMatchObject(resources);
  expect(allowed({ kubernetes_labels_expression: 'true' })).toMatchObject(resources);
  expect(allowed({ kubernetes_labels: { a: 'b' }, kubernetes_resources: [{ kind: 'x' }] })).toHaveLength(1);
  expect(
    completed(version, { deny: { kubernetes_labels: { a: 'b' } } }).Spec?.Deny?.KubernetesResources,
  ).toEqual([]);
});

it('completes a role without a spec', () => {
  const role = create(RoleV6Schema, { Version: 'v8' });
  roleDefaults(role);
  expect(role.Spec?.Allow?.Namespaces).toEqual(['default']);
  expect(role.Spec?.Options?.IDP).toBeUndefined();
});
