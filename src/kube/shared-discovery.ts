// Discovery for many who ask the same at the same time: each kind whose CRD is missing wants to know which versions of the group
// there are, and what is in each, and under the CRDs of the Go operator several are. What they make of it is served.ts's.
import type { Clock } from '../core/clock.js';
import type { Discovery } from './served.js';

/** How long an answer holds for others, in milliseconds: shorter than anybody's pause between two questions. */
const youngMs = 10_000;

/** @param end ends questions that are under way; those who ask can't, since others may wait for the same answer */
export function sharedDiscovery(kube: Discovery, clock: Clock, end: AbortSignal): Discovery {
  const shared = <A extends readonly string[], T>(ask: (...about: A) => Promise<T>) => {
    const answers = new Map<string, { readonly since: number; readonly answer: Promise<T> }>();
    return (...about: A): Promise<T> => {
      const key = about.join('/');
      const known = answers.get(key);
      const now = clock.monotonic();
      if (known && now - known.since < youngMs) return known.answer;
      const answer = ask(...about);
      answers.set(key, { since: now, answer });
      answer.catch(() => answers.delete(key));
      return answer;
    };
  };
  const options = { signal: end };
  const versions = shared((group: string) => kube.versions(group, options));
  const discover = shared((group: string, version: string) => kube.discover(group, version, options));
  return {
    versions: (group) => versions(group),
    discover: (group, version) => discover(group, version),
  };
}
