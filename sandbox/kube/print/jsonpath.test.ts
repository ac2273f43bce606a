import { describe, expect, it } from 'vitest';
import { find } from './jsonpath.js';

const object = {
  metadata: { name: 'x', annotations: { 'a.b/c': 'dotted' } },
  spec: { roles: ['a', 'b'], nested: [{ n: 1 }, { n: 2 }], map: { p: 1, q: 2 } },
  status: {
    conditions: [
      { type: 'Other', status: 'False', age: 3 },
      { type: 'Ready', status: 'True', age: 5, reason: 'Good (enough)' },
    ],
  },
};

describe('find', () => {
  it.each([
    ['.metadata.name', ['x']],
    ['{.metadata.name}', ['x']],
    ['.spec.roles', [['a', 'b']]],
    ['.spec.roles[1]', ['b']],
    ['.spec.roles[-1]', ['b']],
    ['.spec.roles[*]', ['a', 'b']],
    ['.spec.nested[*].n', [1, 2]],
    ['.spec.map.*', [1, 2]],
    [String.raw`.metadata.annotations.a\.b/c`, ['dotted']],
    [`.metadata.annotations['a.b/c']`, ['dotted']],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    [`.status.conditions[?(@.type=='Ready')].reason`, ['Good (enough)']],
    ['.status.conditions[?(@.type != "Ready")].status', ['False']],
    ['.status.conditions[?(@.age>4)].type', ['Ready']],
    ['.status.conditions[?(@.reason)].type', ['Ready']],
    ['.status.conditions[?(@.type=="Missing")].status', []],
    ['.nothing.here[0]', []],
    ['.metadata.name.deeper', []],
  ])('%s', (path, found) => {
    expect(find(object, path)).toEqual(found);
  });
});
