import { describe, expect, it } from 'vitest';
import { secrets } from './kinds/core.js';
import { events } from './kinds/events.js';
import type { ApiObject } from './object.js';
import { compareVersions } from './registry.js';
import { fieldSelector, labelSelector, selectedName } from './selectors.js';

const object = (labels: Record<string, string>, more: object = {}): ApiObject =>
  ({
    apiVersion: 'v1',
    kind: 'X',
    metadata: { name: 'x', namespace: 'n', labels },
    ...more,
  }) as unknown as ApiObject;

describe('labelSelector', () => {
  it.each([
    ['a=b', true],
    ['a==b', true],
    ['a!=b', false],
    ['none!=b', true],
    ['a', true],
    ['!a', false],
    ['!none', true],
    ['a in (b, c)', true],
    ['a notin (b,c)', false],
    ['none notin (b)', true],
    ['none in (b)', false],
    ['a=b,d=e', true],
    ['a in (x,b),d', true],
    ['a=b,d=x', false],
    ['', true],
  ])('%s: %s', (text, chosen) => {
    expect(labelSelector(text)(object({ a: 'b', d: 'e' }))).toBe(chosen);
  });

  it('refuses what it cannot read', () => {
    expect(() => labelSelector('a b c')).toThrow(/unable to parse requirement/);
  });
});

describe('fieldSelector', () => {
  it('reads what the type offers', () => {
    expect(fieldSelector('metadata.name=x,metadata.namespace!=m', secrets)(object({}))).toBe(true);
    const event = object({}, { involvedObject: { name: 'y' } });
    expect(fieldSelector('involvedObject.name=y', events)(event)).toBe(true);
    expect(() => fieldSelector('involvedObject.name=y', secrets)).toThrow('field label not supported');
  });

  it('tells authorization the one name that is asked for', () => {
    expect(selectedName('metadata.namespace=n,metadata.name=x')).toBe('x');
    expect(selectedName('metadata.name!=x')).toBeUndefined();
  });
});

it('orders versions as Kubernetes does', () => {
  const versions = ['v1alpha1', 'foo', 'v2', 'v1beta2', 'v10', 'v1', 'v1beta1'];
  expect(versions.sort(compareVersions)).toEqual([
    'v10',
    'v2',
    'v1',
    'v1beta2',
    'v1beta1',
    'v1alpha1',
    'foo',
  ]);
});
