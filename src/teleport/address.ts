// Addresses as flags give them: host and port, IPv6 in brackets. A scheme is tolerated and dropped, as the
// Go operator does. Which server stands behind an address is found out elsewhere (route.ts).

/** Where to connect. `host` is bare: an IPv6 address comes without brackets. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What a user did wrong, in words that name the flag, the form and the remedy. */
export class AddressError extends Error {
  override readonly name = 'AddressError';
}

const schemes = /^(?:https?|tcp):\/\//i;

/**
 * Reads `host:port`, `[v6]:port` or either behind `https://`, `http://` or `tcp://`.
 * @param flag named in errors, e.g. `-auth-server`.
 * @throws AddressError
 */
export function parseAddress(text: string, flag: string): Address {
  const trimmed = text.trim();
  const bad = (why: string): AddressError =>
    new AddressError(
      `${flag} "${trimmed}": ${why}; give host:port, e.g. teleport.example.com:443 for a proxy, ` +
        `auth.example.com:3025 for Auth, or [2001:db8::1]:3025`,
    );
  if (trimmed === '') throw bad('the address is empty');
  if (trimmed.startsWith('unix:')) throw bad('unix sockets are not supported');
  const bare = trimmed.replace(schemes, '').replace(/\/$/, '');
  if (/:\/\//.test(bare)) throw bad('the scheme is not known');
  if (/[\s/?#@]/.test(bare)) throw bad('a path, a user name or white space does not belong there');
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/.exec(bare);
  if (match === null) {
    throw bad(bare.startsWith('[') ? 'text follows the bracket' : 'an IPv6 address needs brackets');
  }
  const [, v6, name, digits] = match;
  const host = v6 ?? name ?? '';
  if (host === '') throw bad('the host is missing');
  if (v6 !== undefined && !/^[0-9a-f:.]+(?:%\w+)?$/i.test(v6))
    throw bad('the text in brackets is no IPv6 address');
  if (digits === undefined || digits === '') throw bad('the port is missing');
  const port = Number(digits);
  if (!/^\d+$/.test(digits) || port < 1 || port > 65_535)
    throw bad('the port is not a number from 1 to 65535');
  return { host, port };
}

/** `host:port`, with brackets around IPv6. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
