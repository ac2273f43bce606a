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
    response.on('end', () =>
      resolve((chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))?.toString('utf8') ?? ''),
    );
    response.on('error', reject);
    response.on('close', () => {
      if (!response.complete) reject(new Error('the connection ended within the answer'));
    });
  });
}
