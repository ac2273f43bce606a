import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import {
  CreateRoleRequestSchema,
  UserCertsRequestSchema,
  WatchSchema,
} from '../../../src/gen/teleport/client/authservice_pb.js';
import { UserV2Schema } from '../../../src/gen/teleport/types/user_pb.js';
import { requestFields } from './request-fields.js';

it('names what is set, a message within by its fields, the kinds of a watch by their value', () => {
  const watch = create(WatchSchema, {
    Kinds: [{ Kind: 'role' }, { Kind: 'user', Name: 'x' }],
    AllowPartialSuccess: true,
  });
  expect(requestFields(WatchSchema, watch).sort()).toEqual([
    'AllowPartialSuccess',
    'Kinds.Kind=role',
    'Kinds.Kind=user',
    'Kinds.Name',
  ]);
  const certs = create(UserCertsRequestSchema, {
    Username: 'bot',
    Expires: { seconds: 1n },
    RoleRequests: ['a'],
  });
  expect(requestFields(UserCertsRequestSchema, certs).sort()).toEqual([
    'Expires',
    'RoleRequests',
    'Username',
  ]);
});

it('does not look into resources', () => {
  const request = create(CreateRoleRequestSchema, { Role: { Metadata: { Name: 'x' }, Spec: {} } });
  expect(requestFields(CreateRoleRequestSchema, request)).toEqual(['Role']);
  expect(requestFields(UserV2Schema, create(UserV2Schema, { Metadata: { Name: 'x' } }))).toEqual([]);
});
