// When a kind counts as one whose objects can't be read.
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../core/log.js';
import { VirtualClock } from '../core/virtual-clock.js';
import type { ServedResource } from '../kube/client.js';
import { Sight } from './sight.js';

const served = { name: 'teleportrolesv6', kind: 'TeleportRoleV6', namespaced: true, verbs: ['list'] };

function world(first: ServedResource[] | undefined | Error) {
  const clock = new VirtualClock();
  const state = { answer: first, told: [] as boolean[], asked: 0, version: 'v1' };
  const sight = new Sight({
    kube: {
      versions: async () => ['v1', 'v99'],
      discover: async (_group, version) => {
        state.asked++;
        if (state.answer instanceof Error) throw state.answer;
        return state.version === version ? state.answer : undefined;
      },
    },
    resource: { group: 'resources.teleport.dev', version: 'v1', plural: 'teleportrolesv6' },
    clock,
    log: silentLogger,
    tell: (hidden) => void state.told.push(hidden),
  });
  return { sight, state, clock, hidden: () => state.told.at(-1) };
}

describe('a kind that can’t be read', () => {
  it('may have objects as long as the server has the kind', async () => {
    const { sight, state, clock, hidden } = world([served]);
    sight.unreadable(true);
    expect(hidden()).toBe(true);
    await clock.advance(60_000);
    expect(hidden()).toBe(true);
    sight.unreadable(false);
    expect(hidden()).toBe(false);
    const { asked } = state;
    await clock.advance(120_000);
    expect(state.asked).toBe(asked);
  });

  it.each([[[]], [undefined]])('has none where the server answers %j, until it does', async (answer) => {
    const { sight, state, clock, hidden } = world(answer);
    sight.unreadable(true);
    await clock.advance(1);
    expect(hidden()).toBe(false);
    state.answer = [served];
    await clock.advance(30_000);
    expect(hidden()).toBe(true);
    sight.end();
  });

  it('may have objects while the server does not say', async () => {
    const { sight, state, clock, hidden } = world(new Error('no answer'));
    sight.unreadable(true);
    await clock.advance(60_000);
    expect(hidden()).toBe(true);
    sight.end();
    const { asked } = state;
    sight.unreadable(true);
    await clock.advance(60_000);
    expect(state.asked).toBe(asked);
  });

  it('may have objects where the server has it in other versions only, and these are known', async () => {
    const { sight, state, clock, hidden } = world([served]);
    sight.unreadable(true);
    await clock.advance(1);
    expect(sight.servedAs).toEqual([]);
    state.version = 'v99';
    await clock.advance(30_000);
    expect([hidden(), sight.servedAs]).toEqual([true, ['v99']]);
    sight.unreadable(false);
    expect([hidden(), sight.servedAs]).toEqual([false, []]);
    sight.end();
  });
});
