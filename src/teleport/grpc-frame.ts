// gRPC's framing of messages in a body: one byte of flags, four of length, the message (PROTOCOL-HTTP2.md of
// github.com/grpc/grpc). Bytes only; what they mean is grpc-client.ts's, how they travel session.ts's.

const headBytes = 5;

/** A message as it stands in a body. Never compressed: Teleport's messages are small, and CPU time is not. */
export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(headBytes + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, headBytes);
  return framed;
}

/** Finds the messages in the chunks of one body. */
export class FrameReader {
  readonly #limit: number;
  readonly #onMessage: (message: Uint8Array) => void;
  #chunks: Uint8Array[] = [];
  #length = 0;
  /** Bytes that must be there before anything can be read: a head, or a head and its message. */
  #wanted = headBytes;

  /**
   * @param limit bytes of the largest message that is taken
   * @param onMessage gets each message once it is whole; its bytes are the message's own
   */
  constructor(limit: number, onMessage: (message: Uint8Array) => void) {
    this.#limit = limit;
    this.#onMessage = onMessage;
  }

  /** Whether the body ends here without losing anything. */
  get isBetween(): boolean {
    return this.#length === 0;
  }

  /** @throws Error where the bytes are no message that can be read */
  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length >= this.#wanted) {
      const bytes = this.#joined();
      const size = bytes.readUInt32BE(1);
      if (bytes[0] !== 0) throw new Error('the answer is compressed, which was not offered');
      if (size > this.#limit) {
        throw new Error(`a message of ${size} bytes is larger than the ${this.#limit} that are taken`);
      }
      this.#wanted = headBytes + size;
      if (bytes.length < this.#wanted) return;
      const rest = bytes.subarray(this.#wanted);
      const message = bytes.subarray(headBytes, this.#wanted);
      this.#chunks = rest.length > 0 ? [rest] : [];
      this.#length = rest.length;
      this.#wanted = headBytes;
      this.#onMessage(message);
    }
  }

  /** All that is there in one piece; joined only when enough has come, so that a large message is copied once. */
  #joined(): Buffer {
    const [first, second] = this.#chunks;
    const whole = first && !second ? first : Buffer.concat(this.#chunks, this.#length);
    this.#chunks = [whole];
    return Buffer.isBuffer(whole) ? whole : Buffer.from(whole.buffer, whole.byteOffset, whole.length);
  }
}
