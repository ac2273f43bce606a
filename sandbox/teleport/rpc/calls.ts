// The record of calls: which RPC was called by whom and how it ended, and what was made use of at all. Contract
// coverage and tests that count writes read it.
import type { Clock } from '../../../src/core/clock.js';

export interface CallRecord {
  /** `/service/Method` */
  readonly method: string;
  /** gRPC status code by number, 0 for success; of a stream: undefined while it runs. */
  code: number | undefined;
  /** Empty for a client without a certificate. */
  readonly user: string;
  /** Roles in the caller's certificate: tells the bot's own identity from the impersonated one. */
  readonly roles: readonly string[];
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Something of this server that somebody made use of. */
export interface Use {
  /** `/service/Method`, `/service/Method with Field`, or a door: `GET /webapi/find`, `protocol teleport-proxy-grpc`. */
  readonly what: string;
  /** Empty for a client without a certificate, and at every door. */
  readonly user: string;
}

/** So many records are kept; a sandbox may run for days. */
const longest = 200_000;

export class Calls {
  /** In the order in which the calls began. */
  readonly records: CallRecord[] = [];
  readonly #uses = new Map<string, Use>();

  constructor(readonly clock: Clock) {}

  begin(method: string, user: string, roles: readonly string[]): CallRecord {
    const record: CallRecord = { method, code: undefined, user, roles, at: this.clock.now() };
    if (this.records.length >= longest) this.records.splice(0, longest / 2);
    this.records.push(record);
    this.use(method, user);
    return record;
  }

  use(what: string, user = ''): void {
    const key = `${user} ${what}`;
    if (!this.#uses.has(key)) this.#uses.set(key, { what, user });
  }

  /** Each use by each user once, since the start; `clear` does not empty it. */
  uses(): Use[] {
    return [...this.#uses.values()];
  }

  /** Records of one RPC, named by its path or the method's name alone. */
  of(method: string): readonly CallRecord[] {
    return this.records.filter((record) => record.method === method || record.method.endsWith(`/${method}`));
  }

  clear(): void {
    this.records.length = 0;
  }
}
