import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../core/virtual-clock.js';
import { StateKeeper } from '../teleport/bot-state.js';
import { onOtherRoles, onReadyAgain } from './bot-news.js';

function aBot() {
  const keeper = new StateKeeper(new VirtualClock());
  return { keeper, bot: { state: () => keeper.state, subscribe: keeper.subscribe.bind(keeper) } };
}

describe("the bot's state", () => {
  it('tells each time that the bot is ready after it was not, and of nothing else', () => {
    const { keeper, bot } = aBot();
    keeper.update({ ready: true, phase: 'ready' });
    let times = 0;
    const end = onReadyAgain(bot, () => times++);
    keeper.update({ reason: 'a renewal failed' });
    expect(times).toBe(0);
    keeper.update({ ready: false, phase: 'failed-retrying' });
    keeper.update({ reason: 'still away' });
    expect(times).toBe(0);
    keeper.update({ ready: true, phase: 'ready' });
    expect(times).toBe(1);
    end();
    keeper.update({ ready: false });
    keeper.update({ ready: true });
    expect(times).toBe(1);
  });

  it('tells of a renewal that brought other roles, and not of the first ones', () => {
    const { keeper, bot } = aBot();
    let times = 0;
    const end = onOtherRoles(bot, () => times++);
    keeper.update({ roles: ['a', 'b'] });
    keeper.update({ roles: ['b', 'a'], identityExpiresAt: 1 });
    keeper.update({ reason: 'a renewal failed' });
    expect(times).toBe(0);
    keeper.update({ roles: ['b', 'c'] });
    keeper.update({ roles: ['b'] });
    expect(times).toBe(2);
    end();
    keeper.update({ roles: [] });
    expect(times).toBe(2);
  });
});
