// SIGTERM and SIGINT from the first moment on, by importing this file first. In a container Node is process 1, and the kernel
// drops signals that process 1 has no handler for: without one, a Pod that is deleted while it starts, or while a command
// runs that has nothing to tidy up, would stay until it is killed at the end of its grace period.
import { constants } from 'node:os';

type StopSignal = 'SIGTERM' | 'SIGINT';

let act: ((signal: StopSignal) => void) | undefined;

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    const tidy = act;
    act = undefined;
    if (tidy) tidy(signal);
    // what the signal does to a process that is not the first
    else process.exit(128 + constants.signals[signal]);
  });
}

/** Lets the next signal call this instead of ending the process; the one after that ends it. */
export function onStopSignal(tidy: (signal: StopSignal) => void): void {
  act = tidy;
}
