import { describe, expect, it } from 'vitest';
import type { ApiObject, ManagedField } from '../object.js';
import { apply, recordUpdate } from './managed-fields.js';

const object = (spec: object, managedFields?: ManagedField[]): ApiObject =>
  ({
    apiVersion: 'v1',
    kind: 'X',
    metadata: { name: 'x', ...(managedFields && { managedFields }) },
    spec,
  }) as unknown as ApiObject;
const options = { force: false, time: 'now' };
const by = (name: string) => ({ name, operation: 'Apply' }) as const;
const owners = ({ metadata }: ApiObject): Record<string, unknown> =>
  Object.fromEntries((metadata.managedFields ?? []).map((field) => [field.manager, field.fieldsV1]));

describe('apply', () => {
  it('lets managers own different fields, and share those they agree on', () => {
    const first = apply(undefined, object({ a: 1, b: 1 }), by('one'), options);
    const second = apply(first, object({ b: 1, c: 2 }), by('two'), options);
    expect(second.spec).toEqual({ a: 1, b: 1, c: 2 });
    expect(owners(second)).toEqual({
      one: { 'f:spec': { 'f:a': {}, 'f:b': {} } },
      two: { 'f:spec': { 'f:b': {}, 'f:c': {} } },
    });
  });

  it('removes what a manager no longer states, unless another owns it', () => {
    const first = apply(undefined, object({ a: 1, b: 1, m: { k: 1 } }), by('one'), options);
    const second = apply(first, object({ b: 1 }), by('two'), options);
    expect(apply(second, object({ a: 1 }), by('one'), options).spec).toEqual({ a: 1, b: 1 });
  });

  it('refuses to change what another owns, unless forced', () => {
    const first = apply(undefined, object({ a: 1, b: 1 }), by('one'), options);
    expect(() => apply(first, object({ a: 2 }), by('two'), options)).toThrow(
      'Apply failed with 1 conflict: conflict with "one": .spec.a',
    );
    const forced = apply(first, object({ a: 2 }), by('two'), { ...options, force: true });
    expect(forced.spec).toEqual({ a: 2, b: 1 });
    expect(owners(forced)).toEqual({ one: { 'f:spec': { 'f:b': {} } }, two: { 'f:spec': { 'f:a': {} } } });
  });

  it('never takes a finalizer away', () => {
    const old = object({ a: 1 });
    old.metadata.finalizers = ['theirs'];
    const config = object({ a: 1 });
    config.metadata.finalizers = ['ours'];
    expect(apply(old, config, by('one'), options).metadata.finalizers).toEqual(['theirs', 'ours']);
  });
});

describe('recordUpdate', () => {
  it('moves changed fields to whoever changed them', () => {
    const old = apply(undefined, object({ a: 1, b: 1 }), by('one'), options);
    const changed = object({ a: 2, b: 1 });
    recordUpdate(changed, old, { name: 'two', operation: 'Update' }, 'later');
    expect(owners(changed)).toEqual({ one: { 'f:spec': { 'f:b': {} } }, two: { 'f:spec': { 'f:a': {} } } });
  });
});
