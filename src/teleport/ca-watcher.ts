// Follows rotations of the cluster's authorities, so that certificates and trust are renewed while the old and the new
// are both good. What a renewal does is the bot's business; this file says when.
import { sleep } from '../core/abort.js';
import { Backoff } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import { Operation } from '../gen/teleport/client/event_pb.js';
import type { TeleportClient } from './client.js';
import { isTeleportError, TeleportError } from './errors.js';
import { splitPem } from './identity.js';

export interface CaWatcherOptions {
  readonly client: TeleportClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** Resolves when calls can be made. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  readonly clusterName: () => string;
  /** PEM of the host CAs that are believed at present. */
  readonly trusted: () => readonly string[];
  /** Called when certificates and trust should be renewed. */
  readonly onChange: (why: { phase: string }) => void;
  readonly signal: AbortSignal;
  readonly random: () => number;
}

/** A rotation tells of several authorities in a row: the first event starts this wait, in milliseconds. */
const settleMs = 2000;
const retry = { baseMs: 2000, factor: 2, maxMs: 300_000, jitter: 0.5 };

/** Watches until the signal is aborted; never fails. A stream that ended may have missed something: trust is compared. */
export async function watchAuthorities(options: CaWatcherOptions): Promise<void> {
  const { clock, log, signal } = options;
  const backoff = new Backoff(retry, options.random);
  while (!signal.aborted) {
    try {
      await options.ready(signal);
      await watchOnce(options, () => backoff.reset());
    } catch (error) {
      if (signal.aborted) return;
      log.debug('the watch of the authorities ended', { reason: TeleportError.from(error).message });
    }
    await sleep(clock, backoff.next(), signal).catch(() => undefined);
  }
}

async function watchOnce(options: CaWatcherOptions, onStart: () => void): Promise<void> {
  const { client, clock, clusterName, onChange, signal } = options;
  const cluster = clusterName();
  const filter = { host: cluster, user: cluster };
  const events = client.serverStream(
    AuthService.method.watchEvents,
    { Kinds: [{ Kind: 'cert_authority', Filter: filter }] },
    { signal },
  );
  let timer: { cancel(): void } | undefined;
  let settling = false;
  const changed = (phase: string): void => {
    if (settling) return;
    settling = true;
    timer = clock.after(settleMs * (0.5 + 0.5 * options.random()), () => {
      settling = false;
      onChange({ phase });
    });
  };
  try {
    for await (const event of events) {
      if (event.Type === Operation.INIT) {
        onStart();
        if (await isOutdated(options)) changed('missed');
      } else if (event.Type === Operation.PUT && event.Resource.case === 'CertAuthority') {
        const spec = event.Resource.value.Spec;
        if (spec?.ClusterName !== cluster || !['host', 'user'].includes(spec.Type)) continue;
        // In phase init nothing signs with the new authority yet, and what is handed out holds both already.
        const phase = spec.Rotation?.Phase ?? '';
        if (phase !== '') changed(phase);
      }
    }
  } finally {
    timer?.cancel();
    // What was settling must not be lost with the stream.
    if (settling && !signal.aborted) onChange({ phase: 'missed' });
  }
}

/** Do we believe other host CAs than the cluster has now? */
async function isOutdated({ client, trusted, signal }: CaWatcherOptions): Promise<boolean> {
  try {
    const reply = await client.unary(AuthService.method.getClusterCACert, {}, { signal });
    const now = new Set(splitPem(Buffer.from(reply.TLSCA).toString('utf8')).map(normal));
    const ours = trusted().map(normal);
    return now.size !== ours.length || ours.some((pem) => !now.has(pem));
  } catch (error) {
    if (isTeleportError(error)) return false;
    throw error;
  }
}

function normal(pem: string): string {
  return pem.replaceAll(/\s/g, '');
}
