// An HTTP server on loopback that plays a metadata service or a CI system's token endpoint.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Endpoint {
  /** http://127.0.0.1:port */
  readonly url: string;
  /** 127.0.0.1:port */
  readonly host: string;
  /** What was asked, in order: method and path with query. */
  readonly asked: string[];
  stop(): Promise<void>;
}

export interface Answer {
  readonly status?: number;
  readonly body?: string;
}

/** Starts it; `answer` may take its time. */
export async function startEndpoint(
  answer: (url: URL, request: IncomingMessage) => Answer | Promise<Answer>,
): Promise<Endpoint> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const run = async (): Promise<void> => {
      const { status = 200, body = '' } = await answer(new URL(request.url ?? '/', 'http://x'), request);
      response.writeHead(status).end(body);
    };
    void run();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    asked,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
