// The ClientHello parser against hellos that Node itself sends, cut at every place.
import { type AddressInfo, createServer, connect as tcpConnect } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { parseClientHello } from './client-hello.js';

async function helloOf(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const hello = new Promise<Buffer>((resolve) => {
    server.once('connection', (socket) => {
      socket.once('data', (data: Buffer) => {
        resolve(data);
        socket.destroy();
      });
      socket.on('error', () => {});
    });
  });
  const client = connect({ socket: tcpConnect(port, '127.0.0.1'), ...options });
  client.on('error', () => {});
  const bytes = await hello;
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
  return bytes;
}

describe('parseClientHello', () => {
  it("reads name and protocols in the client's order", async () => {
    const ALPNProtocols = ['teleport-auth@616263.teleport.cluster.local', 'h2'];
    const bytes = await helloOf({ servername: 'proxy.example.com', ALPNProtocols });
    expect(parseClientHello(bytes)).toEqual({ serverName: 'proxy.example.com', protocols: ALPNProtocols });
  });

  it('does without either', async () => {
    expect(parseClientHello(await helloOf({}))).toEqual({ serverName: '', protocols: [] });
  });

  it('asks for more bytes until all are there', async () => {
    const bytes = await helloOf({ servername: 'a.b', ALPNProtocols: ['h2'] });
    for (let length = 0; length < bytes.length; length += 1) {
      expect(parseClientHello(bytes.subarray(0, length))).toBeUndefined();
    }
  });

  it('puts a hello together from several records', async () => {
    const bytes = await helloOf({ servername: 'a.b', ALPNProtocols: ['h2'] });
    const message = bytes.subarray(5);
    const records: Buffer[] = [];
    for (let offset = 0; offset < message.length; offset += 100) {
      const part = message.subarray(offset, offset + 100);
      const header = Buffer.from([22, 3, 1, 0, 0]);
      header.writeUInt16BE(part.length, 3);
      records.push(header, part);
    }
    expect(parseClientHello(Buffer.concat(records))).toEqual({ serverName: 'a.b', protocols: ['h2'] });
  });

  it('refuses what is no TLS', () => {
    expect(() => parseClientHello(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toThrow('not a TLS handshake');
  });
});
