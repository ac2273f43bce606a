// Vitest's waitFor with patience: its own second is over before a busy machine has made a key.
import { vi } from 'vitest';

/** Milliseconds after which something is taken to hang; a test that passes does not wait for it. */
const longest = 30_000;

/** Tries until it no longer throws. */
export function waitFor<T>(
  attempt: () => T | Promise<T>,
  options: { readonly timeout?: number; readonly interval?: number } = {},
): Promise<T> {
  return vi.waitFor(attempt, { interval: 10, ...options, timeout: Math.max(longest, options.timeout ?? 0) });
}
