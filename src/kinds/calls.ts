// A call of a kind: an RPC with the way into its request and out of its reply, as data. The method stays
// readable, so that the contract suites know which RPCs are in use.
import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { CallOptions, TeleportClient } from '../teleport/client.js';
import { isTeleportError, TeleportError } from '../teleport/errors.js';

export interface Call<Argument, Result> {
  readonly method: DescMethodUnary;
  /** What is called instead on servers that don't have `method`, newest first. */
  readonly older?: readonly DescMethodUnary[];
  /**
   * The same without what older servers have instead, where it refuses to touch a resource that is there: Teleport's
   * Create RPCs do. Undefined for all other calls.
   */
  readonly ifAbsent?: Pick<Call<Argument, Result>, 'run'> | undefined;
  /** @throws TeleportError */
  run(client: TeleportClient, argument: Argument, options?: CallOptions): Promise<Result>;
}

/** An RPC with how its request is made and its reply read. */
export function call<I extends DescMessage, O extends DescMessage, Argument, Result>(
  method: DescMethodUnary<I, O>,
  request: (argument: Argument) => MessageInitShape<I>,
  result: (reply: MessageShape<O>) => Result,
): Call<Argument, Result> {
  const run: Call<Argument, Result>['run'] = async (client, argument, options) =>
    result(await client.unary(method, request(argument), options));
  return { method, run, ifAbsent: method.name.startsWith('Create') ? { run } : undefined };
}

/**
 * A call that older servers know under another name only (kinds.md B.2): the next one is made where the server
 * answers that it has no such RPC. Where it has none of them, the error is the newest one's.
 */
export function orElse<Argument, Result>(
  newest: Call<Argument, Result>,
  ...older: readonly Call<Argument, Result>[]
): Call<Argument, Result> {
  return {
    method: newest.method,
    older: older.map(({ method }) => method),
    ifAbsent: newest.ifAbsent,
    run: async (client, argument, options) => {
      let refusal: unknown;
      for (const known of [newest, ...older]) {
        try {
          return await known.run(client, argument, options);
        } catch (error) {
          if (!isTeleportError(error, 'NotImplemented')) throw error;
          refusal ??= error;
        }
      }
      throw refusal;
    },
  };
}

/** Whether a reply of the RPC has room for the resource; what has none tells nothing of how it was stored. */
export function tellsStored({ output }: DescMethodUnary, schema: DescMessage): boolean {
  if (output.typeName === schema.typeName) return true;
  return output.fields.some(({ message }) => message?.typeName === schema.typeName);
}

/** For replies that say nothing: google.protobuf.Empty. */
export function nothing(): undefined {
  return undefined;
}

/** Every resource of a kind, page by page where Teleport pages. */
export interface Listing<Resource> {
  readonly method: DescMethodUnary;
  /** @throws TeleportError */
  pages(client: TeleportClient, signal: AbortSignal): AsyncIterable<readonly Resource[]>;
}

/** Resources of one page with the token of the next; empty at the end. */
export interface Page<Resource> {
  readonly items: readonly Resource[];
  readonly next: string;
}

/** How many resources are asked for at once. */
const pageSize = 500;

/** An RPC that answers page by page. A server that comes back to a page would be read for ever: that is an error. */
export function paged<I extends DescMessage, O extends DescMessage, Resource>(
  method: DescMethodUnary<I, O>,
  request: (token: string, size: number) => MessageInitShape<I>,
  page: (reply: MessageShape<O>) => Page<Resource>,
): Listing<Resource> {
  return {
    method,
    pages: async function* (client, signal) {
      let token = '';
      const read = new Set<string>();
      do {
        if (read.has(token))
          throw new TeleportError('Unknown', `${method.name}: Teleport answers the same page again`);
        read.add(token);
        const { items, next } = page(await client.unary(method, request(token, pageSize), { signal }));
        yield items;
        token = next;
      } while (token !== '');
    },
  };
}

/** An RPC that answers all of them at once. */
export function whole<I extends DescMessage, O extends DescMessage, Resource>(
  method: DescMethodUnary<I, O>,
  request: MessageInitShape<I>,
  items: (reply: MessageShape<O>) => readonly Resource[],
): Listing<Resource> {
  return paged(
    method,
    () => request,
    (reply) => ({ items: items(reply), next: '' }),
  );
}

/** An RPC that answers the only resource there can be, or NotFound. */
export function single<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
  request: MessageInitShape<I>,
): Listing<MessageShape<O>> {
  return {
    method,
    pages: async function* (client, signal) {
      try {
        yield [await client.unary(method, request, { signal })];
      } catch (error) {
        if (!isTeleportError(error, 'NotFound')) throw error;
      }
    },
  };
}
