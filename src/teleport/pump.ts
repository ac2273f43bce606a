// Bytes and headers between Connect's shapes and Node's HTTP/2 streams.
import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2';

/** Writes a request's messages as they come, at the pace of the connection. */
export async function pump(
  body: AsyncIterable<Uint8Array> | undefined,
  stream: ClientHttp2Stream,
  onError: (error: unknown) => void,
): Promise<void> {
  try {
    if (body !== undefined) {
      for await (const chunk of body) {
        if (stream.destroyed || stream.closed) return;
        if (!stream.write(chunk)) await writable(stream);
      }
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

/** Without the pseudo headers; a name may come several times. */
export function toHeaders(headers: IncomingHttpHeaders): Headers {
  const result = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(':') || value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) result.append(name, one);
  }
  return result;
}
