// Fault switches: what tests make the server do wrong. Each switch holds for the next `times` matching calls.
import { Code, ConnectError } from '@connectrpc/connect';
import { sleep } from '../../../src/core/abort.js';
import type { Clock } from '../../../src/core/clock.js';

/** The method's name, its path `/service/Method`, or a pattern for the path; absent: every call. */
export type MethodMatch = string | RegExp | undefined;

interface Switch {
  readonly match: MethodMatch;
  readonly user: RegExp | undefined;
  left: number;
  readonly act: (call: FaultyCall) => Promise<void>;
  /** Whether the handler runs before. */
  readonly after: boolean;
}

/** A call as a fault sees it. */
export interface FaultyCall {
  readonly method: string;
  /** Empty for a client without a certificate. */
  readonly user: string;
  readonly signal: AbortSignal;
  /** Ends the connection that carries the call, without a status; resolves when it is closed. */
  readonly drop: () => Promise<void>;
}

export interface FaultOptions {
  readonly method?: MethodMatch;
  /** Whose calls; everybody's if not said. */
  readonly user?: RegExp;
  /** How many calls it holds for; 1 if not said, Infinity for as long as it is not cleared. */
  readonly times?: number;
}

export class Faults {
  #switches: Switch[] = [];
  #joinRefusal: ConnectError | undefined;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls fail with this code and text. */
  fail(code: Code, message: string, options: FaultOptions = {}): void {
    this.#add(options, () => Promise.reject(new ConnectError(message, code)));
  }

  /** Calls get no answer until the client gives up. */
  hang(options: FaultOptions = {}): void {
    this.#add(
      options,
      ({ signal }) =>
        new Promise((_resolve, reject) => {
          const end = (): void => reject(new ConnectError('given up', Code.Canceled));
          if (signal.aborted) end();
          else signal.addEventListener('abort', end, { once: true });
        }),
    );
  }

  /** Calls are answered this many milliseconds later. */
  delay(delayMs: number, options: FaultOptions = {}): void {
    this.#add(options, ({ signal }) => sleep(this.#clock, delayMs, signal));
  }

  /** The connection is closed instead of an answer; nothing was done. */
  drop(options: FaultOptions = {}): void {
    this.#add(options, dropped);
  }

  /** The call is done, but its connection is closed before the answer leaves: the client can't know. */
  loseReply(options: FaultOptions = {}): void {
    this.#add(options, dropped, true);
  }

  /** Every join of any form is refused until called with `undefined`. */
  refuseJoins(refusal: { code: Code; message: string } | undefined): void {
    this.#joinRefusal = refusal && new ConnectError(refusal.message, refusal.code);
  }

  /** Takes all switches back. */
  clear(): void {
    this.#switches = [];
    this.#joinRefusal = undefined;
  }

  /** @throws what a switch says */
  async before(call: FaultyCall): Promise<void> {
    await this.#run(call, false);
  }

  async after(call: FaultyCall): Promise<void> {
    await this.#run(call, true);
  }

  checkJoin(): void {
    if (this.#joinRefusal) throw this.#joinRefusal;
  }

  async #run(call: FaultyCall, after: boolean): Promise<void> {
    for (const one of this.#switches.filter(
      (each) =>
        each.after === after && matches(each.match, call.method) && (each.user?.test(call.user) ?? true),
    )) {
      if (one.left <= 0) continue;
      one.left -= 1;
      if (one.left <= 0) this.#switches = this.#switches.filter((other) => other !== one);
      await one.act(call);
    }
  }

  #add(options: FaultOptions, act: Switch['act'], after = false): void {
    this.#switches.push({
      match: options.method,
      user: options.user,
      left: options.times ?? 1,
      act,
      after,
    });
  }
}

async function dropped(call: FaultyCall): Promise<void> {
  await call.drop();
  throw new ConnectError('connection closed', Code.Unavailable);
}

function matches(match: MethodMatch, method: string): boolean {
  if (match === undefined) return true;
  if (typeof match === 'string') return method === match || method.endsWith(`/${match}`);
  return match.test(method);
}
