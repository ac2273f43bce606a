// What the bot's state tells objects that failed: Teleport answers again after it did not, or calls are made with other roles.
import type { Bot } from '../teleport/bot.js';

type Told = Pick<Bot, 'state' | 'subscribe'>;

/** Calls back each time that the bot is ready after it was not. @returns a function that ends it */
export function onReadyAgain(bot: Told, back: () => void): () => void {
  let ready = bot.state().ready;
  return bot.subscribe((state) => {
    const again = state.ready && !ready;
    ready = state.ready;
    if (again) back();
  });
}

/** Calls back each time that calls are made with other roles than before. @returns a function that ends it */
export function onOtherRoles(bot: Told, changed: () => void): () => void {
  let roles = bot.state().roles;
  return bot.subscribe((state) => {
    const other = roles !== undefined && !isSame(roles, state.roles);
    roles = state.roles;
    if (other) changed();
  });
}

function isSame(some: readonly string[], others: readonly string[] = []): boolean {
  return some.length === others.length && some.every((role) => others.includes(role));
}
