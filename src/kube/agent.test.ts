import * as http from 'node:http';
import * as https from 'node:https';
import { type AddressInfo, connect as connectTcp, type Server } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type TestAuthority, testAuthority } from '../../test/builders/kube-certificates.js';
import { systemClock } from '../core/clock.js';
import type { ClusterAccess } from './access.js';
import { createKubeClient, type KubeClient } from './client.js';

const pods = { group: '', version: 'v1', plural: 'pods' };
const ref = { namespace: 'ns', name: 'a' };

let authority: TestAuthority;
const closing: (() => void)[] = [];
beforeAll(async () => {
  authority = await testAuthority();
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listen(server: Server & { closeAllConnections(): void }, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** A server that tells who the client is and what name it asked for. */
async function serve(names: string[], host?: string): Promise<number> {
  const { cert, key } = await authority.server(...names);
  const server = https.createServer(
    { cert, key, ca: authority.ca, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const socket = request.socket as TLSSocket & { servername?: string };
      const name = JSON.stringify({
        metadata: {
          name: socket.authorized ? socket.getPeerCertificate().subject.CN : 'nobody',
          namespace: socket.servername || 'none',
          uid: String(request.socket.remotePort),
        },
      });
      response.end(name);
    },
  );
  return listen(server, host);
}

function connect(server: string, more: Partial<ClusterAccess> = {}): KubeClient {
  const client = createKubeClient(
    {
      server: new URL(server),
      origin: 'test',
      ca: async () => authority.ca,
      insecure: false,
      credentials: { current: async () => ({ headers: {} }), refused: () => false },
      ...more,
    },
    { clock: systemClock },
  );
  closing.push(() => client.close());
  return client;
}

describe('TLS', () => {
  test('the server is verified against the CA', async () => {
    const port = await serve(['127.0.0.1']);
    expect((await connect(`https://127.0.0.1:${port}`).get(pods, ref)).metadata.name).toBe('nobody');
    const other = await testAuthority();
    await expect(
      connect(`https://127.0.0.1:${port}`, { ca: async () => other.ca }).get(pods, ref),
    ).rejects.toMatchObject({ kind: 'Unavailable' });
    await expect(
      connect(`https://127.0.0.1:${port}`, { ca: async () => undefined }).get(pods, ref),
    ).rejects.toMatchObject({ kind: 'Unavailable' });
  });

  test('a certificate for another name is refused, unless that name was asked for', async () => {
    const port = await serve(['kube.example']);
    await expect(connect(`https://127.0.0.1:${port}`).get(pods, ref)).rejects.toMatchObject({
      kind: 'Unavailable',
      message: expect.stringContaining('127.0.0.1'),
    });
    const named = await connect(`https://127.0.0.1:${port}`, { tlsServerName: 'kube.example' }).get(
      pods,
      ref,
    );
    expect(named.metadata.namespace).toBe('kube.example');
  });

  test('insecure verifies nothing', async () => {
    const port = await serve(['elsewhere']);
    const client = connect(`https://127.0.0.1:${port}`, { insecure: true, ca: async () => undefined });
    expect((await client.get(pods, ref)).metadata.name).toBe('nobody');
  });

  test('IPv6 addresses work', async (context) => {
    const port = await serve(['::1'], '::1').catch(() => undefined);
    if (port === undefined) context.skip();
    expect((await connect(`https://[::1]:${port}`).get(pods, ref)).metadata.name).toBe('nobody');
  });

  test('the client certificate is sent, and a renewed one on new connections', async () => {
    const port = await serve(['127.0.0.1']);
    let pair = await authority.client('alice');
    const credentials = { current: async () => ({ headers: {}, ...pair }), refused: () => false };
    const client = connect(`https://127.0.0.1:${port}`, { credentials });
    const first = await client.get(pods, ref);
    const again = await client.get(pods, ref);
    expect([first.metadata.name, again.metadata.uid]).toEqual(['alice', first.metadata.uid]);
    pair = await authority.client('bob');
    expect((await client.get(pods, ref)).metadata.name).toBe('bob');
  });
});

describe('through a proxy', () => {
  async function proxy(answer?: number): Promise<{ url: URL; seen: string[]; auth: (string | undefined)[] }> {
    const seen: string[] = [];
    const auth: (string | undefined)[] = [];
    const server = http.createServer();
    server.on('connect', (request, socket, head) => {
      seen.push(request.url ?? '');
      auth.push(request.headers['proxy-authorization']);
      if (answer) {
        socket.end(`HTTP/1.1 ${answer} No\r\n\r\n`);
        return;
      }
      const { port, hostname } = new URL(`http://${request.url}`);
      const target = connectTcp(Number(port), hostname === 'kube.example' ? '127.0.0.1' : hostname, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        target.write(head);
        target.pipe(socket).pipe(target);
      });
      target.on('error', () => socket.destroy());
      socket.on('error', () => target.destroy());
      closing.push(
        () => target.destroy(),
        () => void socket.destroy(),
      );
    });
    return { url: new URL(`http://us%20er:pa%3Ass@127.0.0.1:${await listen(server)}`), seen, auth };
  }

  test('the server is reached by CONNECT with TLS inside, and the connection is kept', async () => {
    const port = await serve(['kube.example']);
    const { url, seen, auth } = await proxy();
    const client = connect(`https://kube.example:${port}`, { proxy: url });
    for (let n = 0; n < 3; n++) expect((await client.get(pods, ref)).metadata.namespace).toBe('kube.example');
    expect(seen).toEqual([`kube.example:${port}`]);
    expect(auth).toEqual([`Basic ${Buffer.from('us er:pa:ss').toString('base64')}`]);
  });

  test('the server is verified through it', async () => {
    const port = await serve(['elsewhere']);
    const { url } = await proxy();
    await expect(connect(`https://127.0.0.1:${port}`, { proxy: url }).get(pods, ref)).rejects.toMatchObject({
      kind: 'Unavailable',
    });
  });

  test('a refusal names the proxy and the target, not the password', async () => {
    const { url } = await proxy(407);
    const failed = await connect('https://kube.example:6443', { proxy: url })
      .get(pods, ref)
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({
      kind: 'Unavailable',
      message: `proxy ${url.host} refused to connect to kube.example:6443: HTTP 407`,
    });
  });

  test('a proxy that is away is named', async () => {
    const failed = await connect('https://kube.example:6443', { proxy: new URL('http://127.0.0.1:1') })
      .get(pods, ref)
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({
      kind: 'Unavailable',
      message: expect.stringContaining('proxy 127.0.0.1:1'),
    });
  });
});
