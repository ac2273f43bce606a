// The record of calls: which RPC was called by whom and how it ended. Contract coverage and tests that count
// writes read it.
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

/** So many records are kept; a sandbox may run for days. */
const longest = 200_000;

export class Calls {
  /** In the order in which the calls began. */
  readonly records: CallRecord[] = [];

  constructor(readonly clock: Clock) {}

  begin(method: string, user: string, roles: readonly string[]): CallRecord {
    const record: CallRecord = { method, code: undefined, user, roles, at: this.clock.now() };
    if (this.records.length >= longest) this.records.splice(0, longest / 2);
    this.records.push(record);
    return record;
  }

  /** Records of one RPC, named by its path or the method's name alone. */
  of(method: string): readonly CallRecord[] {
    return this.records.filter((record) => record.method === method || record.method.endsWith(`/${method}`));
  }

  clear(): void {
    this.records.length = 0;
  }
}
