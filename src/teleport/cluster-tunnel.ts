// The way to Auth through a proxy's own gRPC service, for proxies whose web port hands nothing on: bytes in frames of
// ProxyCluster (joining.md 2.5 B). Needs a certificate, so it is no way to join.
import { Duplex } from 'node:stream';
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type ProxyClusterRequestSchema,
  TransportService,
} from '../gen/teleport/transport/v1/transport_service_pb.js';
import type { Address } from './address.js';
import { dialTls } from './dial.js';
import { TeleportError } from './errors.js';
import { createClient } from './grpc-client.js';
import { apiDomain, type Identity } from './identity.js';
import { Session } from './session.js';
import type { OpenOptions } from './ways.js';

/** Bytes in one frame; the server takes 4 MiB a message. */
const frameBytes = 64 * 1024;

/**
 * Opens a tunnel to a cluster's Auth.
 * @param address the proxy's SSH port, which speaks TLS as well, or its web port.
 * @throws TeleportError
 */
export async function dialClusterTunnel(
  address: Address,
  identity: Identity,
  options: OpenOptions,
  signal: AbortSignal,
): Promise<Duplex> {
  const socket = await dialTls(
    {
      address,
      serverName: apiDomain,
      alpn: ['teleport-proxy-ssh-grpc', 'h2'],
      trust: { verify: true, roots: identity.hostCas },
      credential: identity,
      env: options.env,
    },
    options.clock,
    signal,
  );
  // Pings inside the tunnel do for both; the proxy punishes them when they come more often than every 5 minutes.
  const session = new Session(socket, { clock: options.clock, authority: apiDomain, keepalive: false });
  const client = createClient({ source: { session: async () => session }, clock: options.clock });
  return new ClusterTunnel(identity.clusterName, session, (frames, end) =>
    client.bidi(TransportService.method.proxyCluster, frames, { signal: end }),
  );
}

type Request = MessageInitShape<typeof ProxyClusterRequestSchema>;
type OpenStream = (
  frames: AsyncIterable<Request>,
  end: AbortSignal,
) => AsyncIterable<{ readonly frame?: { readonly payload: Uint8Array } | undefined }>;

class ClusterTunnel extends Duplex {
  readonly #session: Session;
  readonly #end = new AbortController();
  readonly #outgoing: Request[];
  #ended = false;
  #wake: () => void = () => {};
  #flushed: (() => void) | undefined;
  #resume: () => void = () => {};

  constructor(cluster: string, session: Session, open: OpenStream) {
    super();
    this.#session = session;
    this.#outgoing = [{ cluster }];
    void this.#receive(open(this.#frames(), this.#end.signal));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    for (let at = 0; at < chunk.length; at += frameBytes) {
      this.#outgoing.push({ frame: { payload: chunk.subarray(at, at + frameBytes) } });
    }
    this.#flushed = done;
    this.#wake();
  }

  override _final(done: () => void): void {
    this.#ended = true;
    this.#wake();
    done();
  }

  override _read(): void {
    this.#resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#ended = true;
    this.#wake();
    this.#resume();
    this.#end.abort(new TeleportError('Canceled', 'the tunnel was closed'));
    this.#session.destroy();
    done(error);
  }

  async *#frames(): AsyncGenerator<Request, void, undefined> {
    for (;;) {
      const next = this.#outgoing.shift();
      if (next !== undefined) {
        yield next;
        continue;
      }
      const flushed = this.#flushed;
      this.#flushed = undefined;
      flushed?.();
      if (this.#outgoing.length > 0) continue;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async #receive(replies: ReturnType<OpenStream>): Promise<void> {
    try {
      for await (const { frame } of replies) {
        if (frame === undefined || frame.payload.length === 0) continue;
        if (this.push(frame.payload) || this.destroyed) continue;
        await new Promise<void>((resolve) => {
          this.#resume = resolve;
        });
      }
      this.push(null);
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
