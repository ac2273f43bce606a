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

const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `run`, which must not throw, when the signal is aborted; one that is aborted already calls nobody. For signals that many
 * wait for: all share one listener, since Node goes through the whole list of them to take one out.
 * @returns to be called when that is no longer wanted
 */
export function whenAborted(signal: AbortSignal, run: () => void): () => void {
  let runs = waiting.get(signal);
  if (!runs) {
    const all = new Set<() => void>();
    runs = all;
    waiting.set(signal, all);
    const onAbort = (): void => {
      for (const one of all) one();
      all.clear();
    };
    signal.addEventListener('abort', onAbort, { once: true });
  }
  // a closure of its own: the same function may be given twice
  const entry = (): void => run();
  runs.add(entry);
  return () => runs.delete(entry);
}

/** Resolves when the signal is aborted; never rejects. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/**
 * A signal that aborts with its parent, or by itself. Unlike AbortSignal.any it leaves nothing behind: on Node 20
 * each of those stays with a parent that lives as long as the process. Call `abort` when it is done with.
 */
export function childSignal(parent: AbortSignal): { signal: AbortSignal; abort: (reason?: unknown) => void } {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(parent.reason);
  if (parent.aborted) onAbort();
  else parent.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => {
      parent.removeEventListener('abort', onAbort);
      controller.abort(reason);
    },
  };
}
