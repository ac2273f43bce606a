import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type CustomResourceDefinition, type Schema, undescribed } from '../../src/kinds/crd/index.js';
import { kinds } from '../../src/kinds/index.js';
import { type CrdFacts, compareCrd, narrower } from './compare-crds.js';
import { readExceptions, sortOut } from './exceptions.js';

const facts = JSON.parse(readFileSync('test/facts/crds.json', 'utf8')) as CrdFacts;
const crds = JSON.parse(readFileSync('src/gen/crds.json', 'utf8')) as CustomResourceDefinition[];

/** An annotation holds no more, and `kubectl apply` puts the whole CRD into one. */
const annotationLimit = 262_144;

describe('src/gen/crds.json', () => {
  it('holds every kind once', () => {
    expect(crds.map((crd) => crd.spec.names.kind)).toEqual(kinds.map((kind) => kind.object.kind));
  });

  it('takes every object that the CRDs of the Go operator take', () => {
    const found = crds.flatMap((crd) => compareCrd(facts, crd));
    const { wrong, unused } = sortOut(found, readExceptions('proto/crd-exceptions.json'));
    expect(wrong).toEqual([]);
    expect(unused).toEqual([]);
  });

  it.each(crds.map((crd) => [crd.spec.names.kind, crd] as const))(
    '%s: half an annotation is enough',
    (_, crd) => {
      expect(JSON.stringify(crd).length).toBeLessThan(annotationLimit / 2);
    },
  );

  it.each(crds.map((crd) => [crd.spec.names.kind, crd] as const))(
    '%s: every property is described',
    (_, crd) => {
      expect(undescribed(crd)).toEqual([]);
    },
  );
});

describe('compareCrd', () => {
  const role = crds.find((crd) => crd.spec.names.kind === 'TeleportRole')!;

  function changed(change: (crd: CustomResourceDefinition) => void): string[] {
    const copy = structuredClone(role);
    change(copy);
    return compareCrd(facts, copy);
  }

  it.each<[string, (crd: CustomResourceDefinition) => void, string]>([
    ['another plural', (crd) => (crd.spec.names.plural = 'roles'), 'plural is roles'],
    ['a version too few', (crd) => crd.spec.versions.pop(), 'TeleportRole v6: is missing'],
    ['another stored version', (crd) => (crd.spec.versions[0]!.storage = false), 'v5 storage is false'],
    [
      'a property too few',
      (crd) => delete crd.spec.versions[0]!.schema.openAPIV3Schema.properties!['spec']!.properties!['deny'],
      'TeleportRole v5 .spec.deny: is missing',
    ],
  ])('finds %s', (_, change, finding) => {
    expect(changed(change)).toContainEqual(expect.stringContaining(finding));
  });
});

describe('narrower', () => {
  it.each<[string, Schema, Schema, string]>([
    ['another type', { type: 'string' }, { type: 'integer' }, 'is integer, should be string'],
    ['a null that is refused', { type: 'array', nullable: true }, { type: 'array' }, 'refuses null'],
    [
      'a format',
      { type: 'string' },
      { type: 'string', format: 'date-time' },
      'format date-time, should be none',
    ],
    ['a pattern', { type: 'string' }, { type: 'string', pattern: 'a+' }, 'has a pattern of its own'],
    ['a free form', { type: 'object' }, { 'x-kubernetes-preserve-unknown-fields': true }, 'is free-form'],
    [
      'a form less',
      { 'x-kubernetes-int-or-string': true },
      { type: 'string' },
      'should be integer or string',
    ],
    [
      'a difference in a list',
      { type: 'array', items: { type: 'string' } },
      { type: 'array', items: { type: 'integer' } },
      'x[]: is integer',
    ],
  ])('finds %s', (_, wanted, actual, finding) => {
    expect(narrower(wanted, actual, 'x')).toEqual([expect.stringContaining(finding)]);
  });

  it('lets a schema be wider', () => {
    const wanted: Schema = { type: 'object', properties: { a: { type: 'string', format: 'duration' } } };
    const actual: Schema = {
      type: 'object',
      nullable: true,
      properties: { a: { type: 'string' }, b: { type: 'string' } },
    };
    expect(narrower(wanted, actual, 'x')).toEqual([]);
  });
});
