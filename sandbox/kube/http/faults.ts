// Switches that make the server fail on purpose: the tests' weather. Every switch hands back a function that turns
// it off again.
import type { Call } from './calls.js';

/** Which requests a switch applies to; what is left out matches all. */
export interface RequestMatch {
  readonly verb?: string | readonly string[];
  readonly resource?: string;
  /** `status`, or '' for requests without a subresource. */
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly user?: string;
}

export interface Failure {
  readonly status: number;
  readonly reason?: string;
  readonly message?: string;
  /** Seconds, sent as Retry-After. */
  readonly retryAfter?: number;
}

/** What is to happen to one request. */
export interface Weather {
  fail?: Failure;
  hang?: boolean;
  /** The connection is cut without an answer. */
  cut?: boolean;
  /** The request is carried out and the connection cut before the answer. */
  cutAfter?: boolean;
  delayMs?: number;
}

interface Switch {
  readonly match: RequestMatch;
  readonly weather: Weather;
  left: number;
}

export type Off = () => void;

/** What the server lends the switches for streams and history. */
export interface FaultTargets {
  dropWatches(match: RequestMatch): number;
  silence(match: RequestMatch): Off;
  compact(): void;
  refuse(refused: boolean): void;
}

export class FaultSwitches {
  private switches: Switch[] = [];
  private readonly undo = new Set<Off>();

  constructor(private readonly targets: FaultTargets) {}

  /** The next `times` matching requests fail. @param times default 1; Infinity until switched off */
  fail(match: RequestMatch, failure: Failure, times = 1): Off {
    return this.add(match, { fail: failure }, times);
  }

  /** Matching requests never get an answer. */
  hang(match: RequestMatch, times = Number.POSITIVE_INFINITY): Off {
    return this.add(match, { hang: true }, times);
  }

  /** The connection of a matching request is cut: before it is carried out, or after. */
  cut(match: RequestMatch, when: 'before' | 'after' = 'before', times = 1): Off {
    return this.add(match, when === 'before' ? { cut: true } : { cutAfter: true }, times);
  }

  /** Matching requests are answered `delayMs` later. */
  slow(match: RequestMatch, delayMs: number, times = Number.POSITIVE_INFINITY): Off {
    return this.add(match, { delayMs }, times);
  }

  /** Cuts the watch streams that are open now. @returns how many */
  dropWatches(match: RequestMatch = {}): number {
    return this.targets.dropWatches(match);
  }

  /** Open and future watch streams stay open and carry not a byte more: a dead connection that nobody notices. */
  silenceWatches(match: RequestMatch = {}): Off {
    return this.remember(this.targets.silence(match));
  }

  /** Forgets the history: watches from older versions and open list pages answer 410. */
  compact(): void {
    this.targets.compact();
  }

  /** The server goes away: connections are cut and new ones refused, until switched off. */
  away(): Off {
    this.targets.refuse(true);
    return this.remember(() => this.targets.refuse(false));
  }

  /** Turns everything off. */
  clear(): void {
    this.switches = [];
    for (const off of this.undo) off();
    this.undo.clear();
  }

  /** The weather for a request; uses up one of each switch that matches. */
  take(call: Omit<Call, 'status'>): Weather {
    const weather: Weather = {};
    for (const one of this.switches) {
      if (one.left <= 0 || !matches(one.match, call)) continue;
      one.left -= 1;
      Object.assign(weather, one.weather);
      if (one.weather.fail) break;
    }
    this.switches = this.switches.filter((one) => one.left > 0);
    return weather;
  }

  private add(match: RequestMatch, weather: Weather, times: number): Off {
    const one: Switch = { match, weather, left: times };
    this.switches.push(one);
    return () => {
      one.left = 0;
    };
  }

  private remember(off: Off): Off {
    const once = (): void => {
      if (this.undo.delete(once)) off();
    };
    this.undo.add(once);
    return once;
  }
}

/** True when a request is one of those that a switch means. */
export function matches(match: RequestMatch, call: Omit<Call, 'status'>): boolean {
  const verbs = match.verb === undefined ? undefined : [match.verb].flat();
  if (verbs && !verbs.includes(call.verb)) return false;
  if (match.resource !== undefined && match.resource !== call.resource) return false;
  if (match.subresource !== undefined && match.subresource !== (call.subresource ?? '')) return false;
  if (match.namespace !== undefined && match.namespace !== call.namespace) return false;
  if (match.name !== undefined && match.name !== call.name) return false;
  return match.user === undefined || match.user === call.user;
}
