// Refusals in Teleport's words and codes (observed.md 10-16). The kinds of trace errors and the gRPC codes
// they travel as are in joining.md 2.7.
import { Code, ConnectError } from '@connectrpc/connect';

export const notFound = (message: string): ConnectError => new ConnectError(message, Code.NotFound);
export const alreadyExists = (message: string): ConnectError => new ConnectError(message, Code.AlreadyExists);
export const accessDenied = (message = 'access denied'): ConnectError =>
  new ConnectError(message, Code.PermissionDenied);
export const badParameter = (message: string): ConnectError =>
  new ConnectError(message, Code.InvalidArgument);
export const unknownError = (message: string): ConnectError => new ConnectError(message, Code.Unknown);
export const notImplemented = (message: string): ConnectError =>
  new ConnectError(message, Code.Unimplemented);

/** What every conditional write answers when the revision is not the stored one (observed.md 16). */
export const revisionMismatch = (): ConnectError =>
  new ConnectError(
    'resource revision does not match, it may have been concurrently created|modified|deleted; ' +
      'please work from the latest state, or use --force to overwrite',
    Code.FailedPrecondition,
  );

/** A refusal with a heading, as Teleport wraps them: each level on a line of its own, indented by one tab more. */
export function wrapped(heading: string, error: ConnectError): ConnectError {
  return new ConnectError(`${heading}\n\t${error.rawMessage.replaceAll('\n', '\n\t')}`, error.code);
}
