// Falling back to the RPCs of older servers.
import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { AuthService, ListRolesResponseSchema } from '../gen/teleport/client/authservice_pb.js';
import { RoleV6Schema } from '../gen/teleport/types/role_pb.js';
import type { TeleportClient } from '../teleport/client.js';
import { TeleportError } from '../teleport/errors.js';
import { kinds } from './index.js';
import { roleV7 } from './role.js';

/** A server that has these RPCs only; each answers an empty message. */
function server(...has: string[]): { client: TeleportClient; asked: string[] } {
  const asked: string[] = [];
  const unary = async (method: { name: string; output: unknown }) => {
    asked.push(method.name);
    if (!has.includes(method.name)) {
      throw new TeleportError(
        'NotImplemented',
        `unknown method ${method.name} for service proto.AuthService`,
      );
    }
    return create(method.output as typeof RoleV6Schema);
  };
  return { client: { unary } as unknown as TeleportClient, asked };
}

const role = create(RoleV6Schema, { Kind: 'role', Version: 'v7', Metadata: { Name: 'a' } });

describe('paged', () => {
  it.each([[['b', 'b']], [['b', 'c', 'b']]])(
    'ends with an error where Teleport goes in a circle: %j',
    async (tokens) => {
      let asked = 0;
      const unary = async () => {
        if (asked > 10) throw new Error('asked without an end');
        return create(ListRolesResponseSchema, { NextKey: tokens[asked++ % tokens.length] ?? '' });
      };
      const read = async (): Promise<void> => {
        const client = { unary } as unknown as TeleportClient;
        for await (const _ of roleV7.calls.list?.pages(client, new AbortController().signal) ?? []);
      };
      await expect(read()).rejects.toThrow('ListRoles: Teleport answers the same page again');
      expect(asked).toBe(tokens.length);
    },
  );
});

describe('orElse', () => {
  it('asks a server that has the newest RPC for nothing else', async () => {
    const { client, asked } = server('CreateRole', 'UpsertRoleV2', 'UpsertRole');
    expect(await roleV7.calls.create.run(client, role)).toBeDefined();
    expect(asked).toEqual(['CreateRole']);
  });

  it('goes back as far as it must; the oldest replies tell nothing', async () => {
    const { client, asked } = server('UpsertRole');
    expect(await roleV7.calls.update.run(client, role)).toBeUndefined();
    expect(asked).toEqual(['UpdateRole', 'UpsertRoleV2', 'UpsertRole']);
  });

  it('names the newest RPC where the server has none', async () => {
    const { client } = server();
    await expect(roleV7.calls.create.run(client, role)).rejects.toThrow('unknown method CreateRole');
  });

  it('takes any other refusal for the answer', async () => {
    const asked: string[] = [];
    const unary = async (method: { name: string }) => {
      asked.push(method.name);
      throw new TeleportError('AccessDenied', 'no');
    };
    const client = { unary } as unknown as TeleportClient;
    await expect(roleV7.calls.create.run(client, role)).rejects.toMatchObject({ kind: 'AccessDenied' });
    expect(asked).toEqual(['CreateRole']);
  });

  it('covers the kinds whose RPCs changed their names', () => {
    const withOlder = kinds.filter(({ calls }) => calls.create.older && calls.update.older);
    expect(new Set(withOlder.map(({ resource }) => resource.kind))).toEqual(
      new Set(['role', 'github', 'oidc', 'saml', 'trusted_cluster']),
    );
    expect(roleV7.calls.create.older).toEqual([
      AuthService.method.upsertRoleV2,
      AuthService.method.upsertRole,
    ]);
  });
});
