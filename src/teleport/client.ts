// What the rest of the operator sees of Teleport: typed calls by method descriptor. How they travel
// (transport.ts), with which certificate (identity.ts, renewal.ts) and on which connection is hidden.
import type {
  DescMessage,
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';

export interface CallOptions {
  signal?: AbortSignal;
  /** Milliseconds until the call fails with DeadlineExceeded; 30 s for unary calls, none for streams. */
  timeoutMs?: number;
  /** Of unary calls: asked when a connection is ready to take the call; false: it fails with Canceled, nothing is sent. */
  maySend?: () => boolean;
}

/** Calls to Teleport. Every method throws TeleportError (errors.ts) and nothing else. */
export interface TeleportClient {
  unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options?: CallOptions,
  ): Promise<MessageShape<O>>;

  serverStream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageInitShape<I>,
    options?: CallOptions,
  ): AsyncIterable<MessageShape<O>>;

  bidi<I extends DescMessage, O extends DescMessage>(
    method: DescMethodBiDiStreaming<I, O>,
    requests: AsyncIterable<MessageInitShape<I>>,
    options?: CallOptions,
  ): AsyncIterable<MessageShape<O>>;
}
