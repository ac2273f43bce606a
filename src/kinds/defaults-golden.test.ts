// The codec and the server defaults against what a real Teleport 18 answered (test/facts/golden): a spec as
// people write it, encoded and completed by us, must be the spec that Teleport stored.
import { readFileSync } from 'node:fs';
import {
  create,
  type DescMessage,
  equals,
  fromBinary,
  type Message,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ProvisionTokenV2Schema } from '../gen/teleport/types/provision_token_pb.js';
import { RoleV6Schema } from '../gen/teleport/types/role_pb.js';
import { GetUserResponseSchema } from '../gen/teleport/users/v1/users_service_pb.js';
import { fieldName, fromObject, toObject } from './codec/index.js';
import type { AnyKind } from './kind.js';
import { provisionToken } from './provision-token.js';
import { roleV5, roleV6, roleV7, roleV8 } from './role.js';
import { user } from './user.js';

interface Golden {
  readonly server: string;
  readonly resources: readonly {
    name: string;
    version: string;
    spec: Record<string, unknown>;
    reply: string;
  }[];
}

function golden(file: string): Golden {
  return JSON.parse(
    readFileSync(new URL(`../../test/facts/golden/${file}.json`, import.meta.url), 'utf8'),
  ) as Golden;
}

/** The wanted resource as the reconciler makes it, with the server's defaults. */
function wanted(kind: AnyKind, name: string, spec: unknown): Message {
  const { schema, hidden } = kind.spec;
  const message = fromObject(schema, spec, { path: 'spec', hidden });
  const resource = kind.form.build(kind.resource, { name, description: '', labels: {} }, message);
  kind.defaults(resource);
  return resource;
}

/** Clears what the object cannot say. */
function withoutHidden(schema: DescMessage, message: Message, hidden: readonly string[]): Message {
  const copy = create(schema, message as never) as unknown as Record<string, unknown>;
  const fresh = create(schema) as unknown as Record<string, unknown>;
  for (const field of schema.fields)
    if (hidden.includes(fieldName(field))) copy[field.localName] = fresh[field.localName];
  return copy as unknown as Message;
}

/** Namespaces of roles are no part of objects: the server adds them each time. */
function withNamespaces(spec: Message, model: Message): Message {
  for (const side of ['Allow', 'Deny'] as const) {
    const from = (model as unknown as Record<string, { Namespaces?: string[] } | undefined>)[side];
    const to = (spec as unknown as Record<string, { Namespaces?: string[] } | undefined>)[side];
    if (from?.Namespaces && to) to.Namespaces = from.Namespaces;
  }
  return spec;
}

const roles: Record<string, AnyKind> = { v5: roleV5, v6: roleV6, v7: roleV7, v8: roleV8 };

const suites: readonly (readonly [string, (version: string) => AnyKind, (reply: Uint8Array) => Message])[] = [
  ['roles', (version) => roles[version] as AnyKind, (reply) => fromBinary(RoleV6Schema, reply)],
  ['tokens', () => provisionToken, (reply) => fromBinary(ProvisionTokenV2Schema, reply)],
  ['users', () => user, (reply) => fromBinary(GetUserResponseSchema, reply).user as Message],
];

describe.each(suites)('%s as Teleport stores them', (file, kindOf, read) => {
  const { resources } = golden(file);
  it.each(resources.map((one) => [one.name, one] as const))('%s', (name, { version, spec, reply }) => {
    const kind = kindOf(version);
    const { schema, hidden } = kind.spec;
    const stored = (read(Buffer.from(reply, 'base64')) as unknown as { Spec: Message }).Spec;
    const ours = (wanted(kind, name, spec) as unknown as { Spec: Message }).Spec;
    const visible = withoutHidden(schema, stored, hidden);
    expect(toJson(schema, ours)).toEqual(toJson(schema, visible));
    expect(equals(schema, ours, visible)).toBe(true);
    // The stored spec, written as an object and read again, is the same spec.
    const again = fromObject(schema, toObject(schema, stored, { hidden }), { path: 'spec', hidden });
    expect(toJson(schema, withNamespaces(again, ours))).toEqual(toJson(schema, visible));
    expect(toBinary(schema, ours).length).toBe(toBinary(schema, visible).length);
  });
});
