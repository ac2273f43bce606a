// Who calls: nobody (no certificate), or the identity of a user certificate. One per connection.
import { createContextKey } from '@connectrpc/connect';
import type { Identity } from '../ca/identity.js';

export interface Caller {
  /** Undefined for a client without a certificate (Teleport's role Nop). */
  readonly identity: Identity | undefined;
  /** host:port */
  readonly remoteAddress: string;
  /** Milliseconds since the epoch; when the certificate ends. */
  readonly expires: number;
}

/** Where handlers find their caller. */
export const callerKey = createContextKey<Caller>(
  { identity: undefined, remoteAddress: '', expires: 0 },
  { description: 'caller' },
);

/** For records and `created_by`. */
export function callerName(caller: Caller): string {
  return caller.identity?.user ?? '';
}
