// Counts from an operator's /metrics: requests to Kubernetes by verb, calls to Teleport by RPC, passes. Reads
// the names of this operator and of controller-runtime; what an operator does not count stays empty.

export interface Scrape {
  /** By HTTP method. */
  readonly kube: Counts;
  /** By RPC. */
  readonly teleport: Counts;
  readonly passes: number;
}

export type Counts = Readonly<Record<string, number>>;

/** @throws where nobody answers */
export async function scrape(url: string): Promise<Scrape> {
  const reply = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  return readMetrics(await reply.text());
}

/** Adds up the samples of Prometheus' text form. */
export function readMetrics(text: string): Scrape {
  const kube: Record<string, number> = {};
  const teleport: Record<string, number> = {};
  let passes = 0;
  for (const line of text.split('\n')) {
    const sample = /^([a-z_]+)(?:\{(.*)\})? (\S+)/.exec(line);
    if (!sample) continue;
    const [, name = '', labels = '', number = ''] = sample;
    const value = Number(number);
    const label = (wanted: string): string =>
      new RegExp(`(?:^|,)${wanted}="([^"]*)"`).exec(labels)?.[1] ?? '';
    if (name === 'rest_client_requests_total') add(kube, label('method'), value);
    else if (name === 'teleport_operator_teleport_call_duration_seconds_count')
      add(teleport, label('method'), value);
    else if (name === 'grpc_client_started_total') add(teleport, label('grpc_method'), value);
    else if (name === 'controller_runtime_reconcile_total') passes += value;
  }
  return { kube, teleport, passes };
}

function add(counts: Record<string, number>, key: string, value: number): void {
  if (value !== 0) counts[key] = (counts[key] ?? 0) + value;
}

/** What was counted between two scrapes. */
export function since(before: Scrape, now: Scrape): Scrape {
  return {
    kube: difference(before.kube, now.kube),
    teleport: difference(before.teleport, now.teleport),
    passes: now.passes - before.passes,
  };
}

function difference(before: Counts, now: Counts): Counts {
  const result: Record<string, number> = {};
  for (const [key, value] of Object.entries(now)) add(result, key, value - (before[key] ?? 0));
  return result;
}

export function total(counts: Counts): number {
  return Object.values(counts).reduce((sum, value) => sum + value, 0);
}
