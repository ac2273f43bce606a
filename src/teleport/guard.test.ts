import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { create, type DescField, type DescFile, type DescMessage, type DescMethod } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.js';
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import { UsersService } from '../gen/teleport/users/v1/users_service_pb.js';
import { createClient } from './grpc-client.js';
import { guardWrite, isWrite } from './guard.js';

/** Every generated file, found on disk, so that a new service cannot be forgotten here. */
const folder = join(import.meta.dirname, '../gen');
const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('_pb.ts'),
);
const files: Record<string, unknown>[] = await Promise.all(paths.map((path) => import(join(folder, path))));
const methods = files
  .flatMap((file) => Object.values(file))
  .filter((value): value is DescFile => (value as { kind?: string } | undefined)?.kind === 'file')
  .flatMap((file) => file.services)
  .flatMap((service) => service.methods);
const writes = methods.filter(isWrite);

/** A client that fails the test as soon as it wants a connection. */
const sent: string[] = [];
const client = createClient({
  clock: systemClock,
  source: {
    session: () => {
      sent.push('dialled');
      return Promise.reject(new Error('a connection was asked for'));
    },
  },
});
const call = (method: DescMethod, request: object) =>
  client.unary(method as Parameters<typeof client.unary>[0], request as never);

/** Fields that hold a resource, as a person reads them: messages that carry metadata. */
const metadataOf = (message: DescMessage): DescField | undefined =>
  message.fields.find(
    (field) => ['metadata', 'header'].includes(field.name.toLowerCase()) && field.fieldKind === 'message',
  );
const resourceFields = (method: DescMethod) =>
  method.input.fields.filter((field) => field.fieldKind === 'message' && metadataOf(field.message));

describe('guardWrite', () => {
  it('knows all services', () => {
    expect(writes.length).toBeGreaterThan(40);
    for (const name of [
      'CreateRole',
      'UpsertRoleV2',
      'UpsertUser',
      'UpsertTokenV2',
      'UpdateTrustedCluster',
      'UpsertNode',
    ]) {
      expect(writes.map((method) => method.name)).toContain(name);
    }
  });

  describe.each(writes.map((method) => [`${method.parent.typeName}/${method.name}`, method] as const))(
    '%s',
    (_, method) => {
      it('has a resource that the guard can see', () => {
        expect(metadataOf(method.input) ? [method.input] : resourceFields(method)).not.toEqual([]);
      });

      it('does not leave the process without its resource', async () => {
        await expect(call(method, {})).rejects.toMatchObject({ kind: 'BadParameter' });
        expect(sent).toEqual([]);
      });

      it('does not leave the process with an empty resource, nor with one without a name', async () => {
        for (const fill of [setEmpty, setMetadata]) {
          const message = create(method.input);
          fill(reflect(method.input, message));
          await expect(call(method, message)).rejects.toMatchObject({ kind: 'BadParameter' });
        }
        expect(sent).toEqual([]);
      });

      it('passes when the resource has a name', () => {
        const message = create(method.input);
        const request = reflect(method.input, message);
        setName(request);
        expect(() => guardWrite(method, message)).not.toThrow();
      });
    },
  );

  it('stops the typo that takes a cluster down: a lower-case key of an upper-case field', async () => {
    const request = { role: { Metadata: { Name: 'x' } } };
    await expect(call(AuthService.method.upsertRoleV2, request)).rejects.toThrow(
      'UpsertRoleV2 was not sent: its Role is not set',
    );
    await expect(call(UsersService.method.upsertUser, { User: { Metadata: { Name: 'x' } } })).rejects.toThrow(
      'its user is not set',
    );
    expect(sent).toEqual([]);
  });

  it('lets reads pass', () => {
    for (const method of methods.filter((one) => !isWrite(one))) {
      expect(() => guardWrite(method, create(method.input))).not.toThrow();
    }
  });
});

function targets(request: ReflectMessage): ReflectMessage[] {
  if (metadataOf(request.desc)) return [request];
  return request.fields
    .filter((field) => field.fieldKind === 'message' && metadataOf(field.message))
    .map((field) => {
      if (field.fieldKind !== 'message') throw new Error('not a message');
      request.set(field, reflect(field.message, create(field.message)));
      return request.get(field);
    });
}

function setEmpty(request: ReflectMessage): void {
  targets(request);
}

function withMetadata(resource: ReflectMessage): ReflectMessage {
  const field = metadataOf(resource.desc);
  if (field?.fieldKind !== 'message') return resource;
  resource.set(field, reflect(field.message, create(field.message)));
  return withMetadata(resource.get(field));
}

function setMetadata(request: ReflectMessage): void {
  for (const target of targets(request)) withMetadata(target);
}

function setName(request: ReflectMessage): void {
  for (const target of targets(request)) {
    const metadata = withMetadata(target);
    const name = metadata.fields.find((field) => field.name.toLowerCase() === 'name');
    if (name?.fieldKind === 'scalar') metadata.set(name, 'x');
  }
}
