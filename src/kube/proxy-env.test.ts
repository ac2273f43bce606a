import { expect, test } from 'vitest';
import { proxyFromEnv } from './proxy-env.js';

const proxied = (url: string, noProxy: string): boolean =>
  proxyFromEnv(new URL(url), { HTTPS_PROXY: 'http://p:1', NO_PROXY: noProxy }) !== undefined;

test.each([
  ['https://kube.example', '', true],
  ['https://kube.example', '*', false],
  ['https://kube.example', 'example', false],
  ['https://kube.example', '.example', false],
  ['https://kube.example', '*.example', false],
  ['https://example', '.example', true],
  ['https://example', 'example', false],
  ['https://badexample', 'example', true],
  ['https://kube.example:6443', 'kube.example:6443', false],
  ['https://kube.example:6443', 'kube.example:443', true],
  ['https://kube.example', 'other, KUBE.example ', false],
  ['https://10.1.2.3', '10.0.0.0/8', false],
  ['https://11.1.2.3', '10.0.0.0/8', true],
  ['https://10.1.2.3', '10.1.2.3', false],
  ['https://10.1.2.3', '10.0.0.0/99', true],
  ['https://[fd00::1]:6443', 'fd00::/8', false],
  ['https://[fd00::1]', 'fd00::1', false],
  ['https://localhost:6443', '', false],
  ['https://127.0.0.2', '', false],
  ['https://[::1]', '', false],
])('%s with NO_PROXY=%s goes through the proxy: %s', (url, noProxy, expected) => {
  expect(proxied(url, noProxy)).toBe(expected);
});

test('which variable counts', () => {
  const https = new URL('https://a');
  const http = new URL('http://a');
  const env = { https_proxy: 's:1', HTTP_PROXY: 'http://h:2' };
  expect(proxyFromEnv(https, env)?.href).toBe('http://s:1/');
  expect(proxyFromEnv(http, env)?.href).toBe('http://h:2/');
  expect(proxyFromEnv(https, {})).toBeUndefined();
  expect(() => proxyFromEnv(https, { HTTPS_PROXY: 'socks5://u:secret@h' })).toThrow(
    /^environment variable HTTPS_PROXY: (?!.*secret)/,
  );
});
