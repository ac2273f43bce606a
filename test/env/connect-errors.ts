// Errors of Connect, which the tests' own clients run on, in the operator's words.
import { ConnectError } from '@connectrpc/connect';
import { TeleportError } from '../../src/teleport/errors.js';

/** Whatever a call over Connect threw. */
export function ofConnect(error: unknown, method: string): TeleportError {
  if (!(error instanceof ConnectError)) return TeleportError.from(error, method);
  return TeleportError.ofStatus({ code: error.code, message: error.rawMessage }, method);
}
