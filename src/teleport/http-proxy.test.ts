// Which proxy is taken for which address, and a TLS dial through one that tunnels.
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTls } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority, type KeyPair } from '../../test/env/certificates.js';
import { systemClock } from '../core/clock.js';
import { dialTls } from './dial.js';
import { openTcp, proxyFor } from './http-proxy.js';

const to = (host: string, port = 443) => ({ host, port });
const proxy = 'http://proxy:3128';

describe('proxyFor', () => {
  it.each([
    ['HTTPS_PROXY', { HTTPS_PROXY: proxy }],
    ['https_proxy', { https_proxy: proxy }],
    ['HTTP_PROXY', { HTTP_PROXY: proxy }],
    ['a bare host and port', { HTTPS_PROXY: 'proxy:3128' }],
  ])('reads %s', (_name, env) => {
    expect(proxyFor(to('teleport.example.com'), env)?.host).toBe('proxy:3128');
  });

  it('takes HTTPS_PROXY before HTTP_PROXY', () => {
    expect(proxyFor(to('a.example'), { HTTPS_PROXY: 'http://one', HTTP_PROXY: 'http://two' })?.host).toBe(
      'one',
    );
  });

  it.each(['localhost', '127.0.0.1', '127.8.0.1', '::1'])('never asks a proxy for %s', (host) => {
    expect(proxyFor(to(host), { HTTPS_PROXY: proxy })).toBeUndefined();
  });

  it.each([
    ['*', 'a.example', true],
    ['example', 'a.example', true],
    ['.example', 'a.example', true],
    ['*.example', 'a.example', true],
    ['.a.example', 'a.example', false],
    ['A.Example', 'a.example', true],
    ['other, a.example', 'a.example', true],
    ['a.example:443', 'a.example', true],
    ['a.example:80', 'a.example', false],
    ['xample', 'a.example', false],
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.0.0.0/8', '11.1.2.3', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['2001:db8::/32', '2001:db8::7', true],
    ['[2001:db8::7]:443', '2001:db8::7', true],
    ['', 'a.example', false],
  ])('NO_PROXY=%s, host %s: exempt %s', (list, host, exempt) => {
    expect(proxyFor(to(host), { HTTPS_PROXY: proxy, NO_PROXY: list }) === undefined).toBe(exempt);
  });

  it.each([
    ['socks5://proxy:1080', /HTTPS_PROXY names a proxy that speaks socks5/],
    ['http://[', /HTTPS_PROXY is no URL/],
  ])('refuses %s and names the variable', (value, words) => {
    expect(() => proxyFor(to('a.example'), { HTTPS_PROXY: value })).toThrow(words);
  });
});

describe('a dial', () => {
  let pair: KeyPair;
  let ca = '';
  const ends: (() => void)[] = [];
  beforeAll(async () => {
    const authority = await createAuthority('test');
    ca = authority.cert;
    pair = await authority.server(['auth.example']);
  });
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });

  async function listen(
    server: { listen(port: number, host: string, done: () => void): unknown; address(): unknown },
    host = '127.0.0.1',
  ) {
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    return (server.address() as AddressInfo).port;
  }

  /** A proxy that resolves every name to the TLS server. */
  async function tunnelling(port: number, answer = '200 Connection established') {
    const asked: { target: string; authorization: string | undefined }[] = [];
    const server: Server = createServer();
    server.on('connect', (request, socket: Duplex) => {
      asked.push({ target: request.url ?? '', authorization: request.headers['proxy-authorization'] });
      if (!answer.startsWith('200')) {
        socket.end(`HTTP/1.1 ${answer}\r\n\r\n`);
        return;
      }
      const upstream = connect(port, '127.0.0.1', () => {
        socket.write(`HTTP/1.1 ${answer}\r\n\r\n`);
        socket.pipe(upstream).pipe(socket);
      });
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
    });
    const own = await listen(server);
    ends.push(
      () => server.closeAllConnections(),
      () => server.close(),
    );
    return { asked, url: `http://name:pass%20word@127.0.0.1:${own}` };
  }

  async function tlsServer(host?: string) {
    const server = createTls({ ...pair }, (socket) => {
      socket.on('error', () => {});
      socket.end('hello');
    });
    const port = await listen(server, host);
    ends.push(() => server.close());
    return port;
  }

  const dial = (HTTPS_PROXY: string, host = 'auth.example') =>
    dialTls(
      { address: { host, port: 3025 }, alpn: [], trust: { verify: true, roots: [ca] }, env: { HTTPS_PROXY } },
      systemClock,
    );

  it('goes through the proxy, with its name and password, and verifies the server itself', async () => {
    const { asked, url } = await tunnelling(await tlsServer());
    const socket = await dial(url);
    expect(socket.authorized).toBe(true);
    socket.destroy();
    const authorization = `Basic ${Buffer.from('name:pass word').toString('base64')}`;
    expect(asked).toEqual([{ target: 'auth.example:3025', authorization }]);
  });

  it('says which proxy refuses, and shows no password', async () => {
    const { url } = await tunnelling(1, '407 Proxy Authentication Required');
    const error = await dial(url).catch(String);
    expect(error).toMatch(
      /the HTTP proxy 127\.0\.0\.1:\d+: refuses a tunnel to auth\.example:3025 with HTTP 407; put name/,
    );
    expect(error).not.toMatch(/pass(?: |%20)word/);
  });

  it('says when something else answers', async () => {
    const odd = createTcp((socket) => socket.end('SSH-2.0-odd\r\n\r\n'));
    const port = await listen(odd);
    ends.push(() => odd.close());
    await expect(dial(`http://127.0.0.1:${port}`)).rejects.toThrow(
      /HTTP proxy .*: answers something that is not HTTP/,
    );
  });

  it('ends when it is called off', async () => {
    const silent = createTcp(() => {});
    const port = await listen(silent);
    ends.push(() => silent.close());
    const stop = new AbortController();
    const opened = openTcp(to('a.example'), { HTTPS_PROXY: `http://127.0.0.1:${port}` }, stop.signal);
    stop.abort(new Error('enough'));
    await expect(opened).rejects.toThrow('enough');
  });

  it('reaches IPv6 addresses', async () => {
    const port = await tlsServer('::1');
    const socket = await dialTls(
      {
        address: { host: '::1', port },
        alpn: [],
        trust: { verify: true, roots: [ca] },
        serverName: 'auth.example',
      },
      systemClock,
    );
    expect(socket.authorized).toBe(true);
    socket.destroy();
  });
});
