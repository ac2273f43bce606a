// Our CRDs as the server enforces them: what is refused, dropped, kept; and how they are explained.
import { describe, expect, it } from 'vitest';
import { condition, expectRefusal, unique, user, users, usersPath } from './objects.js';
import type { ContractServer } from './server.js';

export function schemasContract(server: () => ContractServer): void {
  const create = (spec: object): Promise<unknown> => server().client.create(users, user(unique('s'), spec));

  describe('validation', () => {
    it.each([
      [
        { roles: 'access' },
        /spec.roles: Invalid value: "string": spec.roles in body must be of type array: "string"$/,
      ],
      [
        { roles: [1] },
        /spec.roles\[0\]: Invalid value: "integer": spec.roles\[0\] in body must be of type string: "integer"$/,
      ],
      [
        { traits: ['a'] },
        /spec.traits: Invalid value: "array": spec.traits in body must be of type object: "array"$/,
      ],
      [
        { traits: { a: 'b' } },
        /spec.traits.a: Invalid value: "string": spec.traits.a in body must be of type array: "string"$/,
      ],
      [
        { roles: [null] },
        /spec.roles\[0\]: Invalid value: "null": spec.roles\[0\] in body must be of type string: "null"$/,
      ],
    ])('refuses %j', async (spec, text) => {
      await expectRefusal(create(spec), 'Invalid', text);
    });

    it('names every cause in the details', async () => {
      const { metadata, ...rest } = user(unique('s'), { roles: 'x', traits: 'y' });
      const answer = await server().raw('POST', usersPath, { body: { ...rest, metadata } });
      expect(answer.status).toBe(422);
      const { details } = answer.json() as { details: { causes: { field: string; reason: string }[] } };
      expect(details).toMatchObject({
        name: metadata.name,
        group: 'resources.teleport.dev',
        kind: 'TeleportUser',
      });
      expect(details.causes.map(({ field }) => field).toSorted()).toEqual(['spec.roles', 'spec.traits']);
      expect(details.causes[0]?.reason).toBe('FieldValueTypeInvalid');
    });

    it.each([
      [
        { ...condition('Ready', 'Perhaps') },
        /status.conditions\[0\].status: Unsupported value: "Perhaps": supported values: "True", "False", "Unknown"/,
      ],
      [
        { ...condition('Ready', 'True', 'has spaces') },
        /status.conditions\[0\].reason: Invalid value: "has spaces": (status.)?conditions\[0\].reason in body should match/,
      ],
      [{ type: 'Ready', status: 'True' }, /status.conditions\[0\].\w+: Required value/],
      [
        { ...condition('Ready', 'True'), lastTransitionTime: 'yesterday' },
        /lastTransitionTime in body must be of type date-time: "yesterday"/,
      ],
    ])('refuses the condition %j', async (one, text) => {
      const object = await server().client.create(users, user(unique('s')));
      const body = { status: { conditions: [one] } };
      const patch = server().client.patch(
        users,
        object.metadata,
        { type: 'merge', body },
        { subresource: 'status' },
      );
      await expectRefusal(patch, 'Invalid', text);
    });

    it('takes null where the schema allows it, and drops it elsewhere', async () => {
      const object = await server().client.create(users, user(unique('s'), { roles: null, traits: null }));
      expect(object.spec).toEqual({ roles: null });
    });
  });

  describe('fields that are unknown', () => {
    const body = (): object => ({ ...user(unique('s'), { roles: ['a'], nonsense: 1 }) });

    it('are dropped with a warning', async () => {
      const answer = await server().raw('POST', usersPath, { body: body() });
      expect(answer.status).toBe(201);
      expect(answer.headers.warning).toContain('unknown field \\"spec.nonsense\\"');
      expect(answer.json().spec).toEqual({ roles: ['a'] });
    });

    it('are dropped in silence when asked for', async () => {
      const answer = await server().raw('POST', `${usersPath}?fieldValidation=Ignore`, { body: body() });
      expect(answer.status).toBe(201);
      expect(answer.headers.warning).toBeUndefined();
    });

    it('are refused when asked for', async () => {
      const answer = await server().raw('POST', `${usersPath}?fieldValidation=Strict`, { body: body() });
      expect(answer.status).toBe(400);
      expect(answer.json().message).toBe(
        'TeleportUser in version "v2" cannot be handled as a TeleportUser: strict decoding error: unknown field "spec.nonsense"',
      );
    });
  });

  it('tries without doing', async () => {
    const object = user(unique('dry'));
    const answer = await server().raw('POST', `${usersPath}?dryRun=All`, { body: object });
    expect(answer.status).toBe(201);
    const read = server().client.get(users, {
      namespace: object.metadata.namespace,
      name: object.metadata.name,
    });
    await expectRefusal(read, 'NotFound');
  });

  it('is described to programs, by kind', async () => {
    const { client } = server();
    const found = await client.describe('resources.teleport.dev', 'v2');
    expect(Object.keys(found?.get('TeleportUser')?.properties?.['spec']?.properties ?? {})).toContain(
      'roles',
    );
    expect([...(found?.keys() ?? [])].every((kind) => !kind.includes('.'))).toBe(true);
    expect(await client.describe('nobody.dev', 'v1')).toBeUndefined();
  });

  it('is described for kubectl explain and for validation', async () => {
    const index = (await server().raw('GET', '/openapi/v3')).json() as {
      paths: Record<string, { serverRelativeURL: string }>;
    };
    const url = index.paths['apis/resources.teleport.dev/v2']?.serverRelativeURL ?? '';
    const document = (await server().raw('GET', url)).json() as {
      paths: Record<string, { patch?: { parameters: { name: string }[] } }>;
      components: { schemas: Record<string, { properties?: Record<string, { description?: string }> }> };
    };
    const schema = document.components.schemas['dev.teleport.resources.v2.TeleportUser'];
    expect(schema?.properties?.spec?.description).toMatch(/\w/);
    const one = '/apis/resources.teleport.dev/v2/namespaces/{namespace}/teleportusers/{name}';
    const parameters = document.paths[one]?.patch?.parameters.map(({ name }) => name) ?? [];
    expect(parameters).toEqual(
      expect.arrayContaining(['dryRun', 'fieldManager', 'fieldValidation', 'force']),
    );
  });
}
