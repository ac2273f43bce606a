import { expect, test } from 'vitest';
import { parseBindAddress } from './bind-address.js';

test.each([
  [':8080', { port: 8080 }],
  ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
  ['localhost:0', { host: 'localhost', port: 0 }],
  ['[::1]:0', { host: '::1', port: 0 }],
  ['[::]:65535', { host: '::', port: 65535 }],
  ['', undefined],
  ['0', undefined],
])('%s', (text, expected) => {
  expect(parseBindAddress(text)).toEqual(expected);
});

test.each(['8080', ':', ':x', '::1:80', ':65536', 'a:b:1', '[::1]', 'http://a:1'])(
  '%s is refused',
  (text) => {
    expect(() => parseBindAddress(text)).toThrow(/expected host:port/);
  },
);
