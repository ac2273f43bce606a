import { describe, expect, it } from 'vitest';
import { roleV6 } from '../kinds/role.js';
import { type Claim, Claims } from './claims.js';

const claim = (owner: string, created: string, uid = owner, deleting = false): Claim => ({
  owner,
  created,
  uid,
  deleting,
  held: true,
  idle: false,
});

describe('Claims', () => {
  it('give the resource to the oldest, ties by UID', () => {
    const claims = new Claims();
    claims.set('role/a', claim('V7 ns/a', '2026-01-02', '2'));
    claims.set('role/a', claim('V6 ns/a', '2026-01-01', '9'));
    claims.set('role/a', claim('V8 ns/a', '2026-01-02', '1'));
    expect(claims.of('role/a').map(({ owner }) => owner)).toEqual(['V6 ns/a', 'V8 ns/a', 'V7 ns/a']);
    expect(claims.rival('role/a', 'V7 ns/a')?.owner).toBe('V6 ns/a');
    expect(claims.rival('role/a', 'V6 ns/a')).toBeUndefined();
  });

  it('know who comes after one that goes', () => {
    const claims = new Claims();
    claims.set('role/a', claim('one', '1', '1', true));
    expect(claims.heir('role/a', 'one')).toBeUndefined();
    claims.set('role/a', claim('two', '2', '2', true));
    claims.set('role/a', claim('three', '3'));
    expect(claims.heir('role/a', 'one')?.owner).toBe('three');
  });

  it('tell whose claims changed', () => {
    const claims = new Claims();
    expect(claims.set('role/a', claim('one', '1'))).toEqual(['role/a']);
    expect(claims.set('role/a', claim('one', '1'))).toEqual([]);
    expect(claims.set('role/b', claim('one', '1'))).toEqual(['role/a', 'role/b']);
    expect(claims.remove('one')).toEqual(['role/b']);
    expect(claims.remove('one')).toEqual([]);
  });

  it('know of what they have seen two objects claim, until none does', () => {
    const claims = new Claims();
    claims.set('role/a', claim('one', '1'));
    expect(claims.isContested('role/a')).toBe(false);
    claims.set('role/a', claim('two', '2'));
    claims.remove('one');
    expect(claims.isContested('role/a')).toBe(true);
    claims.remove('two');
    expect(claims.isContested('role/a')).toBe(false);
  });

  it('know of kinds that can not be read, by what they claim', () => {
    const claims = new Claims();
    expect(claims.hide(roleV6, 'unlisted')).toBe(true);
    expect(claims.hide(roleV6, 'unlisted')).toBe(false);
    expect(claims.hidden('role')).toEqual([{ kind: roleV6, why: 'unlisted' }]);
    expect(claims.hide(roleV6, 'forbidden')).toBe(true);
    expect(claims.hidden('role')).toEqual([{ kind: roleV6, why: 'forbidden' }]);
    expect(claims.hidden('user')).toEqual([]);
    expect(claims.hide(roleV6, undefined)).toBe(true);
    expect(claims.hidden('role')).toEqual([]);
  });
});
