// Waiting that can be called off. Every wait in the operator takes an AbortSignal.
import type { Clock } from './clock.js';

/** True for the error that an aborted wait throws, whatever its reason was. */
export function isAbort(error: unknown, signal?: AbortSignal): boolean {
  if (signal?.aborted && error === signal.reason) return true;
  return error instanceof Error && error.name === 'AbortError';
}

/**
 * Waits `delayMs` milliseconds.
 * @throws the signal's reason, as soon as the signal is aborted.
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Who waits for a signal, and the one listener for all of them. */
interface Waiting {
  readonly runs: Set<() => void>;
  readonly onAbort: () => void;
}

const waiting = new WeakMap<AbortSignal, Waiting>();

/**
 * Calls `run`, which must not throw, when the signal is aborted; one that is aborted already calls nobody. For signals that many
 * wait for: all share one listener, since Node goes through the whole list of them to take one out. It goes with the last of them.
 * @returns to be called when that is no longer wanted
 */
export function whenAborted(signal: AbortSignal, run: () => void): () => void {
  const { runs, onAbort } = waiting.get(signal) ?? beginWaiting(signal);
  // a closure of its own: the same function may be given twice
  const entry = (): void => run();
  runs.add(entry);
  return () => {
    if (!runs.delete(entry) || runs.size > 0) return;
    waiting.delete(signal);
    signal.removeEventListener('abort', onAbort);
  };
}

function beginWaiting(signal: AbortSignal): Waiting {
  const runs = new Set<() => void>();
  const onAbort = (): void => {
    for (const one of runs) one();
    runs.clear();
  };
  const begun = { runs, onAbort };
  waiting.set(signal, begun);
  signal.addEventListener('abort', onAbort, { once: true });
  return begun;
}

/** Resolves when the signal is aborted; never rejects. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/**
 * A signal that aborts with any of its parents, or by itself. Unlike AbortSignal.any it leaves nothing behind: on Node 20
 * each of those stays with a parent that lives as long as the process. Call `abort` when it is done with.
 */
export function childSignal(...parents: readonly AbortSignal[]): {
  signal: AbortSignal;
  abort: (reason?: unknown) => void;
} {
  const controller = new AbortController();
  const over = parents.find((parent) => parent.aborted);
  if (over) controller.abort(over.reason);
  const releases = parents.map((parent) => whenAborted(parent, () => controller.abort(parent.reason)));
  return {
    signal: controller.signal,
    abort: (reason) => {
      for (const release of releases) release();
      controller.abort(reason);
    },
  };
}
