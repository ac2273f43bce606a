// Which changes of roles are signs of other rights.
import { expect, it } from 'vitest';
import { Rights } from './rights.js';

it.each<[string, string[] | undefined, string, number]>([
  ['that calls are made with', ['a', 'b'], 'b', 1],
  ['of somebody else', ['a', 'b'], 'c', 0],
  ['while it is not known which are ours', undefined, 'c', 1],
])('a change of a role %s', (_, own, name, times) => {
  const rights = new Rights(() => ({ roles: own, botRole: 'bot-x' }));
  let told = 0;
  const end = rights.subscribe(() => told++);
  rights.roleChanged(name);
  expect(told).toBe(times);
  end();
  rights.changed();
  expect(told).toBe(times);
});

it('the role by which the bot takes others on has them taken on anew, and tells of nothing by itself', () => {
  let renewed = 0;
  const rights = new Rights(
    () => ({ roles: ['a'], botRole: 'bot-x' }),
    () => renewed++,
  );
  let told = 0;
  rights.subscribe(() => told++);
  rights.roleChanged('bot-y');
  rights.roleChanged('bot-x');
  expect([renewed, told]).toEqual([1, 0]);
});

it('that was told of is no news when all are listed, and a new one that counts is none before it changes', () => {
  let renewed = 0;
  const roles = ['a'];
  const rights = new Rights(
    () => ({ roles, botRole: 'bot-x' }),
    () => renewed++,
  );
  let told = 0;
  rights.subscribe(() => told++);
  const list = (revisions: Record<string, string>, ...touched: string[]): number[] => {
    rights.rolesListed(new Map(Object.entries(revisions)), new Set(touched));
    return [renewed, told];
  };
  rights.roleChanged('a', '1');
  expect(list({ a: '1', 'bot-x': '1' })).toEqual([0, 1]);
  expect(list({ a: '1', 'bot-x': '2' })).toEqual([1, 1]);
  rights.roleChanged('a', '2');
  // The list is older than that.
  expect(list({ a: '1', 'bot-x': '2' }, 'a')).toEqual([1, 2]);
  roles.push('b', 'c');
  expect(list({ a: '2', b: '1', 'bot-x': '2' })).toEqual([1, 2]);
  expect(list({ a: '3', b: '2', c: '1', 'bot-x': '2' })).toEqual([1, 3]);
});
