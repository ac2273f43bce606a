// The messages of a request that has many, written as they come and at the pace of the connection.
import { type ClientHttp2Stream, constants } from 'node:http2';
import { frame } from './grpc-frame.js';

/** @param onError called where the messages can't be had; the stream is then cancelled */
export async function pump(
  messages: AsyncIterable<Uint8Array>,
  stream: ClientHttp2Stream,
  onError: (error: unknown) => void,
): Promise<void> {
  try {
    for await (const message of messages) {
      if (stream.destroyed || stream.closed) return;
      if (!stream.write(frame(message))) await writable(stream);
    }
    if (!stream.destroyed && !stream.closed) stream.end();
  } catch (error) {
    onError(error);
    if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL);
  }
}

function writable(stream: ClientHttp2Stream): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}
