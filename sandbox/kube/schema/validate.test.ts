import { describe, expect, it } from 'vitest';
import { hasFormat } from './formats.js';
import type { Schema } from './schema.js';
import { validate } from './validate.js';

function messages(value: unknown, schema: Schema): string[] {
  return validate(value, schema, 'spec').map(({ field, message }) => `${field}: ${message}`);
}

describe('validate', () => {
  // Texts as kube-apiserver 1.34.4 gave them.
  it.each<[unknown, Schema, string[]]>([
    [
      5,
      { type: 'string' },
      ['spec: Invalid value: "integer": spec in body must be of type string: "integer"'],
    ],
    [
      1.5,
      { type: 'integer' },
      ['spec: Invalid value: "number": spec in body must be of type integer: "number"'],
    ],
    [
      2 ** 63,
      { type: 'integer' },
      ['spec: Invalid value: "number": spec in body must be of type integer: "number"'],
    ],
    [4_000_000_000, { type: 'integer', format: 'int32' }, []],
    [null, { type: 'string' }, ['spec: Invalid value: "null": spec in body must be of type string: "null"']],
    [null, { type: 'string', nullable: true }, []],
    [3, { type: 'number' }, []],
    [
      true,
      { 'x-kubernetes-int-or-string': true },
      ['spec: Invalid value: "boolean": spec in body must be of type integer,string: "boolean"'],
    ],
    ['5', { 'x-kubernetes-int-or-string': true }, []],
    ['z', { type: 'string', enum: ['a', 'b'] }, ['spec: Unsupported value: "z": supported values: "a", "b"']],
    [
      'y',
      { type: 'string', pattern: '^x+$' },
      [`spec: Invalid value: "y": spec in body should match '^x+$'`],
    ],
    ['X', { type: 'string', pattern: '(?i)^x+$' }, []],
    ['abc', { type: 'string', maxLength: 2 }, ['spec: Too long: may not be more than 2 bytes']],
    [
      'x',
      { type: 'string', minLength: 2 },
      ['spec: Invalid value: "x": spec in body should be at least 2 chars long'],
    ],
    [
      11,
      { type: 'integer', maximum: 10 },
      ['spec: Invalid value: 11: spec in body should be less than or equal to 10'],
    ],
    [
      0,
      { type: 'integer', minimum: 0, exclusiveMinimum: true },
      ['spec: Invalid value: 0: spec in body should be greater than 0'],
    ],
    [
      4,
      { type: 'number', multipleOf: 3 },
      ['spec: Invalid value: 4: spec in body should be a multiple of 3'],
    ],
    [['a', 'b', 'c'], { type: 'array', maxItems: 2 }, ['spec: Too many: 3: must have at most 2 items']],
    [
      ['a'],
      { type: 'array', minItems: 2 },
      ['spec: Invalid value: 1: spec in body should have at least 2 items'],
    ],
    [['a', 'a'], { type: 'array', 'x-kubernetes-list-type': 'set' }, ['spec[1]: Duplicate value: "a"']],
    [{ a: 1, b: 2 }, { type: 'object', maxProperties: 1 }, ['spec: Too many: 2: must have at most 1 item']],
    [{}, { type: 'object', required: ['x'] }, ['spec.x: Required value']],
    [
      { m: { k: 1 } },
      { type: 'object', properties: { m: { type: 'object', additionalProperties: { type: 'string' } } } },
      ['spec.m.k: Invalid value: "integer": spec.m.k in body must be of type string: "integer"'],
    ],
    [
      [{ n: 1 }],
      { type: 'array', items: { type: 'object', properties: { n: { type: 'string' } } } },
      ['spec[0].n: Invalid value: "integer": spec[0].n in body must be of type string: "integer"'],
    ],
    [
      'x',
      { type: 'string', format: 'date-time' },
      ['spec: Invalid value: "x": spec in body must be of type date-time: "x"'],
    ],
    [
      'c',
      { type: 'string', anyOf: [{ enum: ['a'] }, { enum: ['b'] }] },
      ['<nil>: Invalid value: "": "spec" must validate at least one schema (anyOf)'],
    ],
  ])('%j under %j', (value, schema, expected) => {
    expect(messages(value, schema)).toEqual(expected);
  });
});

describe('hasFormat', () => {
  it.each([
    ['date-time', '2020-01-01T00:00:00.5+02:00', true],
    ['date-time', '2020-01-01t00:00:00z', true],
    ['date-time', '2020-01-01 00:00:00', false],
    ['date-time', '2020-02-30T00:00:00Z', false],
    ['date-time', '2020-01-01', false],
    ['duration', '1h30m', true],
    ['duration', '3 days', true],
    ['duration', 'PT1H', true],
    ['duration', '1x', false],
    ['duration', 'x', false],
    ['byte', 'Yg==', true],
    ['byte', '&&', false],
    ['cidr', '10.0.0.0/33', false],
    ['ipv6', '::1', true],
    ['uuid', 'not-one', false],
    ['unheard-of', 'anything', true],
  ])('%s of %s: %s', (format, text, good) => {
    expect(hasFormat(text, format)).toBe(good);
  });
});
