import { expect, it } from 'vitest';
import { applyDefaults, dropNulls, prune } from './prune.js';
import { onlyChanged } from './ratchet.js';
import type { Schema } from './schema.js';

const schema: Schema = {
  type: 'object',
  properties: {
    known: { type: 'string', default: 'd' },
    list: { type: 'array', items: { type: 'object', properties: { n: { type: 'string', default: 'x' } } } },
    map: { type: 'object', additionalProperties: { type: 'object', properties: { v: { type: 'string' } } } },
    free: {
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      properties: { tidy: { type: 'object', properties: {} } },
    },
    maybe: { type: 'string', nullable: true },
  },
};

it('prunes what the schema does not name, and says where it was', () => {
  const value = {
    known: 'a',
    odd: 1,
    list: [{ n: 'x', odd: 2 }],
    map: { k: { v: 'y', odd: 3 } },
    free: { any: 1, tidy: { odd: 4 } },
  };
  const unknown: string[] = [];
  prune(value, schema, 'spec', unknown);
  expect(unknown).toEqual(['spec.odd', 'spec.list[0].odd', 'spec.map.k.odd', 'spec.free.tidy.odd']);
  expect(value).toEqual({
    known: 'a',
    list: [{ n: 'x' }],
    map: { k: { v: 'y' } },
    free: { any: 1, tidy: {} },
  });
});

it('drops nulls except where they are allowed', () => {
  const value = { known: null, maybe: null, list: [{ n: null }], free: { any: null } };
  dropNulls(value, schema);
  expect(value).toEqual({ maybe: null, list: [{}], free: { any: null } });
});

it('defaults what is absent, inside what is there', () => {
  const value = { list: [{}, { n: 'own' }] };
  applyDefaults(value, schema);
  expect(value).toEqual({ known: 'd', list: [{ n: 'x' }, { n: 'own' }] });
});

it('lets pass what was wrong before and is untouched', () => {
  const error = (field: string) => ({ reason: 'FieldValueInvalid', field, message: 'wrong' }) as const;
  const old = { spec: { a: 1, list: [1, 2] }, status: {} };
  const same = onlyChanged(
    [error('spec.a'), error('spec.list[0]')],
    { spec: { a: 1, list: [1, 2], b: 3 } },
    old,
  );
  expect(same).toEqual([]);
  const changed = onlyChanged(
    [error('spec.a'), error('spec.list[0]'), error('spec.new')],
    { spec: { a: 2, list: [1] } },
    old,
  );
  expect(changed).toHaveLength(3);
});
