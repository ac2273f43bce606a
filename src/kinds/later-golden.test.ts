// The codec and the defaults of the kinds beyond users, roles and tokens against what a real Teleport 18 stored
// (test/facts/golden/later.json): the resource that we would write, completed by us, is the one that is there.
import { readFileSync } from 'node:fs';
import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { canonical } from './canonical.js';
import { fieldName, fromObject, toObject } from './codec/index.js';
import { kinds } from './index.js';
import type { AnyKind } from './kind.js';
import { copyWhereEmpty } from './paths.js';

interface Golden {
  readonly resources: readonly { kind: string; name: string; spec: unknown; reply: string }[];
}

const { resources } = JSON.parse(
  readFileSync(new URL('../../test/facts/golden/later.json', import.meta.url), 'utf8'),
) as Golden;

function kindOf(name: string): AnyKind {
  const found = kinds.find(({ object }) => object.kind === name);
  if (!found) throw new Error(`there is no kind ${name}`);
  return found;
}

const dropped = ({ form, serverOwned }: AnyKind): ReadonlySet<string> =>
  new Set([...form.serverOwned, ...serverOwned]);

describe('resources as Teleport stored them', () => {
  it.each(resources.map((one) => [one.kind, one.name, one] as const))('%s %s', (kindName, name, given) => {
    const kind = kindOf(kindName);
    const { schema, hidden } = kind.spec;
    const stored = fromBinary(kind.schema, Buffer.from(given.reply, 'base64'));
    const spec = fromObject(schema, given.spec, { path: 'spec', hidden });
    const labels = { 'teleport.dev/origin': 'kubernetes' };
    const wanted = kind.form.build(kind.resource, { name, description: '', labels }, spec);
    for (const path of kind.kept) copyWhereEmpty(path, stored, wanted);
    kind.defaults(wanted);
    expect(canonical(kind.schema, wanted, dropped(kind))).toBe(canonical(kind.schema, stored, dropped(kind)));
    // What is stored can be written as an object and read again.
    const { Spec, spec: lower } = stored as unknown as { Spec?: typeof spec; spec?: typeof spec };
    const storedSpec = Spec ?? lower;
    if (!storedSpec) throw new Error('no spec is stored');
    const again = fromObject(schema, toObject(schema, storedSpec, { hidden }), { path: 'spec', hidden });
    expect(canonical(schema, again)).toBe(canonical(schema, storedSpec, hiddenPaths(kind)));
  });

  it('show every kind that an open source Teleport takes without a network', () => {
    const licensed = kinds.filter(({ needs }) => needs.length > 0).map(({ object }) => object.kind);
    // Users, roles and tokens have files of their own; GitHub connectors need GitHub.
    const elsewhere = ['TeleportUser', 'TeleportProvisionToken', 'TeleportGithubConnector'];
    const expected = kinds
      .map(({ object }) => object.kind)
      .filter((name) => !name.startsWith('TeleportRole') && ![...licensed, ...elsewhere].includes(name));
    expect(new Set(resources.map(({ kind }) => kind))).toEqual(new Set(expected));
  });
});

/** Local names of the fields that objects have not. */
function hiddenPaths({ spec: { schema, hidden } }: AnyKind): ReadonlySet<string> {
  return new Set(
    schema.fields.filter((field) => hidden.includes(fieldName(field))).map(({ localName }) => localName),
  );
}
