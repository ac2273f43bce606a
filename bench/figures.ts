// One scenario's figures, and how they are taken: counters before and after, the peak of memory in between.
import { each, loadAverage } from './load.js';
import type { BenchOperator } from './operator.js';
import { cpuSeconds, machineBusySeconds, memory, resetPeak, treeCpuSeconds } from './proc.js';
import { type Counts, since } from './scrape.js';

/** One JSON line. Absent fields were not measured. */
export interface Figures {
  readonly operator: string;
  readonly servers: 'embedded' | 'real';
  readonly scenario: string;
  readonly n: number;
  readonly seconds: number;
  readonly perSecond?: number;
  /** Milliseconds from a write's request to the object's being Ready, or gone. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  /** Of the operator's process. */
  readonly cpuSeconds?: number;
  readonly peakMiB?: number;
  readonly residentMiB?: number;
  /** Requests to Kubernetes by HTTP method, calls to Teleport by RPC, as the operator counts them. */
  readonly kube?: Counts;
  readonly teleport?: Counts;
  /** CPU seconds of the servers, and of the load generator, which share the machine with the operator. */
  readonly serversCpuSeconds?: number;
  readonly loadCpuSeconds?: number;
  /** CPU seconds of the whole machine: servers, load and others included. */
  readonly machineCpuSeconds?: number;
  readonly loadAverage?: number;
  readonly note?: string;
}

export function percentile(times: readonly number[], share: number): number | undefined {
  if (times.length === 0) return undefined;
  const sorted = times.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}

export type Measured = Omit<Figures, 'operator' | 'servers' | 'scenario' | 'n'>;

/** Runs `work` and says what it took; `times` are in milliseconds. */
export async function measure(
  operator: BenchOperator | undefined,
  count: number,
  work: () => Promise<readonly number[]>,
  serversPid: number | undefined = operator?.serversPid,
): Promise<Measured> {
  const before = operator && { counts: await operator.scrape(), cpu: cpuSeconds(operator.pid) };
  if (operator) resetPeak(operator.pid);
  const busy = machineBusySeconds();
  const servers = serversPid === undefined ? undefined : treeCpuSeconds(serversPid);
  const own = process.cpuUsage();
  const start = performance.now();
  const times = await work();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(own);
  const figures: Measured = {
    seconds: round(seconds),
    perSecond: round(count / seconds),
    loadCpuSeconds: round((user + system) / 1e6),
    ...(serversPid !== undefined &&
      servers !== undefined && { serversCpuSeconds: round(treeCpuSeconds(serversPid) - servers) }),
    machineCpuSeconds: round(machineBusySeconds() - busy),
    loadAverage: loadAverage(),
    ...(times.length > 0 && {
      p50Ms: round(percentile(times, 0.5) ?? 0),
      p99Ms: round(percentile(times, 0.99) ?? 0),
    }),
  };
  if (!operator || !before) return figures;
  const cpu = cpuSeconds(operator.pid) - before.cpu;
  const { peak, resident } = memory(operator.pid);
  const counts = since(before.counts, await operator.scrape());
  return {
    ...figures,
    cpuSeconds: round(cpu),
    peakMiB: round(peak),
    residentMiB: round(resident),
    kube: counts.kube,
    teleport: counts.teleport,
  };
}

/** Times each piece of work on its own, in milliseconds. */
export async function timed<T>(
  list: readonly T[],
  concurrency: number,
  work: (one: T) => Promise<unknown>,
): Promise<number[]> {
  const times: number[] = [];
  await each(list, concurrency, async (one) => {
    const start = performance.now();
    await work(one);
    times.push(performance.now() - start);
  });
  return times;
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
