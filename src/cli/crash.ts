// The end of a process for an error that nobody caught: told in a form that whatever reads the log can take, then exit code 1.
// Node by itself prints the line of the program first, which here has some hundred thousand characters. A pipe, such as a
// container's, does not take that much at once, and what comes after it, the trace, is lost.
import { writeSync } from 'node:fs';
import type { Logger } from '../core/log.js';
import { unforeseen } from '../core/mistake.js';

/** docs/errors.md */
const failed = 1;

/** Ends the process. Without a log, which only a running operator has, on standard error. */
export type Crash = (error: unknown) => never;

/** From now on errors that nobody caught are told so; the latest call counts. */
export function tellCrashes(log?: Logger): Crash {
  const crash: Crash = (thrown) => {
    const { error, stack } = unforeseen(thrown);
    try {
      if (log) log.error('The operator crashed; please report this', { error, stack });
      else writeSync(2, `teleport-operator: crashed; please report this: ${String(error)}\n${stack}\n`);
    } finally {
      // also where nobody takes it any more
      process.exit(failed);
    }
  };
  process.removeAllListeners('uncaughtException').on('uncaughtException', crash);
  return crash;
}
