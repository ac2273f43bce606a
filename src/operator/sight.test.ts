// When a kind counts as one whose objects can't be read.
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../core/virtual-clock.js';
import type { ServedResource } from '../kube/client.js';
import { Sight } from './sight.js';

const served = { name: 'teleportrolesv6', kind: 'TeleportRoleV6', namespaced: true, verbs: ['list'] };

function world(first: ServedResource[] | undefined | Error) {
  const clock = new VirtualClock();
  const state = { answer: first, told: [] as boolean[], asked: 0 };
  const sight = new Sight({
    kube: {
      discover: async () => {
        state.asked++;
        if (state.answer instanceof Error) throw state.answer;
        return state.answer;
      },
    },
    resource: { group: 'resources.teleport.dev', version: 'v1', plural: 'teleportrolesv6' },
    clock,
    tell: (hidden) => void state.told.push(hidden),
  });
  return { sight, state, clock, hidden: () => state.told.at(-1) };
}

describe('a forbidden kind', () => {
  it('may have objects as long as the server has the kind', async () => {
    const { sight, state, clock, hidden } = world([served]);
    sight.forbidden(true);
    expect(hidden()).toBe(true);
    await clock.advance(60_000);
    expect(hidden()).toBe(true);
    sight.forbidden(false);
    expect(hidden()).toBe(false);
    const { asked } = state;
    await clock.advance(120_000);
    expect(state.asked).toBe(asked);
  });

  it.each([[[]], [undefined]])('has none where the server answers %j, until it does', async (answer) => {
    const { sight, state, clock, hidden } = world(answer);
    sight.forbidden(true);
    await clock.advance(1);
    expect(hidden()).toBe(false);
    state.answer = [served];
    await clock.advance(30_000);
    expect(hidden()).toBe(true);
    sight.end();
  });

  it('may have objects while the server does not say', async () => {
    const { sight, state, clock, hidden } = world(new Error('no answer'));
    sight.forbidden(true);
    await clock.advance(60_000);
    expect(hidden()).toBe(true);
    sight.end();
    const { asked } = state;
    sight.forbidden(true);
    await clock.advance(60_000);
    expect(state.asked).toBe(asked);
  });
});
