// Reads server name and ALPN list from a ClientHello before TLS is terminated, as the proxy must to route a
// connection (joining.md 2.3, 2.5 A). RFC 8446 4.1.2, RFC 6066 3, RFC 7301 3.1.

export interface ClientHello {
  readonly serverName: string;
  /** In the client's order; empty when the client sent none. */
  readonly protocols: readonly string[];
}

const handshakeRecord = 22;
const clientHelloMessage = 1;
const serverNameExtension = 0;
const alpnExtension = 16;

/**
 * @param bytes what has arrived so far
 * @returns undefined while more bytes are needed
 * @throws when the bytes are no TLS ClientHello
 */
export function parseClientHello(bytes: Buffer): ClientHello | undefined {
  const message = handshakeMessage(bytes);
  if (!message) return undefined;
  const reader = new Reader(message);
  reader.skip(2 + 32);
  reader.take(reader.number(1));
  reader.take(reader.number(2));
  reader.take(reader.number(1));
  let serverName = '';
  let protocols: string[] = [];
  if (reader.left > 0) {
    const extensions = new Reader(reader.take(reader.number(2)));
    while (extensions.left > 0) {
      const type = extensions.number(2);
      const body = new Reader(extensions.take(extensions.number(2)));
      if (type === serverNameExtension) {
        body.skip(2 + 1);
        serverName = body.take(body.number(2)).toString('ascii');
      } else if (type === alpnExtension) {
        body.skip(2);
        protocols = [];
        while (body.left > 0) protocols.push(body.take(body.number(1)).toString('ascii'));
      }
    }
  }
  return { serverName, protocols };
}

/** The ClientHello's body, put together from as many records as it is spread over. */
function handshakeMessage(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  let offset = 0;
  while (offset + 5 <= bytes.length) {
    if (bytes[offset] !== handshakeRecord || bytes[offset + 1] !== 3) throw new Error('not a TLS handshake');
    const length = bytes.readUInt16BE(offset + 3);
    if (offset + 5 + length > bytes.length) return undefined;
    parts.push(bytes.subarray(offset + 5, offset + 5 + length));
    offset += 5 + length;
    const joined = Buffer.concat(parts);
    if (joined.length < 4) continue;
    if (joined[0] !== clientHelloMessage) throw new Error('not a ClientHello');
    const size = joined.readUIntBE(1, 3);
    if (joined.length >= 4 + size) return joined.subarray(4, 4 + size);
  }
  if (bytes.length > 0 && bytes[0] !== handshakeRecord) throw new Error('not a TLS handshake');
  return undefined;
}

class Reader {
  #offset = 0;

  constructor(readonly bytes: Buffer) {}

  get left(): number {
    return this.bytes.length - this.#offset;
  }

  number(size: number): number {
    const value = this.take(size);
    return size === 0 ? 0 : value.readUIntBE(0, size);
  }

  skip(size: number): void {
    this.take(size);
  }

  take(size: number): Buffer {
    if (size > this.left) throw new Error('the ClientHello is cut short');
    this.#offset += size;
    return this.bytes.subarray(this.#offset - size, this.#offset);
  }
}
