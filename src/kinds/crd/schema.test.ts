import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { StructSchema, ValueSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { LoginRuleSchema } from '../../gen/teleport/loginrule/v1/loginrule_pb.js';
import { OIDCConnectorSpecV3Schema } from '../../gen/teleport/types/oidc_connector_pb.js';
import { ProvisionTokenSpecV2Schema } from '../../gen/teleport/types/provision_token_pb.js';
import { RoleSpecV6Schema } from '../../gen/teleport/types/role_pb.js';
import { ServerSpecV2Schema } from '../../gen/teleport/types/server_pb.js';
import { UserSpecV2Schema } from '../../gen/teleport/types/user_pb.js';
import { messageSchema } from './schema.js';
import type { Schema } from './types.js';

const silent = (): undefined => undefined;
const strings: Schema = { type: 'array', items: { type: 'string' } };

function at(schema: Schema, path: string): Schema | undefined {
  return path.split('.').reduce<Schema | undefined>((parent, name) => parent?.properties?.[name], schema);
}

describe('messageSchema', () => {
  const role = messageSchema(RoleSpecV6Schema, silent);

  it.each<[string, Schema]>([
    ['options.forward_agent', { type: 'boolean' }],
    ['options.port_forwarding', { type: 'boolean' }],
    ['options.cert_format', { type: 'string' }],
    ['options.max_sessions', { type: 'integer', format: 'int64' }],
    ['options.max_session_ttl', { type: 'string' }],
    ['options.mfa_verification_interval', { type: 'string' }],
    ['options.require_session_mfa', { 'x-kubernetes-int-or-string': true }],
    ['options.enhanced_recording', { ...strings, nullable: true }],
    [
      'allow.node_labels',
      { type: 'object', additionalProperties: { 'x-kubernetes-preserve-unknown-fields': true } },
    ],
    ['allow.request.annotations', { type: 'object', additionalProperties: strings }],
  ])('role %s', (path, schema) => {
    expect(at(role, path)).toEqual(schema);
  });

  it('takes null for a message that Teleport may lack, and not for one it always has', () => {
    expect(at(role, 'options.idp')?.nullable).toBe(true);
    expect(at(role, 'options')).not.toHaveProperty('nullable');
    expect(at(role, 'allow.rules')).not.toHaveProperty('nullable');
  });

  it('writes times as date-time', () => {
    const token = messageSchema(ProvisionTokenSpecV2Schema, silent);
    expect(at(token, 'bound_keypair.rotate_after')).toEqual({ type: 'string', format: 'date-time' });
  });

  it('leaves out hidden fields, those of the proto and those of the kind', () => {
    expect(at(role, 'allow')?.properties).not.toHaveProperty('Namespaces');
    const user = messageSchema(UserSpecV2Schema, silent, ['status', 'local_auth']);
    expect(user.properties).toHaveProperty('roles');
    expect(user.properties).not.toHaveProperty('status');
    expect(user.properties).not.toHaveProperty('local_auth');
  });

  it('writes maps as open objects', () => {
    const rule = messageSchema(LoginRuleSchema, silent, ['metadata']);
    expect(at(rule, 'traits_map')).toEqual({
      type: 'object',
      additionalProperties: strings,
      nullable: true,
    });
  });

  it('puts the fields of an inline message into the parent', () => {
    expect(messageSchema(OIDCConnectorSpecV3Schema, silent).properties).toHaveProperty('max_age');
  });

  it('keeps every key of a free-form object', () => {
    expect(messageSchema(structParent(), silent).properties?.['free']).toEqual({
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      nullable: true,
    });
  });

  it('describes each field with what it is given', () => {
    const names = (element: DescMessage | DescField): string => `about ${element.name}`;
    const server = messageSchema(ServerSpecV2Schema, names);
    for (const property of Object.values(server.properties ?? {}))
      expect(property.description).toMatch(/^about /);
  });

  it('refuses a message that contains itself', () => {
    expect(() => messageSchema(ValueSchema, silent)).toThrow(/contains itself/);
  });
});

/** A message with one field of google.protobuf.Struct, made from a descriptor that has a message field. */
function structParent(): DescMessage {
  const field = RoleSpecV6Schema.fields[0]!;
  const free: unknown = {
    ...field,
    name: 'free',
    message: StructSchema,
    proto: { ...field.proto, options: undefined },
  };
  const parent: unknown = { ...RoleSpecV6Schema, fields: [free] };
  return parent as DescMessage;
}
