import { describe, expect, it } from 'vitest';
import { SecretUsers } from './secret-users.js';

describe('SecretUsers', () => {
  it('finds the users of a Secret, and forgets those that changed their mind', () => {
    const users = new SecretUsers();
    users.set('ns/a', new Set(['one', 'two']));
    users.set('ns/b', new Set(['two']));
    expect([...users.of('two')]).toEqual(['ns/a', 'ns/b']);
    expect([...users.of(undefined)]).toEqual(['ns/a', 'ns/b']);
    users.set('ns/a', new Set(['one']));
    expect([...users.of('two')]).toEqual(['ns/b']);
    users.set('ns/b', new Set());
    expect([...users.of('two')]).toEqual([]);
    expect([...users.of(undefined)]).toEqual(['ns/a']);
  });
});
