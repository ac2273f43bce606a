// What the mirror believes of what we wrote ourselves, and what it tells of news that a list was ahead of.
import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { type RoleV6, RoleV6Schema } from '../gen/teleport/types/role_pb.js';
import { roleV7 } from '../kinds/role.js';
import { storedHash } from './applied.js';
import { Mirror, type Shift } from './mirror.js';

function role(Revision: string, login: string): RoleV6 {
  return create(RoleV6Schema, {
    Kind: 'role',
    Version: 'v7',
    Metadata: { Name: 'x', Revision, Labels: { 'teleport.dev/origin': 'kubernetes' } },
    Spec: { Allow: { Logins: [login] } },
  });
}

function current(): Mirror {
  const mirror = new Mirror([roleV7]);
  mirror.replaced('role', new Set(), new Set());
  return mirror;
}

describe('Mirror.wrote', () => {
  it('spares the hash of the revision that was written, once', () => {
    const mirror = current();
    mirror.wrote('role', 'x', 'r1', 'as computed at the write');
    mirror.put('role', role('r1', 'a'));
    expect(mirror.get('role', 'x')).toMatchObject({ revision: 'r1', hash: 'as computed at the write' });
    mirror.put('role', role('r2', 'b'));
    expect(mirror.get('role', 'x')?.hash).toBe(storedHash(roleV7, role('r2', 'b')));
  });

  it('says nothing of any other revision, nor of a resource that went', () => {
    const mirror = current();
    mirror.wrote('role', 'x', 'r2', 'of r2');
    mirror.put('role', role('r1', 'a'));
    expect(mirror.get('role', 'x')?.hash).toBe(storedHash(roleV7, role('r1', 'a')));
    mirror.wrote('role', 'x', 'r2', 'of r2');
    mirror.delete('role', 'x');
    mirror.put('role', role('r2', 'b'));
    expect(mirror.get('role', 'x')?.hash).toBe(storedHash(roleV7, role('r2', 'b')));
  });

  it('is forgotten where no news of it can come: many names come and go', () => {
    const mirror = current();
    const hashOfNews = (): string | undefined => {
      mirror.put('role', role('r1', 'a'));
      mirror.replaced('role', new Set(['x']), new Set());
      return mirror.get('role', 'x')?.hash;
    };
    mirror.wrote('role', 'x', 'r1', 'not in the next list');
    mirror.replaced('role', new Set(), new Set());
    expect(hashOfNews()).toBe(storedHash(roleV7, role('r1', 'a')));
    mirror.delete('role', 'x');
    mirror.wrote('role', 'x', 'r1', 'before the kind was off');
    mirror.off('role');
    mirror.wrote('role', 'x', 'r1', 'while the kind is off');
    expect(hashOfNews()).toBe(storedHash(roleV7, role('r1', 'a')));
  });

  it('says nothing where Teleport gives no revisions', () => {
    const mirror = current();
    mirror.wrote('role', 'x', '', 'none');
    mirror.put('role', role('', 'a'));
    expect(mirror.get('role', 'x')?.hash).toBe(storedHash(roleV7, role('', 'a')));
  });
});

describe('news of the stream that a list was ahead of', () => {
  // Of tokens Auth lists what is stored, and reads and tells from its cache: a pass that the list wakes may read what was before.
  const told = (mirror: Mirror): Shift[] => {
    const shifts: Shift[] = [];
    mirror.subscribe((shift) => shifts.push(shift));
    return shifts;
  };

  it('is told again, where it changed and where it went', () => {
    const mirror = current();
    mirror.put('role', role('r2', 'changed'));
    const shifts = told(mirror);
    mirror.put('role', role('r2', 'changed'), 'news');
    expect(shifts).toEqual([{ kind: 'role', name: 'x', after: mirror.get('role', 'x') }]);
    mirror.replaced('role', new Set(), new Set());
    shifts.length = 0;
    mirror.delete('role', 'x');
    expect(shifts).toEqual([{ kind: 'role', name: 'x' }]);
  });

  it('is nothing that another list tells', () => {
    const mirror = current();
    mirror.put('role', role('r2', 'changed'));
    const shifts = told(mirror);
    mirror.put('role', role('r2', 'changed'));
    mirror.replaced('role', new Set(['x']), new Set());
    expect(shifts).toEqual([]);
  });
});
