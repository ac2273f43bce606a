// The codec against answers of a real Teleport 18 for forms that the first six kinds have not: free-form
// objects, oneofs, protobuf durations, required times, inline secrets. Roles, users and tokens are compared in
// ../defaults-golden.test.ts.
import { readFileSync } from 'node:fs';
import {
  createRegistry,
  type DescMessage,
  equals,
  fromBinary,
  type Message,
  toJson,
} from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { AutoUpdateConfigSchema } from '../../gen/teleport/autoupdate/v1/autoupdate_pb.js';
import { BotSchema } from '../../gen/teleport/machineid/v1/bot_pb.js';
import { AppV3Schema } from '../../gen/teleport/types/app_pb.js';
import { DatabaseV3Schema } from '../../gen/teleport/types/database_pb.js';
import { LockV2Schema } from '../../gen/teleport/types/lock_pb.js';
import { ServerV2Schema } from '../../gen/teleport/types/server_pb.js';
import { WorkloadIdentitySchema } from '../../gen/teleport/workloadidentity/v1/resource_pb.js';
import { fromObject, toObject } from './index.js';

const registry = createRegistry(
  AutoUpdateConfigSchema,
  BotSchema,
  AppV3Schema,
  DatabaseV3Schema,
  LockV2Schema,
  ServerV2Schema,
  WorkloadIdentitySchema,
);

interface Golden {
  readonly name: string;
  readonly type: string;
  readonly spec: Record<string, unknown>;
  readonly reply: string;
}

const facts = new URL('../../../test/facts/golden/others.json', import.meta.url);
const { resources } = JSON.parse(readFileSync(facts, 'utf8')) as { resources: Golden[] };

it.each(resources.map((one) => [one.name, one] as const))('%s', (_, { type, spec, reply }) => {
  const resource = registry.getMessage(type) as DescMessage;
  const field = resource.fields.find((one) => one.name.toLowerCase() === 'spec');
  const schema = field?.message as DescMessage;
  const whole = fromBinary(resource, Buffer.from(reply, 'base64')) as unknown as Record<string, Message>;
  const stored = whole[field?.localName ?? ''] as Message;
  const ours = fromObject(schema, spec, { path: 'spec' });
  expect(toJson(schema, ours)).toEqual(toJson(schema, stored));
  expect(equals(schema, ours, stored)).toBe(true);
  expect(fromObject(schema, toObject(schema, stored), { path: 'spec' })).toEqual(stored);
});
