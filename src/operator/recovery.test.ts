import { expect, it } from 'vitest';
import { VirtualClock } from '../core/virtual-clock.js';
import { StateKeeper } from '../teleport/bot-state.js';
import { onReadyAgain } from './recovery.js';

it('tells each time that the bot is ready after it was not, and of nothing else', () => {
  const keeper = new StateKeeper(new VirtualClock());
  keeper.update({ ready: true, phase: 'ready' });
  const bot = { state: () => keeper.state, subscribe: keeper.subscribe.bind(keeper) };
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
