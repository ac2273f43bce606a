// A call of a kind: an RPC with the way into its request and out of its reply, as data. The method stays
// readable, so that the contract suites know which RPCs are in use.
import type { DescMessage, DescMethodUnary, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { CallOptions, TeleportClient } from '../teleport/client.js';

export interface Call<Argument, Result> {
  readonly method: DescMethodUnary;
  /** @throws TeleportError */
  run(client: TeleportClient, argument: Argument, options?: CallOptions): Promise<Result>;
}

/** An RPC with how its request is made and its reply read. */
export function call<I extends DescMessage, O extends DescMessage, Argument, Result>(
  method: DescMethodUnary<I, O>,
  request: (argument: Argument) => MessageInitShape<I>,
  result: (reply: MessageShape<O>) => Result,
): Call<Argument, Result> {
  return {
    method,
    run: async (client, argument, options) => result(await client.unary(method, request(argument), options)),
  };
}

/** For replies that say nothing: google.protobuf.Empty. */
export function nothing(): undefined {
  return undefined;
}
