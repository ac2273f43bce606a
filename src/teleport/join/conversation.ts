// A join in which Auth asks first: one stream, messages in turns. The methods say what is sent; this file keeps
// order and time, and makes sure that the stream ends.
import type {
  DescMessage,
  DescMethodBiDiStreaming,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import type { TeleportClient } from '../client.js';
import { TeleportError } from '../errors.js';

/** Milliseconds; Auth itself ends such a stream after a minute (joining.md 3.3). */
const limitMs = 60_000;

export interface Conversation<I extends DescMessage, O extends DescMessage> {
  readonly send: (message: MessageInitShape<I>) => void;
  /** The next message. @throws TeleportError; AccessDenied when the stream ends without one. */
  readonly next: () => Promise<MessageShape<O>>;
}

/**
 * Opens the stream, lets `talk` hold the conversation, and closes it.
 * @throws TeleportError
 */
export async function converse<I extends DescMessage, O extends DescMessage, R>(
  client: Pick<TeleportClient, 'bidi'>,
  method: DescMethodBiDiStreaming<I, O>,
  talk: (conversation: Conversation<I, O>) => Promise<R>,
  signal?: AbortSignal,
): Promise<R> {
  const outgoing = new Outbox<MessageInitShape<I>>();
  const stream = client.bidi(method, outgoing, { timeoutMs: limitMs, ...(signal ? { signal } : {}) });
  const replies = stream[Symbol.asyncIterator]();
  try {
    return await talk({
      send: (message) => outgoing.push(message),
      next: async () => {
        const reply = await replies.next();
        if (!reply.done) return reply.value;
        throw new TeleportError('AccessDenied', 'Teleport ended the join without certificates', {
          method: `/${method.parent.typeName}/${method.name}`,
        });
      },
    });
  } finally {
    outgoing.end();
    await replies.return?.();
  }
}

/** Messages to send, in order; the stream stays open until it is ended. */
class Outbox<T> implements AsyncIterable<T> {
  readonly #waiting: T[] = [];
  #ended = false;
  #wake: () => void = () => {};

  push(message: T): void {
    this.#waiting.push(message);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const message = this.#waiting.shift();
      if (message !== undefined) yield message;
      else if (this.#ended) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
