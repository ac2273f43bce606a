// Metrics behind our own interface: the rest of the operator names counters, gauges and histograms and
// knows nothing of the library that prints them (metrics-prom.ts).

export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  inc(labels?: Labels, by?: number): void;
}

export interface Gauge {
  set(value: number, labels?: Labels): void;
}

export interface Histogram {
  /** Values in the unit that the metric's name says; seconds for durations. */
  observe(value: number, labels?: Labels): void;
}

/** Makes metrics. A name is made once; asking again returns the same metric. */
export interface Metrics {
  counter(name: string, help: string, labelNames?: readonly string[]): Counter;
  gauge(name: string, help: string, labelNames?: readonly string[]): Gauge;
  /** A gauge that is read when metrics are scraped. @returns the end of it */
  collect(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => Iterable<[Labels, number]>,
  ): () => void;
  histogram(
    name: string,
    help: string,
    buckets: readonly number[],
    labelNames?: readonly string[],
  ): Histogram;
}

const nothing = { inc: () => {}, set: () => {}, observe: () => {} };

/** Counts nothing; for tests. */
export const noMetrics: Metrics = {
  counter: () => nothing,
  gauge: () => nothing,
  collect: () => () => {},
  histogram: () => nothing,
};
