// Edges of the token defaults; what a real Teleport stores is compared in defaults-golden.test.ts.
import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import {
  ProvisionTokenSpecV2Schema,
  ProvisionTokenV2Schema,
} from '../gen/teleport/types/provision_token_pb.js';
import { fromObject, toObject } from './codec/index.js';
import { tokenDefaults } from './provision-token-defaults.js';

function completed(spec: unknown): unknown {
  const token = create(ProvisionTokenV2Schema, {
    Spec: fromObject(ProvisionTokenSpecV2Schema, spec, { path: 'spec' }),
  });
  tokenDefaults(token);
  return token.Spec && toObject(ProvisionTokenSpecV2Schema, token.Spec);
}

it('chooses the join method by the allow rules', () => {
  expect(completed({})).toEqual({ join_method: 'token' });
  expect(completed({ allow: [{ aws_account: '1' }] })).toMatchObject({
    join_method: 'ec2',
    aws_iid_ttl: '5m0s',
  });
});

it('gives system roles their proper names', () => {
  expect(
    completed({
      join_method: 'token',
      roles: ['node', ' KUBE', 'windows_desktop', 'trustedCluster', 'newrole'],
    }),
  ).toEqual({
    join_method: 'token',
    roles: ['Node', 'Kube', 'WindowsDesktop', 'Trusted_cluster', 'newrole'],
  });
});

it('completes the block of the join method and no other', () => {
  const blocks = { kubernetes: {}, gitlab: {}, bound_keypair: {} };
  expect(completed({ ...blocks, join_method: 'token' })).toEqual({ ...blocks, join_method: 'token' });
  expect(completed({ ...blocks, join_method: 'gitlab' })).toMatchObject({
    ...blocks,
    gitlab: { domain: 'gitlab.com' },
  });
  expect(completed({ ...blocks, join_method: 'kubernetes' })).toMatchObject({
    ...blocks,
    kubernetes: { type: 'in_cluster' },
  });
  expect(completed({ ...blocks, join_method: 'bound_keypair' })).toMatchObject({
    ...blocks,
    bound_keypair: { recovery: { limit: 1 } },
  });
});

it('never overrides what is stated, nor fails without a spec', () => {
  const kubernetes = { type: 'static_jwks' };
  expect(completed({ join_method: 'kubernetes', kubernetes })).toEqual({
    join_method: 'kubernetes',
    kubernetes,
  });
  const empty = create(ProvisionTokenV2Schema);
  tokenDefaults(empty);
  expect(empty.Spec).toBeUndefined();
});
