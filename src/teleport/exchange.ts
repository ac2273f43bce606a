// One call on one HTTP/2 stream: messages as they come, then one end, well or with an error. What the messages are and
// whether a call may be made again is not known here.
import { type ClientHttp2Stream, constants } from 'node:http2';
import { whenAborted } from '../core/abort.js';
import { TeleportError } from './errors.js';
import { FrameReader } from './grpc-frame.js';
import { Code, type Status, statusOf, statusOfHttp } from './grpc-status.js';

/** Bytes of the largest message that is taken; replies of lists are larger than gRPC's usual 4 MiB. */
const messageLimit = 256 * 1024 * 1024;

/** What takes in the answer. */
export interface Sink {
  message(bytes: Uint8Array): void;
  /** Called once, last; without an error the whole answer came, with status OK. */
  end(error?: unknown): void;
}

export interface ExchangeOptions {
  /** `/service/method` */
  readonly method: string;
  readonly end: End;
  /** The error of a stream that closed without a status. */
  lost(rstCode: number | undefined, cause: unknown): Error;
}

/** What ends a call before its answer. */
export interface End {
  readonly over: boolean;
  /** Why it is over. */
  readonly reason: unknown;
  /** Calls back when it is over. @returns to be called when that is no longer wanted */
  when(run: () => void): () => void;
}

/** An aborted signal as the end of a call. */
export function endOf(signal: AbortSignal): End {
  return {
    get over() {
      return signal.aborted;
    },
    get reason() {
      return signal.reason;
    },
    when: (run) => whenAborted(signal, run),
  };
}

/** Follows the stream to its answer's end, or to the call's, with its reason. */
export function follow(stream: ClientHttp2Stream, options: ExchangeOptions, sink: Sink): void {
  const { method, end: limit, lost } = options;
  let status: Status | undefined;
  /** The status came first: what follows is no message, but perhaps some proxy's page. */
  let refused = false;
  let ended = false;
  let over = false;
  let cause: unknown;
  const reader = new FrameReader(messageLimit, (message) => {
    if (!over) sink.message(message);
  });
  const end = (error?: unknown): void => {
    if (over) return;
    over = true;
    release();
    sink.end(error);
  };
  const giveUp = (error: unknown): void => {
    end(error);
    if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL);
  };
  const release = limit.when(() => giveUp(limit.reason));
  const judge = (): void => {
    if (status === undefined) end(limit.over ? limit.reason : lost(stream.rstCode, cause));
    else if (status.code !== Code.ok) end(TeleportError.ofStatus(status, method));
    // A connection that dies takes along what a slow reader had not taken yet, though the status came.
    else if (!reader.isBetween || stream.readableLength > 0) end(lost(stream.rstCode, cause));
    else end();
  };
  stream.on('response', (headers) => {
    status = statusOf(headers) ?? statusOfHttp(headers);
    refused = status !== undefined;
  });
  stream.on('data', (chunk: Buffer) => {
    if (refused) return;
    try {
      reader.push(chunk);
    } catch (error) {
      giveUp(
        new TeleportError('Unknown', error instanceof Error ? error.message : String(error), { method }),
      );
    }
  });
  stream.on('trailers', (headers) => {
    status ??= statusOf(headers);
    if (ended && status) judge();
  });
  stream.on('end', () => {
    ended = true;
    if (status) judge();
  });
  // Permanent: an error event without a listener ends the process.
  stream.on('error', (error) => {
    cause = error;
  });
  stream.on('close', judge);
}
