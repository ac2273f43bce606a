// Reads request bodies and writes answers.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parse } from 'yaml';
import { ApiError, badRequest, unsupportedMediaType } from '../errors.js';
import { decodeProtobuf } from '../protobuf/decode.js';

const largest = 3 * 1024 * 1024;

/** The body, whole. @throws ApiError 413 when it is larger than etcd would take */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largest) {
      throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${largest}`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The media type of a request without its parameters. */
export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
}

const readable = ['application/json', 'application/yaml'];

/**
 * Parses a body.
 * @throws ApiError 400 or 415
 */
export function parseBody(body: Buffer, type: string): unknown {
  if (type === 'application/vnd.kubernetes.protobuf') return decodeProtobuf(body);
  if (type !== '' && !type.endsWith('json') && !type.endsWith('yaml')) throw unsupportedMediaType(readable);
  const text = body.toString('utf8');
  try {
    return type.endsWith('yaml') && !text.startsWith('{') ? parse(text) : JSON.parse(text);
  } catch (error) {
    throw badRequest(
      `couldn't get version/kind; json parse error: ${error instanceof Error ? error.message : 'unreadable'}`,
    );
  }
}

/** Sends JSON text. */
export function send(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string | string[]> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-cache, private',
    'Content-Length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

/** Sends an error as a Status; what is no ApiError becomes a 500. */
export function sendError(response: ServerResponse, error: unknown): number {
  const known =
    error instanceof ApiError
      ? error
      : new ApiError(
          500,
          'InternalError',
          `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`,
        );
  const headers: Record<string, string> = {};
  if (known.retryAfter !== undefined) headers['Retry-After'] = String(known.retryAfter);
  send(response, known.code, JSON.stringify(known.status()), headers);
  return known.code;
}

/** The Warning headers of an answer. */
export function warningHeaders(warnings: readonly string[]): Record<string, string[]> {
  if (warnings.length === 0) return {};
  return { Warning: warnings.map((text) => `299 - ${JSON.stringify(text)}`) };
}
