// Candidates for one Lease, in virtual time over a Kubernetes in memory, for the tests of src/kube/leader.ts. All of them end with
// the test, and leave no timer.
import { strictEqual } from 'node:assert';
import { onTestFinished } from 'vitest';
import { aborted } from '../../src/core/abort.js';
import type { Logger } from '../../src/core/log.js';
import type { PromMetrics } from '../../src/core/metrics-prom.js';
import { VirtualClock } from '../../src/core/virtual-clock.js';
import { LeaderElector } from '../../src/kube/leader.js';
import { type Lease, type LeaseAnnotations, type LeaseSpec, leases } from '../../src/kube/lease.js';
import { MemoryClient } from './memory-kube-client.js';

/** Where the Lease is. */
export const at = { namespace: 'ns', name: '431e83f4.teleport.dev' };

export interface Candidate {
  readonly elector: LeaderElector;
  readonly stop: AbortController;
  running: Promise<void>;
  readonly terms: AbortSignal[];
  /** Ends the work of the present term. */
  finish: () => void;
}

export interface CandidateOptions {
  /** Its own way to the server. */
  readonly own?: MemoryClient;
  /** Its work does not end by itself when it is stopped. */
  readonly drain?: boolean;
  readonly metrics?: PromMetrics;
  readonly remark?: (holder: string) => string | undefined;
  readonly annotations?: (before: Lease | undefined) => LeaseAnnotations;
}

export function election() {
  const clock = new VirtualClock();
  const client = new MemoryClient();
  /** What all of them have said. */
  const lines: string[] = [];
  const candidates: Candidate[] = [];
  onTestFinished(async () => {
    for (const candidate of candidates) {
      candidate.stop.abort();
      candidate.finish();
    }
    await clock.advance(60_000);
    await Promise.all(candidates.map((candidate) => candidate.running.catch(() => {})));
    strictEqual(clock.pending, 0);
  });

  const recorder = (): Logger => {
    const say = (message: string): void => void lines.push(message);
    return { debug: () => {}, info: say, warn: say, error: say, with: recorder };
  };

  const join = (identity: string, { own, drain, ...options }: CandidateOptions = {}): Candidate => {
    const stop = new AbortController();
    const terms: AbortSignal[] = [];
    const elector = new LeaderElector({
      client: own ?? client,
      clock,
      log: recorder(),
      namespace: at.namespace,
      identity,
      random: () => 0.99,
      ...options,
    });
    const candidate: Candidate = { elector, stop, terms, finish: () => {}, running: Promise.resolve() };
    candidate.running = elector.run({
      signal: stop.signal,
      lead: async (signal) => {
        terms.push(signal);
        const finished = new Promise<void>((resolve) => {
          candidate.finish = resolve;
        });
        const stopped = drain ? [] : [aborted(stop.signal)];
        await Promise.race([aborted(signal), finished, ...stopped]);
      },
    });
    candidates.push(candidate);
    return candidate;
  };

  /** What the Lease says now. */
  const spec = (): LeaseSpec => client.read(leases, at)?.spec ?? {};

  /** A second way to the same server, which can be cut. */
  const cuttable = (): MemoryClient & { cut: boolean } => {
    const own = {
      cut: false,
      get: (...args: Parameters<MemoryClient['get']>) => guard(() => client.get(...args), args[2]?.signal),
      create: (...args: Parameters<MemoryClient['create']>) =>
        guard(() => client.create(...args), args[2]?.signal),
      replace: (...args: Parameters<MemoryClient['replace']>) =>
        guard(() => client.replace(...args), args[2]?.signal),
    };
    const guard = <T>(run: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> =>
      own.cut
        ? new Promise((_, reject) =>
            signal?.addEventListener('abort', () => reject(signal.reason), { once: true }),
          )
        : run();
    return own as unknown as MemoryClient & { cut: boolean };
  };

  return { clock, client, lines, join, spec, cuttable, recorder };
}
