import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { beforeAll, describe, expect, test } from 'vitest';
import { type TestAuthority, testAuthority } from '../../test/builders/kube-certificates.js';
import { checkIdentity } from './server-identity.js';

let authority: TestAuthority;
beforeAll(async () => {
  authority = await testAuthority();
});

/** What a TLS handshake on loopback, with the certificate for `names`, says of `host`: `accepted` or the error's code. */
async function handshake(names: string[], host: string): Promise<string> {
  const { cert, key } = await authority.server(...names);
  const server = createServer({ cert, key }, (socket) => socket.on('error', () => {}).end());
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const name = /[a-z]{2}/.test(host) ? { servername: host } : {};
  const socket = connect({
    port,
    host: '127.0.0.1',
    ca: authority.ca,
    ...name,
    // What Node hands over depends on how the connection is made; who is asked for is what matters here.
    checkServerIdentity: (_, certificate) => checkIdentity(host, certificate),
  });
  const said = await new Promise<string>((resolve) => {
    socket.once('secureConnect', () => resolve(socket.authorized ? 'accepted' : 'not authorized'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
  socket.destroy();
  server.close();
  return said;
}

describe('the certificate', () => {
  test.each([
    [['10.1.2.3'], '10.1.2.3'],
    [['::1'], '::1'],
    [['::1'], '0:0:0:0:0:0:0:1'],
    [['2001:db8::7', 'kube.example'], '2001:DB8:0::7'],
    [['kube.example'], 'kube.example'],
    [['*.kube.example'], 'a.kube.example'],
  ])('for %j is taken for %s', async (names, host) => {
    expect(await handshake(names, host)).toBe('accepted');
  });

  test.each([
    [['10.1.2.3'], '10.1.2.4'],
    [['::1'], '::2'],
    [['::ffff:10.1.2.3'], '10.1.2.3'],
    [['kube.example'], '10.1.2.3'],
    [['kube.example'], '::1'],
    [['server'], '::1'],
    [['10.1.2.3'], 'kube.example'],
    [['kube.example'], 'other.example'],
    [['*.kube.example'], 'a.b.kube.example'],
  ])('for %j is not taken for %s', async (names, host) => {
    expect(await handshake(names, host)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });
});
