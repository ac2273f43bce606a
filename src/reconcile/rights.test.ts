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
