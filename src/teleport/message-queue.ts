// The messages of one streaming answer as an async iterable, fed by events: Node's own stream iteration loses bodies
// that are already buffered (nodejs/node#65677). The reader sets the pace: an unread queue pauses the stream.
import type { ClientHttp2Stream } from 'node:http2';

/** Messages that may wait before the stream is paused. */
const queueLimit = 64;

interface Reader {
  readonly resolve: (result: IteratorResult<Uint8Array>) => void;
  readonly reject: (error: unknown) => void;
}

export class MessageQueue implements AsyncIterableIterator<Uint8Array> {
  readonly #stream: ClientHttp2Stream;
  readonly #queue: Uint8Array[] = [];
  #end: { readonly error?: unknown } | undefined;
  #waiting: Reader | undefined;

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream;
  }

  push(message: Uint8Array): void {
    if (this.#end !== undefined) return;
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting = undefined;
      waiting.resolve({ done: false, value: message });
      return;
    }
    this.#queue.push(message);
    if (this.#queue.length >= queueLimit) this.#stream.pause();
  }

  /** No more messages; an error comes after those that came before. The first call counts. */
  finish(end: { readonly error?: unknown }): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    if ('error' in end) waiting.reject(end.error);
    else waiting.resolve({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const message = this.#queue.shift();
    if (message !== undefined) {
      if (this.#queue.length < queueLimit && this.#stream.isPaused()) this.#stream.resume();
      return Promise.resolve({ done: false, value: message });
    }
    if (this.#end !== undefined) {
      return 'error' in this.#end
        ? Promise.reject(this.#end.error)
        : Promise.resolve({ done: true, value: undefined });
    }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  /** The reader lost interest: the stream is cancelled. */
  return(): Promise<IteratorResult<Uint8Array>> {
    this.finish({});
    this.#queue.length = 0;
    if (!this.#stream.closed) this.#stream.close(8);
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
