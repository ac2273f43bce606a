// One HTTP/2 response body as an async iterable, fed by events: Node's own stream iteration loses bodies that
// are already buffered (nodejs/node#65677). The reader sets the pace: an unread queue pauses the stream.
import type { ClientHttp2Stream } from 'node:http2';

/** Chunks that may wait before the stream is paused. */
const queueLimit = 64;

export class ResponseBody implements AsyncIterableIterator<Uint8Array> {
  readonly #stream: ClientHttp2Stream;
  readonly #queue: Uint8Array[] = [];
  #end: { error?: unknown } | undefined;
  #waiting:
    | { resolve: (result: IteratorResult<Uint8Array>) => void; reject: (error: unknown) => void }
    | undefined;

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream;
    stream.on('data', (chunk: Buffer) => this.#push(chunk));
  }

  /** Ends the body; with an error, the reader gets it after the chunks that came before. The first call counts. */
  finish(end: { error?: unknown }): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    if ('error' in end) waiting.reject(end.error);
    else waiting.resolve({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const chunk = this.#queue.shift();
    if (chunk !== undefined) {
      if (this.#queue.length < queueLimit && this.#stream.isPaused()) this.#stream.resume();
      return Promise.resolve({ done: false, value: chunk });
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

  /** Connect's pipeline demands it; a failed reader is one that lost interest. */
  async throw(error: unknown): Promise<IteratorResult<Uint8Array>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #push(chunk: Uint8Array): void {
    if (this.#end !== undefined) return;
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting = undefined;
      waiting.resolve({ done: false, value: chunk });
      return;
    }
    this.#queue.push(chunk);
    if (this.#queue.length >= queueLimit) this.#stream.pause();
  }
}
