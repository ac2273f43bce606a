import { describe, expect, it } from 'vitest';
import { AddressError, formatAddress, parseAddress } from './address.js';

describe('parseAddress', () => {
  it.each([
    ['auth.example.com:3025', 'auth.example.com', 3025],
    [' 127.0.0.1:3025 ', '127.0.0.1', 3025],
    ['[2001:db8::1]:443', '2001:db8::1', 443],
    ['https://proxy.example.com:443', 'proxy.example.com', 443],
    ['tcp://[::1]:3025', '::1', 3025],
    ['HTTPS://proxy.example.com:443/', 'proxy.example.com', 443],
  ])('reads %s', (text, host, port) => {
    expect(parseAddress(text, '-auth-server')).toEqual({ host, port });
  });

  it.each([
    ['', 'the address is empty'],
    ['auth.example.com', 'the port is missing'],
    ['auth.example.com:', 'the port is missing'],
    [':3025', 'the host is missing'],
    ['auth.example.com:0', 'not a number from 1 to 65535'],
    ['auth.example.com:65536', 'not a number from 1 to 65535'],
    ['auth.example.com:https', 'not a number from 1 to 65535'],
    ['2001:db8::1', 'an IPv6 address needs brackets'],
    ['[nonsense]:443', 'no IPv6 address'],
    ['[::1]x:443', 'text follows the bracket'],
    ['unix:///run/auth.sock', 'unix sockets are not supported'],
    ['ftp://auth:21', 'the scheme is not known'],
    ['user@auth:3025', 'a path, a user name'],
    ['auth:3025/path', 'a path, a user name'],
  ])('refuses "%s" and says why, with the flag and the form', (text, why) => {
    const parse = () => parseAddress(text, '-auth-server');
    expect(parse).toThrow(AddressError);
    expect(parse).toThrow(why);
    expect(parse).toThrow(/^-auth-server .*give host:port/);
  });

  it('prints what it reads', () => {
    for (const text of ['a:1', '[::1]:3025']) expect(formatAddress(parseAddress(text, '-x'))).toBe(text);
  });
});
