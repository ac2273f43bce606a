// The body of an answer as one text.
import type { IncomingMessage } from 'node:http';

/**
 * Reads to the end, by events: the asynchronous iteration of a stream costs several times what a short body does.
 * @throws where the connection ends before the body
 */
export function wholeBody(response: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    response.once('error', reject);
    response.once('close', () => {
      if (!response.complete) reject(new Error('the connection ended within the answer'));
    });
  });
}
