// Watches of the client against a server on loopback: events, errors, streams that break, and their end.
import { describe, expect, test } from 'vitest';
import {
  connect,
  connections,
  type Handler,
  json,
  line,
  roles,
  type Seen,
  serve,
  status,
  watching,
} from '../../test/builders/api-server.js';
import { waitFor } from '../../test/builders/wait-for.js';
import { type Clock, systemClock } from '../core/clock.js';
import { type WatchEvent } from './client.js';

describe('watch', () => {
  async function collect(
    handler: Handler,
    clock: Clock = systemClock,
  ): Promise<{ seen: Seen[]; events: WatchEvent[]; error: unknown }> {
    const { url, seen } = await serve(handler);
    const events: WatchEvent[] = [];
    try {
      const signal = new AbortController().signal;
      for await (const event of connect(url, {}, { clock }).watch(roles, {
        ...watching,
        namespace: 'ns',
        signal,
      }))
        events.push(event);
    } catch (error) {
      return { seen, events, error };
    }
    return { seen, events, error: undefined };
  }

  test('gives events until the server ends the stream', async () => {
    const { seen, events, error } = await collect((_request, response) => {
      response.writeHead(200);
      response.write(line('ADDED', 'a') + line('MODIFIED', 'ä'));
      response.end(line('BOOKMARK', '') + line('DELETED', 'a'));
    });
    expect(error).toBeUndefined();
    expect(seen[0]?.url).toBe(
      '/apis/resources.teleport.dev/v1/namespaces/ns/teleportrolesv7?watch=true&allowWatchBookmarks=true&resourceVersion=1&timeoutSeconds=300',
    );
    expect(events.map((event) => `${event.type} ${event.object.metadata.name}`)).toEqual([
      'ADDED a',
      'MODIFIED ä',
      'BOOKMARK ',
      'DELETED a',
    ]);
    expect(events[0]?.object.metadata).toEqual({ name: 'a' });
  });

  test('an ERROR event throws: 410 is Gone', async () => {
    const { events, error } = await collect((_request, response) => {
      response.writeHead(200);
      response.end(line('ADDED', 'a') + JSON.stringify({ type: 'ERROR', object: status(410, 'Expired') }));
    });
    expect(events).toHaveLength(1);
    expect(error).toMatchObject({ kind: 'Gone', status: 410 });
  });

  test('an HTTP error throws', async () => {
    const { error } = await collect((_request, response) => json(response, status(403, 'Forbidden'), 403));
    expect(error).toMatchObject({ kind: 'Forbidden' });
  });

  test('a connection that breaks throws', async () => {
    const { events, error } = await collect((_request, response) => {
      response.writeHead(200);
      response.write(line('ADDED', 'a'), () => response.destroy());
    });
    expect(events.length).toBeLessThanOrEqual(1);
    expect(error).toMatchObject({ kind: 'Unavailable' });
  });

  test('nonsense throws', async () => {
    const first = await collect((_request, response) => response.writeHead(200).end('<html>\n'));
    expect(first.error).toMatchObject({ kind: 'Unavailable' });
    const second = await collect((_request, response) => response.writeHead(200).end('{"type":"WHAT"}\n'));
    expect(second.error).toMatchObject({ kind: 'Unavailable' });
  });

  test.each(['abort', 'break'])('%s closes the connection', async (how) => {
    const { url, server } = await serve((_request, response) => {
      response.writeHead(200);
      response.write(line('ADDED', 'a'));
    });
    const stop = new AbortController();
    const run = async (): Promise<void> => {
      for await (const event of connect(url).watch(roles, { ...watching, signal: stop.signal })) {
        expect(event.type).toBe('ADDED');
        if (how === 'break') break;
        stop.abort(new Error('stop'));
      }
    };
    if (how === 'abort') await expect(run()).rejects.toThrow('stop');
    else await run();
    await waitFor(async () => expect(await connections(server)).toBe(0));
  });
});
