// When Teleport answers again after it did not: news for objects that failed meanwhile.
import type { Bot } from '../teleport/bot.js';

/** Calls back each time that the bot is ready after it was not. @returns a function that ends it */
export function onReadyAgain(bot: Pick<Bot, 'state' | 'subscribe'>, back: () => void): () => void {
  let ready = bot.state().ready;
  return bot.subscribe((state) => {
    const again = state.ready && !ready;
    ready = state.ready;
    if (again) back();
  });
}
