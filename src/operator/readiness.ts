// What /readyz asks: every part that can be not ready, and why. A replica that stands by is ready.
import type { Check } from '../kube/probes.js';
import type { Bot } from '../teleport/bot.js';

/** Ready while the bot's identity is valid and Teleport answered lately. */
export function teleportCheck(bot: Bot): Check {
  return {
    name: 'teleport',
    check: () => {
      const { ready, reason } = bot.state();
      return ready ? undefined : (reason ?? 'not joined yet');
    },
  };
}
