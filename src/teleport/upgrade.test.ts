// When a connection upgrade is thought to be needed, and what is sent for one.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTls, type TlsOptions } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { createAuthority, type KeyPair } from '../../test/env/certificates.js';
import { systemClock } from '../core/clock.js';
import type { Address } from './address.js';
import { dialUpgraded, needsUpgrade, upgradeSetting } from './upgrade.js';

let pair: KeyPair;
let roots: string[] = [];
const ends: (() => void)[] = [];
beforeAll(async () => {
  const authority = await createAuthority('test');
  pair = await authority.server();
  roots = [authority.cert];
});
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function serve(options: TlsOptions, http = createServer()): Promise<Address> {
  const server = createTls({ ...pair, ...options }, (socket) => {
    socket.on('error', () => {});
    http.emit('connection', socket);
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => server.close());
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

describe('needsUpgrade', () => {
  const trust = () => ({ verify: true, roots }) as const;
  it.each([
    ['answers with the protocol', { ALPNProtocols: ['teleport-reversetunnel'] }, false],
    ['knows no protocols', {}, true],
    ['knows others', { ALPNProtocols: ['h2', 'http/1.1'] }, true],
  ])('a server that %s', async (_name, options, needed) => {
    expect(await needsUpgrade(await serve(options), trust(), { clock: systemClock })).toBe(needed);
  });

  it('says no when nobody answers', async () => {
    const nobody = { host: '127.0.0.1', port: 1 };
    expect(await needsUpgrade(nobody, trust(), { clock: systemClock })).toBe(false);
  });

  it('goes no further when the certificate is not believed', async () => {
    const stranger = { verify: true, roots: [(await createAuthority('other')).cert] } as const;
    await expect(needsUpgrade(await serve({}), stranger, { clock: systemClock })).rejects.toThrow(
      /not trusted/,
    );
  });

  it('believes the variable without asking', async () => {
    const env = { TELEPORT_TLS_ROUTING_CONN_UPGRADE: 'yes' };
    expect(await needsUpgrade({ host: 'h.invalid', port: 443 }, trust(), { clock: systemClock, env })).toBe(
      true,
    );
  });
});

describe('upgradeSetting', () => {
  const of = (value: string, host = 'a.example') =>
    upgradeSetting({ host, port: 443 }, { TELEPORT_TLS_ROUTING_CONN_UPGRADE: value });
  it.each([
    ['yes', true],
    ['0', false],
    ['a.example:443=true', true],
    ['a.example:443=on;no', true],
    ['b.example:443=yes', false],
    ['b.example:443=no,yes', true],
    ['b.example:443=yes; a.example:443=off', false],
    ['', undefined],
  ])('%s', (value, wanted) => {
    expect(of(value)).toBe(wanted);
  });

  it('names itself when it cannot be read', () => {
    expect(() => of('a.example:443=maybe')).toThrow(
      /TELEPORT_TLS_ROUTING_CONN_UPGRADE: "a.example:443=maybe"/,
    );
  });
});

describe('dialUpgraded', () => {
  it('sends whole binary frames under a mask of zeros, and answers pings', async () => {
    const http = createServer();
    const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'alpn-ping' });
    const seen = { path: '', protocol: '', raw: Buffer.alloc(0), text: '' };
    const ponged = new Promise<string>((resolve) => {
      http.on('upgrade', (request, socket, head) => {
        seen.path = request.url ?? '';
        seen.protocol = request.headers['sec-websocket-protocol'] ?? '';
        socket.on('data', (chunk: Buffer) => {
          seen.raw = Buffer.concat([seen.raw, chunk]);
        });
        sockets.handleUpgrade(request, socket, head, (webSocket) => {
          webSocket.on('message', (data: Buffer, isBinary) => {
            seen.text = data.toString();
            webSocket.send(isBinary ? 'binary' : 'text', { binary: true });
            webSocket.ping('teleport');
          });
          webSocket.on('pong', (data) => resolve(data.toString()));
        });
      });
    });
    const address = await serve({}, http);
    const stream = await dialUpgraded(
      address,
      { verify: true, roots },
      systemClock,
      {},
      AbortSignal.timeout(5000),
    );
    stream.write('hello');
    const reply = await new Promise<string>((resolve) =>
      stream.once('data', (data: Buffer) => resolve(data.toString())),
    );
    expect(reply).toBe('binary');
    expect(await ponged).toBe('teleport');
    expect(seen).toMatchObject({ path: '/webapi/connectionupgrade', protocol: 'alpn-ping', text: 'hello' });
    // One final binary frame (0x82) of five bytes, masked (0x80) with zeros: RFC 6455 5.2.
    expect(seen.raw.subarray(0, 11)).toEqual(Buffer.from([0x82, 0x85, 0, 0, 0, 0, ...Buffer.from('hello')]));
    stream.destroy();
  });

  it('says what a server answers that cannot be upgraded', async () => {
    const address = await serve(
      {},
      createServer((_request, response) => response.writeHead(404).end()),
    );
    await expect(
      dialUpgraded(address, { verify: true, roots }, systemClock, {}, AbortSignal.timeout(5000)),
    ).rejects.toThrow(/connection upgrade was answered with HTTP 404/);
  });
});
