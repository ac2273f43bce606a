// What `kubectl get` shows: tables with our printer columns, over lists, single objects and watches.
import { expect, it } from 'vitest';
import { condition, unique, user, users, usersPath } from './objects.js';
import type { ContractServer } from './server.js';

const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

interface Table {
  kind: string;
  columnDefinitions: { name: string; type: string; priority: number }[] | null;
  rows: { cells: unknown[]; object: { kind: string; metadata: { name: string } } }[];
}

export function tablesContract(server: () => ContractServer): void {
  const made = async (): Promise<string> => {
    const { client } = server();
    const object = await client.create(users, user(unique('t'), { roles: ['a', 'b'] }));
    const status = { conditions: [condition('Other', 'Unknown'), condition('Ready', 'False', 'NotYet')] };
    await client.patch(
      users,
      object.metadata,
      { type: 'merge', body: { status } },
      { subresource: 'status' },
    );
    return object.metadata.name;
  };

  it('shows our columns, filtered out of the conditions', async () => {
    const name = await made();
    const table = (await server().raw('GET', `${usersPath}/${name}`, { accept })).json() as unknown as Table;
    expect(table.kind).toBe('Table');
    const names = table.columnDefinitions?.map((column) => column.name) ?? [];
    const [row] = table.rows;
    const cell = (column: string): unknown => row?.cells[names.indexOf(column)];
    expect(names[0]).toBe('Name');
    expect([cell('Name'), cell('Ready'), cell('Reason'), cell('Roles')]).toEqual([
      name,
      'False',
      'NotYet',
      '["a","b"]',
    ]);
    expect(cell('Age')).toMatch(/^\d+s$/);
    expect(row?.object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name } });
  });

  it('shows lists, with nothing where there is no status', async () => {
    const object = await server().client.create(users, user(unique('t')));
    const list = await server().raw('GET', `${usersPath}?limit=500`, { accept });
    const table = list.json() as unknown as Table;
    const index = table.columnDefinitions?.findIndex((column) => column.name === 'Ready') ?? -1;
    const row = table.rows.find((one) => one.object.metadata.name === object.metadata.name);
    expect(row?.cells[index]).toBeNull();
  });

  it('shows watches', async () => {
    const name = await made();
    const query = `watch=1&timeoutSeconds=1&fieldSelector=metadata.name%3D${name}`;
    const { text } = await server().raw('GET', `${usersPath}?${query}`, { accept });
    const [first] = text.trim().split('\n');
    const event = JSON.parse(first ?? '{}') as { type: string; object: Table };
    expect(event).toMatchObject({ type: 'ADDED', object: { kind: 'Table' } });
    expect(event.object.rows[0]?.cells[0]).toBe(name);
  });

  it('shows Events', async () => {
    const { status, text } = await server().raw('GET', '/api/v1/events?limit=1', { accept });
    expect(status).toBe(200);
    const names = (JSON.parse(text) as Table).columnDefinitions?.map((column) => column.name);
    expect(names?.slice(0, 4)).toEqual(['Last Seen', 'Type', 'Reason', 'Object']);
  });
}
