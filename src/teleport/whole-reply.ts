// One HTTP request whose reply is read whole, up to a size. Which connection it takes, how long it may, and what the
// status means, is the callers' matter.
import type { IncomingHttpHeaders, RequestOptions } from 'node:http';
import { request as send } from '../core/node-http.js';

const limitBytes = 1024 * 1024;

export interface WholeReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** @throws Error of the connection, the signal's reason, or `tooLarge` where more than a mebibyte comes */
export function wholeReply(options: RequestOptions, tooLarge: string, body?: Buffer): Promise<WholeReply> {
  return new Promise((resolve, reject) => {
    const request = send(options, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > limitBytes) request.destroy(new Error(tooLarge));
        chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}
